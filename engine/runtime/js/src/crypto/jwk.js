/** JSON Web Keys (https://w3c.github.io/webcrypto/#JsonWebKey-dictionary, RFC 7517). */
import { DOMException } from "../dom-exception.js";
import {
  ArrayPrototypeIncludes, RegExpPrototypeTest, TypeError_, Uint8ArrayFromBase64, Uint8ArrayPrototypeToBase64,
} from "../primordials.js";
import { isObject, toSequence } from "../webidl.js";
import { fail } from "./key.js";
import { mapArray } from "./params.js";

const TEXTS = ["alg", "crv", "d", "dp", "dq", "e", "k", "kty", "n", "p", "priv", "pub", "q", "qi", "use", "x", "y"];

/** @param {any} value @returns {any} the dictionary's members that are present, converted */
export function toJwk(value) {
  if (!isObject(value)) throw new TypeError_("The key data is not a JsonWebKey.");
  const jwk = { __proto__: null };
  for (let i = 0; i < TEXTS.length; i++) {
    const text = value[TEXTS[i]];
    if (text !== undefined) jwk[TEXTS[i]] = `${text}`;
  }
  const { ext, key_ops, oth } = value;
  if (ext !== undefined) jwk.ext = !!ext;
  if (key_ops !== undefined) jwk.key_ops = mapArray(toSequence(key_ops), (item) => `${item}`);
  if (oth !== undefined) jwk.oth = toSequence(oth);
  return jwk;
}

/**
 * What every algorithm asks of a JSON Web Key.
 * @param {any} jwk
 * @param {string} kty
 * @param {"sig" | "enc"} use
 * @param {boolean} extractable
 * @param {string[]} usages
 */
export function checkJwk(jwk, kty, use, extractable, usages) {
  if (jwk.kty !== kty) fail(`The JSON Web Key's "kty" is not "${kty}".`, "DataError");
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) fail(`The JSON Web Key's "use" is not "${use}".`, "DataError");
  if (jwk.key_ops !== undefined) {
    const { key_ops } = jwk;
    for (let i = 0; i < key_ops.length; i++) {
      if (ArrayPrototypeIncludes(key_ops, key_ops[i], i + 1)) fail('The JSON Web Key\'s "key_ops" has duplicates.', "DataError");
    }
    for (let i = 0; i < usages.length; i++) {
      if (!ArrayPrototypeIncludes(key_ops, usages[i])) fail(`The JSON Web Key's "key_ops" does not have "${usages[i]}".`, "DataError");
    }
  }
  if (jwk.ext === false && extractable) fail('The JSON Web Key is not extractable ("ext" is false).', "DataError");
}

/** @param {any} jwk @param {string} name @returns {string} throws DataError when it is missing */
export function requireMember(jwk, name) {
  if (jwk[name] === undefined) fail(`The JSON Web Key has no "${name}".`, "DataError");
  return jwk[name];
}

/** @param {any} jwk @param {string} expected @throws {DOMException} DataError when "alg" is there and something else */
export function checkAlg(jwk, expected) {
  if (jwk.alg !== undefined && jwk.alg !== expected) fail(`The JSON Web Key's "alg" is not "${expected}".`, "DataError");
}

/** @param {string} text base64url without padding @returns {Uint8Array} */
export function decodeBase64url(text) {
  if (!RegExpPrototypeTest(/^[A-Za-z0-9_-]*$/, text) || text.length % 4 === 1) fail("The JSON Web Key has a member that is not base64url.", "DataError");
  try {
    return Uint8ArrayFromBase64(text, { __proto__: null, alphabet: "base64url" });
  } catch {
    throw new DOMException("The JSON Web Key has a member that is not base64url.", "DataError");
  }
}

/** @param {Uint8Array} bytes @returns {string} */
export const encodeBase64url = (bytes) => Uint8ArrayPrototypeToBase64(bytes, { __proto__: null, alphabet: "base64url", omitPadding: true });
