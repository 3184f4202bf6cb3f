/** What keys of two halves have in common. */
import { fail, makeKey, pickUsages, requireUsages } from "./key.js";
import { decodeBase64url } from "./jwk.js";

/**
 * The two keys that the host has made.
 * @param {import("./host.js").Answer} answer `value.public` and the private key
 * @param {() => any} algorithm a new object each: getters give it to users
 * @param {boolean} extractable @param {string[]} usages
 * @param {string[]} publicUsages @param {string[]} privateUsages
 * @returns {{publicKey: CryptoKey, privateKey: CryptoKey}}
 */
export const makePair = ({ value, bytes }, algorithm, extractable, usages, publicUsages, privateUsages) => ({
  publicKey: makeKey("public", algorithm(), decodeBase64url(value.public), true, pickUsages(usages, publicUsages)),
  privateKey: makeKey("private", algorithm(), bytes, extractable, pickUsages(usages, privateUsages)),
});

/**
 * Which half a format and its data hold, its usages checked.
 * @param {string} format @param {any} keyData @param {string[]} usages
 * @param {string[]} publicUsages @param {string[]} privateUsages
 * @param {string} [secret] the JSON Web Key's member that private ones have
 * @returns {"public" | "private"}
 */
export function requireHalf(format, keyData, usages, publicUsages, privateUsages, secret = "d") {
  const type = format === "pkcs8" || format === "raw-seed" || (format === "jwk" && keyData[secret] !== undefined) ? "private" : "public";
  requireUsages(usages, type === "private" ? privateUsages : publicUsages);
  return type;
}

/** @param {string} format @returns {never} */
export function unsupportedFormat(format) {
  return fail(`Unsupported key format: "${format}".`, "NotSupportedError");
}

/** @param {import("./key.js").KeyState} key @param {"public" | "private"} type @param {string} format */
export function requireType(key, type, format) {
  if (key.type !== type) fail(`The format "${format}" is for ${type} keys, and this one is ${key.type}.`, "InvalidAccessError");
}
