/** AES-CTR, -CBC, -GCM, -KW and -OCB, and ChaCha20-Poly1305 (https://w3c.github.io/webcrypto/#aes-ctr and after). */
import { ArrayPrototypeIncludes, TypedArrayPrototypeGetLength, Uint8Array_ } from "../primordials.js";
import { ask } from "./host.js";
import { fail, makeKey, requireUsages } from "./key.js";
import { exportSecret, importSecret, randomBytes } from "./symmetric.js";

const CRYPT = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
const WRAP = ["wrapKey", "unwrapKey"];
const BITS = [128, 192, 256];
const GCM_TAGS = [32, 64, 96, 104, 112, 120, 128];
const NONE = new Uint8Array_(0);

/** An AES mode: what its keys can do, and how. @param {string} mode "CTR" … as JSON Web Keys name it @param {string[]} allowed @param {any} methods @param {any} params */
const family = (mode, allowed, methods, params) => ({
  __proto__: null,
  params: { __proto__: null, generateKey: "aesKeyGen", importKey: "none", getKeyLength: "aesKeyGen", ...params },
  generateKey({ name, length }, extractable, usages) {
    requireUsages(usages, allowed);
    if (!ArrayPrototypeIncludes(BITS, length)) fail(`${name} keys have 128, 192 or 256 bits, not ${length}.`, "OperationError");
    return makeKey("secret", { name, length }, randomBytes(length / 8), extractable, usages);
  },
  importKey({ name }, format, keyData, extractable, usages) {
    requireUsages(usages, allowed);
    const alg = (size) => `A${8 * size}${mode}`;
    const data = importSecret(format, keyData, { use: "enc", extractable, usages, alg, raw: mode === "OCB" ? "raw-secret" : "raw" });
    const length = 8 * TypedArrayPrototypeGetLength(data);
    if (!ArrayPrototypeIncludes(BITS, length)) fail(`${name} keys have 128, 192 or 256 bits, not ${length}.`, "DataError");
    return makeKey("secret", { name, length }, data, extractable, usages);
  },
  exportKey: (format, key) => exportSecret(format, key, `A${key.algorithm.length}${mode}`, mode === "OCB" ? "raw-secret" : "raw"),
  getKeyLength({ name, length }) {
    if (!ArrayPrototypeIncludes(BITS, length)) fail(`${name} keys have 128, 192 or 256 bits, not ${length}.`, "OperationError");
    return length;
  },
  ...methods,
});

const crypt = (params) => ({ encrypt: params, decrypt: params });

function ctr({ counter, length }, key, data) {
  if (counter.length !== 16) fail("AES-CTR: counter is not 16 bytes.", "OperationError");
  if (length < 1 || length > 128) fail("AES-CTR: length is not from 1 to 128.", "OperationError");
  return ask("aesCtr", length, [key.data, counter, data]).bytes;
}

const cbc = (operation) => ({ iv }, key, data) => {
  if (iv.length !== 16) fail("AES-CBC: iv is not 16 bytes.", "OperationError");
  return ask(operation, null, [key.data, iv, data]).bytes;
};

const gcm = (operation) => ({ iv, additionalData = NONE, tagLength = 128 }, key, data) => {
  if (!ArrayPrototypeIncludes(GCM_TAGS, tagLength)) fail(`AES-GCM: tagLength is not one of ${GCM_TAGS.join(", ")}.`, "OperationError");
  return ask(operation, tagLength, [key.data, iv, additionalData, data]).bytes;
};

/** AES-OCB and ChaCha20-Poly1305. */
const sealed = (operation, least, most) => ({ name, iv, additionalData = NONE, tagLength = 128 }, key, data) => {
  if (iv.length < least || iv.length > most) fail(`${name}: iv has ${iv.length} bytes.`, "OperationError");
  if (tagLength !== 128) fail(`${name}: tagLength is not 128.`, "OperationError");
  if (operation === "unseal" && data.length < 16) fail(`${name}: the data is shorter than its tag.`, "OperationError");
  return ask(operation, name, [key.data, iv, additionalData, data]).bytes;
};

const CHACHA = "ChaCha20-Poly1305";
const chacha = {
  __proto__: null,
  params: { __proto__: null, generateKey: "none", importKey: "none", getKeyLength: "none", encrypt: "aead", decrypt: "aead" },
  generateKey(_, extractable, usages) {
    requireUsages(usages, CRYPT);
    return makeKey("secret", { name: CHACHA }, randomBytes(32), extractable, usages);
  },
  importKey(_, format, keyData, extractable, usages) {
    requireUsages(usages, CRYPT);
    const data = importSecret(format, keyData, { use: "enc", extractable, usages, alg: () => "C20P", raw: "raw-secret" });
    if (data.length !== 32) fail(`${CHACHA} keys have 256 bits.`, "DataError");
    return makeKey("secret", { name: CHACHA }, data, extractable, usages);
  },
  exportKey: (format, key) => exportSecret(format, key, "C20P", "raw-secret"),
  getKeyLength: () => 256,
  encrypt: sealed("seal", 12, 12),
  decrypt: sealed("unseal", 12, 12),
};

export const aes = {
  __proto__: null,
  "AES-CTR": family("CTR", CRYPT, { encrypt: ctr, decrypt: ctr }, crypt("aesCtr")),
  "AES-CBC": family("CBC", CRYPT, { encrypt: cbc("aesCbcEncrypt"), decrypt: cbc("aesCbcDecrypt") }, crypt("aesCbc")),
  "AES-GCM": family("GCM", CRYPT, { encrypt: gcm("aesGcmEncrypt"), decrypt: gcm("aesGcmDecrypt") }, crypt("aead")),
  "AES-OCB": family("OCB", CRYPT, { encrypt: sealed("seal", 12, 15), decrypt: sealed("unseal", 12, 15) }, crypt("aead")),
  "AES-KW": family("KW", WRAP, {
    wrapKey: (_, key, data) => ask("aesWrap", null, [key.data, data]).bytes,
    unwrapKey: (_, key, data) => ask("aesUnwrap", null, [key.data, data]).bytes,
  }, { wrapKey: "none", unwrapKey: "none" }),
  [CHACHA]: chacha,
};
