/** HMAC (https://w3c.github.io/webcrypto/#hmac). */
import { StringPrototypeSlice } from "../primordials.js";
import { ask } from "./host.js";
import { fail, makeKey, requireUsages } from "./key.js";
import { exportSecret, importSecret, randomBytes } from "./symmetric.js";

const USAGES = ["sign", "verify"];
/** Bits of a block of the hash: how long a key is when nothing else is said. */
const BLOCK = { __proto__: null, "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024, "SHA3-256": 1088, "SHA3-384": 832, "SHA3-512": 576 };

/** "HS256" for "SHA-256". */
const algOf = (hash) => `HS${hash[3] === "-" ? StringPrototypeSlice(hash, 4) : hash}`;

function lengthOf({ hash, length }, error) {
  if (length === undefined) return BLOCK[hash];
  if (length === 0) throw error;
  return length;
}

/** A key of any number of bits: those after them, in the last byte, are zero. */
function cut(data, length) {
  if (length % 8 !== 0) data[data.length - 1] &= 0xff << (8 - (length % 8));
  return data;
}

export const hmac = {
  __proto__: null,
  HMAC: {
    __proto__: null,
    params: { __proto__: null, generateKey: "hmacKey", importKey: "hmacKey", getKeyLength: "hmacKey", sign: "none", verify: "none" },
    generateKey(params, extractable, usages) {
      requireUsages(usages, USAGES);
      const { hash, length = BLOCK[hash] } = params;
      if (length === 0) fail("HMAC: length is 0.", "OperationError");
      const data = cut(randomBytes((length + 7) >>> 3), length);
      return makeKey("secret", { name: "HMAC", hash: { name: hash }, length }, data, extractable, usages);
    },
    importKey({ hash, length }, format, keyData, extractable, usages) {
      requireUsages(usages, USAGES);
      const data = importSecret(format, keyData, { use: "sig", extractable, usages, alg: () => algOf(hash) });
      const bits = 8 * data.length;
      if (bits === 0) fail("HMAC: the key has no bytes.", "DataError");
      if (length !== undefined && (length > bits || length <= bits - 8)) fail(`HMAC: length is ${length}, the key has ${bits} bits.`, "DataError");
      return makeKey("secret", { name: "HMAC", hash: { name: hash }, length: length ?? bits }, cut(data, length ?? bits), extractable, usages);
    },
    exportKey: (format, key) => exportSecret(format, key, algOf(key.hash)),
    getKeyLength: (params) => lengthOf(params, new TypeError("HMAC: length is 0.")),
    sign: (_, key, data) => ask("hmacSign", key.hash, [key.data, data]).bytes,
    verify: (_, key, signature, data) => ask("hmacVerify", key.hash, [key.data, signature, data]).value,
  },
};
