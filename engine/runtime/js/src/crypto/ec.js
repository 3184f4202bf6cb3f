/** ECDSA and ECDH (https://w3c.github.io/webcrypto/#ecdsa). */
import { ArrayPrototypeConcat, ArrayPrototypeSlice } from "../primordials.js";
import { requireEvent } from "../events.js";
import { ask, own } from "./host.js";
import { checkAlg, checkJwk, requireMember } from "./jwk.js";
import { fail, makeKey, requireUsages } from "./key.js";
import { makePair, requireHalf, requireType, unsupportedFormat } from "./pair.js";
import { cutBits } from "./bits.js";

const ALGS = { __proto__: null, "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };
const RAW = { __proto__: null, raw: true, "raw-public": true };

function requireCurve(curve) {
  if (ALGS[curve] === undefined) fail(`Unrecognized or unimplemented curve: "${curve}".`, "NotSupportedError");
}

function importHost(name, namedCurve, format, keyData, extractable, usages) {
  if (RAW[format]) return ask("ecImportRaw", namedCurve, [keyData]);
  if (format === "spki") return ask("ecImportSpki", namedCurve, [keyData]);
  if (format === "pkcs8") return ask("ecImportPkcs8", namedCurve, [keyData]);
  checkJwk(keyData, "EC", name === "ECDSA" ? "sig" : "enc", extractable, usages);
  if (requireMember(keyData, "crv") !== namedCurve) fail(`The JSON Web Key's "crv" is not "${namedCurve}".`, "DataError");
  if (name === "ECDSA") checkAlg(keyData, ALGS[namedCurve]);
  return ask("ecImportJwk", { curve: namedCurve, x: requireMember(keyData, "x"), y: requireMember(keyData, "y"), d: keyData.d }, []);
}

/** @param {string} name @param {string[]} publicUsages @param {string[]} privateUsages @param {any} methods @param {any} params */
const family = (name, publicUsages, privateUsages, methods, params) => ({
  __proto__: null,
  params: { __proto__: null, generateKey: "ecKey", importKey: "ecKey", ...params },
  generateKey({ namedCurve }, extractable, usages) {
    requireUsages(usages, ArrayPrototypeConcat(publicUsages, privateUsages));
    requireCurve(namedCurve);
    requireEvent();
    return makePair(ask("ecGenerate", namedCurve, []), () => ({ name, namedCurve }), extractable, usages, publicUsages, privateUsages);
  },
  importKey({ namedCurve }, format, keyData, extractable, usages) {
    if (!RAW[format] && format !== "spki" && format !== "pkcs8" && format !== "jwk") unsupportedFormat(format);
    requireCurve(namedCurve);
    const type = requireHalf(format, keyData, usages, publicUsages, privateUsages);
    const { bytes } = importHost(name, namedCurve, format, keyData, extractable, usages);
    return makeKey(type, { name, namedCurve }, bytes, extractable, usages);
  },
  exportKey(format, key) {
    if (format === "spki" || format === "pkcs8") {
      requireType(key, format === "spki" ? "public" : "private", format);
      return own(key.data);
    }
    if (RAW[format]) {
      requireType(key, "public", format);
      return ask("ecExportRaw", null, [key.data]).bytes;
    }
    if (format !== "jwk") unsupportedFormat(format);
    const members = ask("ecExportJwk", key.type, [key.data]).value;
    return { kty: "EC", crv: key.algorithm.namedCurve, ...members, key_ops: ArrayPrototypeSlice(key.usages), ext: key.extractable };
  },
  getPublicKey: (key, usages) => {
    requireUsages(usages, publicUsages);
    return makeKey("public", key.algorithm, ask("ecPublic", null, [key.data]).bytes, true, usages);
  },
  ...methods,
});

export const ec = {
  __proto__: null,
  ECDSA: family("ECDSA", ["verify"], ["sign"], {
    sign({ hash }, key, data) {
      if (key.type !== "private") fail("ECDSA signs with a private key.", "InvalidAccessError");
      return ask("ecSign", hash, [key.data, data]).bytes;
    },
    verify({ hash }, key, signature, data) {
      if (key.type !== "public") fail("ECDSA verifies with a public key.", "InvalidAccessError");
      return ask("ecVerify", hash, [key.data, signature, data]).value;
    },
  }, { sign: "ecdsa", verify: "ecdsa" }),
  ECDH: family("ECDH", [], ["deriveKey", "deriveBits"], {
    deriveBits({ public: other }, key, length) {
      if (key.type !== "private") fail("ECDH derives from a private key.", "InvalidAccessError");
      if (other.type !== "public") fail("ECDH: public is not a public key.", "InvalidAccessError");
      if (other.name !== "ECDH" || other.algorithm.namedCurve !== key.algorithm.namedCurve) {
        fail("ECDH: public is a key of another algorithm or curve.", "InvalidAccessError");
      }
      return cutBits(ask("ecDerive", null, [key.data, other.data]).bytes, length);
    },
  }, { deriveBits: "keyDerive" }),
};
