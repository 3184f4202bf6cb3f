/** RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP (https://w3c.github.io/webcrypto/#rsassa-pkcs1). */
import { ArrayPrototypeConcat, ArrayPrototypeSlice, StringPrototypeSlice, Uint8Array_ } from "../primordials.js";
import { after, ask, askLong, own } from "./host.js";
import { checkAlg, checkJwk, decodeBase64url, encodeBase64url, requireMember } from "./jwk.js";
import { requireEvent } from "../events.js";
import { fail, makeKey, requireUsages } from "./key.js";
import { makePair, requireHalf, requireType, unsupportedFormat } from "./pair.js";
import { bigIntegerValue } from "./params.js";

const NONE = new Uint8Array_(0);
const CRT = ["p", "q", "dp", "dq", "qi"];
/** Bits of a modulus that `cryptography` makes. */
const LEAST = 1024, MOST = 16384;

const ALGS = {
  __proto__: null,
  "RSASSA-PKCS1-v1_5": (bits) => `RS${bits}`,
  "RSA-PSS": (bits) => `PS${bits}`,
  "RSA-OAEP": (bits) => (bits === "1" ? "RSA-OAEP" : `RSA-OAEP-${bits}`),
};
/** "RS256" for SHA-256; the hashes that JSON Web Algorithms have. */
const algOf = (name, hash) => (hash[3] === "-" ? ALGS[name](StringPrototypeSlice(hash, 4)) : undefined);

function importHost(format, keyData) {
  if (format === "spki") return ask("rsaImportSpki", null, [keyData]);
  if (format === "pkcs8") return ask("rsaImportPkcs8", null, [keyData]);
  if (keyData.oth !== undefined) fail("RSA keys of more than two primes are not supported.", "NotSupportedError");
  const members = { n: requireMember(keyData, "n"), e: requireMember(keyData, "e") };
  if (keyData.d !== undefined) {
    members.d = keyData.d;
    for (let i = 0; i < CRT.length; i++) members[CRT[i]] = requireMember(keyData, CRT[i]);
  }
  return ask("rsaImportJwk", members, []);
}

/** @param {string} name @param {"sig" | "enc"} use @param {string[]} publicUsages @param {string[]} privateUsages @param {any} methods @param {any} params */
const family = (name, use, publicUsages, privateUsages, methods, params) => ({
  __proto__: null,
  params: { __proto__: null, generateKey: "rsaKeyGen", importKey: "hashed", ...params },
  generateKey({ modulusLength, publicExponent, hash }, extractable, usages) {
    requireUsages(usages, ArrayPrototypeConcat(publicUsages, privateUsages));
    const exponent = bigIntegerValue(publicExponent);
    if (exponent !== 3 && exponent !== 65537) fail(`${name}: publicExponent is neither 3 nor 65537.`, "OperationError");
    if (modulusLength < LEAST || modulusLength > MOST) {
      fail(`${name}: modulusLength is ${modulusLength}, not from ${LEAST} to ${MOST}.`, "OperationError");
    }
    requireEvent();
    const algorithm = () => ({ name, hash: { name: hash }, modulusLength, publicExponent: own(publicExponent) });
    return after(
      askLong("rsaGenerate", { modulusLength, publicExponent: encodeBase64url(publicExponent) }, []),
      (answer) => makePair(answer, algorithm, extractable, usages, publicUsages, privateUsages),
    );
  },
  importKey({ hash }, format, keyData, extractable, usages) {
    if (format !== "spki" && format !== "pkcs8" && format !== "jwk") unsupportedFormat(format);
    const type = requireHalf(format, keyData, usages, publicUsages, privateUsages);
    if (format === "jwk") {
      checkJwk(keyData, "RSA", use, extractable, usages);
      const alg = algOf(name, hash);
      if (alg !== undefined) checkAlg(keyData, alg);
    }
    const { value, bytes } = importHost(format, keyData);
    const publicExponent = decodeBase64url(value.publicExponent);
    return makeKey(type, { name, hash: { name: hash }, modulusLength: value.modulusLength, publicExponent }, bytes, extractable, usages);
  },
  exportKey(format, key) {
    if (format === "spki" || format === "pkcs8") {
      requireType(key, format === "spki" ? "public" : "private", format);
      return own(key.data);
    }
    if (format !== "jwk") unsupportedFormat(format);
    const jwk = { kty: "RSA", ...ask("rsaExportJwk", key.type, [key.data]).value };
    const alg = algOf(name, key.hash);
    if (alg !== undefined) jwk.alg = alg;
    jwk.key_ops = ArrayPrototypeSlice(key.usages);
    jwk.ext = key.extractable;
    return jwk;
  },
  getPublicKey: (key, usages) => {
    requireUsages(usages, publicUsages);
    return makeKey("public", key.algorithm, ask("rsaPublic", null, [key.data]).bytes, true, usages);
  },
  ...methods,
});

function requireKey(key, type) {
  if (key.type !== type) fail(`The operation needs a ${type} key, and this one is ${key.type}.`, "InvalidAccessError");
}

const signer = (parameters) => ({
  sign(params, key, data) {
    requireKey(key, "private");
    return ask("rsaSign", parameters(params, key), [key.data, data]).bytes;
  },
  verify(params, key, signature, data) {
    requireKey(key, "public");
    return ask("rsaVerify", parameters(params, key), [key.data, signature, data]).value;
  },
});

export const rsa = {
  __proto__: null,
  "RSASSA-PKCS1-v1_5": family("RSASSA-PKCS1-v1_5", "sig", ["verify"], ["sign"], signer((_, key) => ({ hash: key.hash })), { sign: "none", verify: "none" }),
  "RSA-PSS": family("RSA-PSS", "sig", ["verify"], ["sign"], signer(({ saltLength }, key) => ({ hash: key.hash, saltLength })), { sign: "rsaPss", verify: "rsaPss" }),
  "RSA-OAEP": family("RSA-OAEP", "enc", ["encrypt", "wrapKey"], ["decrypt", "unwrapKey"], {
    encrypt({ label = NONE }, key, data) {
      requireKey(key, "public");
      return ask("rsaEncrypt", key.hash, [key.data, label, data]).bytes;
    },
    decrypt({ label = NONE }, key, data) {
      requireKey(key, "private");
      return ask("rsaDecrypt", key.hash, [key.data, label, data]).bytes;
    },
  }, { encrypt: "rsaOaep", decrypt: "rsaOaep" }),
};
