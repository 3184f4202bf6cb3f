/** ML-DSA and ML-KEM (https://wicg.github.io/webcrypto-modern-algos/#ml-dsa). */
import { ArrayPrototypeConcat, ArrayPrototypeSlice, Uint8Array_ } from "../primordials.js";
import { requireEvent } from "../events.js";
import { ask, own } from "./host.js";
import { checkAlg, checkJwk, decodeBase64url, encodeBase64url, requireMember } from "./jwk.js";
import { fail, makeKey, requireUsages } from "./key.js";
import { makePair, requireHalf, requireType, unsupportedFormat } from "./pair.js";

const NONE = new Uint8Array_(0);
const IMPORTS = { __proto__: null, "raw-public": "latticeImportRaw", "raw-seed": "latticeImportSeed", spki: "latticeImportSpki", pkcs8: "latticeImportPkcs8" };

function importHost(name, use, format, keyData, extractable, usages) {
  if (format !== "jwk") return ask(IMPORTS[format], name, [keyData]);
  checkJwk(keyData, "AKP", use, extractable, usages);
  requireMember(keyData, "alg");
  checkAlg(keyData, name);
  const pub = requireMember(keyData, "pub");
  if (keyData.priv === undefined) return ask("latticeImportRaw", name, [decodeBase64url(pub)]);
  const answer = ask("latticeImportSeed", name, [decodeBase64url(keyData.priv)]);
  if (answer.value.public !== pub) fail("The public and the private part do not belong together.", "DataError");
  return answer;
}

const publicOf = (key) => (key.type === "public" ? key.data : decodeBase64url(ask("latticeImportSeed", key.name, [key.data]).value.public));

/** @param {string} name @param {"sig" | "enc"} use @param {string[]} publicUsages @param {string[]} privateUsages @param {any} methods @param {any} params */
const family = (name, use, publicUsages, privateUsages, methods, params) => ({
  __proto__: null,
  params: { __proto__: null, generateKey: "none", importKey: "none", ...params },
  generateKey(_, extractable, usages) {
    requireUsages(usages, ArrayPrototypeConcat(publicUsages, privateUsages));
    requireEvent();
    return makePair(ask("latticeGenerate", name, []), () => ({ name }), extractable, usages, publicUsages, privateUsages);
  },
  importKey(_, format, keyData, extractable, usages) {
    if (format !== "jwk" && IMPORTS[format] === undefined) unsupportedFormat(format);
    const type = requireHalf(format, keyData, usages, publicUsages, privateUsages, "priv");
    return makeKey(type, { name }, importHost(name, use, format, keyData, extractable, usages).bytes, extractable, usages);
  },
  exportKey(format, key) {
    if (format === "jwk") {
      const jwk = { kty: "AKP", alg: name, pub: encodeBase64url(publicOf(key)) };
      if (key.type === "private") jwk.priv = encodeBase64url(key.data);
      jwk.key_ops = ArrayPrototypeSlice(key.usages);
      jwk.ext = key.extractable;
      return jwk;
    }
    if (IMPORTS[format] === undefined) unsupportedFormat(format);
    requireType(key, format === "spki" || format === "raw-public" ? "public" : "private", format);
    if (format === "raw-public" || format === "raw-seed") return own(key.data);
    return ask(format === "spki" ? "latticeExportSpki" : "latticeExportPkcs8", name, [key.data]).bytes;
  },
  getPublicKey(key, usages) {
    requireUsages(usages, publicUsages);
    return makeKey("public", { name }, publicOf(key), true, usages);
  },
  ...methods,
});

const signing = (name) => family(name, "sig", ["verify"], ["sign"], {
  sign({ context = NONE }, key, data) {
    if (key.type !== "private") fail(`${name} signs with a private key.`, "InvalidAccessError");
    return ask("latticeSign", name, [key.data, context, data]).bytes;
  },
  verify({ context = NONE }, key, signature, data) {
    if (key.type !== "public") fail(`${name} verifies with a public key.`, "InvalidAccessError");
    return ask("latticeVerify", name, [key.data, context, signature, data]).value;
  },
}, { sign: "context", verify: "context" });

const encapsulating = (name) => family(name, "enc", ["encapsulateKey", "encapsulateBits"], ["decapsulateKey", "decapsulateBits"], {
  encapsulate(_, key) {
    if (key.type !== "public") fail(`${name} encapsulates with a public key.`, "InvalidAccessError");
    requireEvent();
    const { value, bytes } = ask("latticeEncapsulate", name, [key.data]);
    return { sharedKey: decodeBase64url(value), ciphertext: bytes };
  },
  decapsulate(_, key, ciphertext) {
    if (key.type !== "private") fail(`${name} decapsulates with a private key.`, "InvalidAccessError");
    return ask("latticeDecapsulate", name, [key.data, ciphertext]).bytes;
  },
}, { encapsulate: "none", decapsulate: "none" });

export const lattice = {
  __proto__: null,
  "ML-DSA-44": signing("ML-DSA-44"), "ML-DSA-65": signing("ML-DSA-65"), "ML-DSA-87": signing("ML-DSA-87"),
  "ML-KEM-768": encapsulating("ML-KEM-768"), "ML-KEM-1024": encapsulating("ML-KEM-1024"),
};
