/** Ed25519, X25519, Ed448 and X448 (https://w3c.github.io/webcrypto/#ed25519), and Workers' older name NODE-ED25519. */
import { ArrayPrototypeConcat, ArrayPrototypeSlice } from "../primordials.js";
import { requireEvent } from "../events.js";
import { cutBits } from "./bits.js";
import { ask, own } from "./host.js";
import { checkAlg, checkJwk, encodeBase64url, requireMember } from "./jwk.js";
import { fail, makeKey, requireUsages } from "./key.js";
import { makePair, requireHalf, requireType, unsupportedFormat } from "./pair.js";

const RAW = { __proto__: null, raw: true, "raw-public": true };
const LEGACY = "NODE-ED25519";

function importHost(curve, signs, format, keyData, extractable, usages) {
  if (RAW[format]) return ask("okpImportRaw", curve, [keyData]);
  if (format === "spki") return ask("okpImportSpki", curve, [keyData]);
  if (format === "pkcs8") return ask("okpImportPkcs8", curve, [keyData]);
  checkJwk(keyData, "OKP", signs ? "sig" : "enc", extractable, usages);
  if (requireMember(keyData, "crv") !== curve) fail(`The JSON Web Key's "crv" is not "${curve}".`, "DataError");
  if (signs && keyData.alg !== "EdDSA") checkAlg(keyData, curve);
  return ask("okpImportJwk", { name: curve, x: requireMember(keyData, "x"), d: keyData.d }, []);
}

/** @param {string} name @param {string} curve @param {string[]} publicUsages @param {string[]} privateUsages @param {any} methods @param {any} params */
function family(name, curve, publicUsages, privateUsages, methods, params) {
  const signs = privateUsages[0] === "sign";
  const legacy = name === LEGACY;
  const algorithm = () => (legacy ? { name, namedCurve: LEGACY } : { name });
  const requireCurve = ({ namedCurve }) => {
    if (legacy && namedCurve !== LEGACY) fail(`EDDSA curve "${namedCurve}" isn't supported.`, "NotSupportedError");
  };
  const keys = legacy ? "ecKey" : "none";
  return {
    __proto__: null,
    params: { __proto__: null, generateKey: keys, importKey: keys, ...params },
    generateKey(given, extractable, usages) {
      requireUsages(usages, ArrayPrototypeConcat(publicUsages, privateUsages));
      requireCurve(given);
      requireEvent();
      return makePair(ask("okpGenerate", curve, []), algorithm, extractable, usages, publicUsages, privateUsages);
    },
    importKey(given, format, keyData, extractable, usages) {
      if (!RAW[format] && format !== "spki" && format !== "pkcs8" && format !== "jwk") unsupportedFormat(format);
      requireCurve(given);
      const type = requireHalf(format, keyData, usages, publicUsages, privateUsages);
      const { bytes } = importHost(curve, signs, format, keyData, extractable, usages);
      return makeKey(type, algorithm(), bytes, extractable, usages);
    },
    exportKey(format, key) {
      if (format === "spki" || format === "pkcs8") {
        requireType(key, format === "spki" ? "public" : "private", format);
        return ask(format === "spki" ? "okpExportSpki" : "okpExportPkcs8", curve, [key.data]).bytes;
      }
      if (RAW[format]) {
        requireType(key, "public", format);
        return own(key.data);
      }
      if (format !== "jwk") unsupportedFormat(format);
      const jwk = { kty: "OKP", crv: curve };
      if (signs) jwk.alg = legacy ? "EdDSA" : curve;
      if (key.type === "private") {
        jwk.x = encodeBase64url(ask("okpPublic", curve, [key.data]).bytes);
        jwk.d = encodeBase64url(key.data);
      } else {
        jwk.x = encodeBase64url(key.data);
      }
      jwk.key_ops = ArrayPrototypeSlice(key.usages);
      jwk.ext = key.extractable;
      return jwk;
    },
    getPublicKey(key, usages) {
      requireUsages(usages, publicUsages);
      return makeKey("public", algorithm(), ask("okpPublic", curve, [key.data]).bytes, true, usages);
    },
    ...methods,
  };
}

function signing(name, curve, params) {
  const requireContext = ({ context }) => {
    if (context !== undefined && context.length > 0) fail(`${name}: a context is not supported.`, "OperationError");
  };
  return family(name, curve, ["verify"], ["sign"], {
    sign(given, key, data) {
      if (key.type !== "private") fail(`${name} signs with a private key.`, "InvalidAccessError");
      requireContext(given);
      return ask("okpSign", curve, [key.data, data]).bytes;
    },
    verify(given, key, signature, data) {
      if (key.type !== "public") fail(`${name} verifies with a public key.`, "InvalidAccessError");
      requireContext(given);
      return ask("okpVerify", curve, [key.data, signature, data]).value;
    },
  }, { sign: params, verify: params });
}

const exchanging = (name) => family(name, name, [], ["deriveKey", "deriveBits"], {
  deriveBits({ public: other }, key, length) {
    if (key.type !== "private") fail(`${name} derives from a private key.`, "InvalidAccessError");
    if (other.type !== "public") fail(`${name}: public is not a public key.`, "InvalidAccessError");
    if (other.name !== name) fail(`${name}: public is a key of another algorithm.`, "InvalidAccessError");
    return cutBits(ask("okpDerive", name, [key.data, other.data]).bytes, length);
  },
}, { deriveBits: "keyDerive" });

export const okp = {
  __proto__: null,
  Ed25519: signing("Ed25519", "Ed25519", "none"),
  [LEGACY]: signing(LEGACY, "Ed25519", "none"),
  Ed448: signing("Ed448", "Ed448", "context"),
  X25519: exchanging("X25519"),
  X448: exchanging("X448"),
};
