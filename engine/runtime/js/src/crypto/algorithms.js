/**
 * Which algorithm does what, and the normalization of what users name them
 * (https://w3c.github.io/webcrypto/#algorithm-normalization-normalize-an-algorithm).
 */
import { DOMException } from "../dom-exception.js";
import { MapPrototypeGet, MapPrototypeSet, Map_, ObjectKeys, StringPrototypeToUpperCase, TypeError_ } from "../primordials.js";
import { isObject } from "../webidl.js";
import { aes } from "./aes.js";
import { digests } from "./digest.js";
import { ec } from "./ec.js";
import { hmac } from "./hmac.js";
import { kdf } from "./kdf.js";
import { lattice } from "./lattice.js";
import { okp } from "./okp.js";
import { convertMembers, PARAMS } from "./params.js";
import { rsa } from "./rsa.js";

/**
 * @typedef {object} Algorithm what a family's file gives by name
 * @property {Record<string, string>} params operation → its dictionary in params.js
 * and one function an operation; importKey, exportKey and getKeyLength among them.
 */

/** @type {Map<string, {name: string, algorithm: Algorithm}>} by upper-case name */
const table = new Map_();
for (const family of [aes, digests, ec, hmac, kdf, lattice, okp, rsa]) {
  const names = ObjectKeys(family);
  for (let i = 0; i < names.length; i++) {
    MapPrototypeSet(table, StringPrototypeToUpperCase(names[i]), { name: names[i], algorithm: family[names[i]] });
  }
}

/** The text's letters of ASCII in upper case: "ſ" is not an "S". @param {string} text */
function upper(text) {
  return /^[\x20-\x7e]*$/.test(text) ? StringPrototypeToUpperCase(text) : text;
}

/**
 * @param {string} operation "encrypt" …
 * @param {any} given an AlgorithmIdentifier
 * @returns {{name: string, algorithm: any, params: any}} `params` has the converted members and `name`; throws
 *     NotSupportedError, or TypeError for a member that is missing or of the wrong type
 */
export function normalize(operation, given) {
  const source = isObject(given) ? given : { __proto__: null, name: `${given}` };
  const named = source.name;
  if (named === undefined) throw new TypeError_('Missing field "name" in the algorithm.');
  const text = `${named}`;
  const entry = MapPrototypeGet(table, upper(text));
  const members = entry?.algorithm.params[operation];
  if (members === undefined) throw new DOMException(`Unrecognized or unimplemented algorithm for ${operation}: "${text}".`, "NotSupportedError");
  const params = convertMembers(source, PARAMS[members], entry.name);
  params.name = entry.name;
  if (params.hash !== undefined) params.hash = normalizeHash(params.hash);
  return { name: entry.name, algorithm: entry.algorithm, params };
}

/** @param {any} given a HashAlgorithmIdentifier @returns {string} the hash's name; MD5 is for digests only */
function normalizeHash(given) {
  const { name } = normalize("digest", given);
  if (name === "MD5" || name[0] === "c") throw new DOMException(`Unrecognized or unimplemented hash algorithm: "${name}".`, "NotSupportedError");
  return name;
}

/** @param {any} given @returns {string} the digest's name, as the standard writes it */
export function digestName(given) {
  const { name } = normalize("digest", given);
  if (name[0] === "c") throw new DOMException(`${name} has no stream.`, "NotSupportedError");
  return name;
}

/** The algorithm of a key. @param {{name: string}} state */
export const algorithmOf = (state) => MapPrototypeGet(table, StringPrototypeToUpperCase(state.name)).algorithm;
