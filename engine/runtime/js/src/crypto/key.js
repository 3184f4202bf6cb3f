/** CryptoKey (https://w3c.github.io/webcrypto/#cryptokey-interface). */
import { DOMException } from "../dom-exception.js";
import { ArrayPrototypeIncludes, ArrayPrototypePush, TypeError_ } from "../primordials.js";
import { defineInterface } from "../webidl.js";

/**
 * @typedef {object} KeyState
 * @property {"public" | "private" | "secret"} type
 * @property {boolean} extractable
 * @property {any} algorithm what the getter gives, a plain object
 * @property {string[]} usages
 * @property {string} name the algorithm's
 * @property {string | undefined} hash
 * @property {Uint8Array} data what the host's operations take: raw bytes, or DER
 */

const TOKEN = {};
/** In the order that `usages` lists them. */
const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey", "encapsulateKey", "encapsulateBits", "decapsulateKey", "decapsulateBits"];
let read, brand;

export class CryptoKey {
  #state;
  constructor(token = undefined, state = undefined) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#state = state;
  }
  static {
    read = (key) => key.#state;
    brand = (key) => #state in key;
  }
  get type() { return this.#state.type; }
  get extractable() { return this.#state.extractable; }
  get algorithm() { return this.#state.algorithm; }
  get usages() { return this.#state.usages; }
}
defineInterface(CryptoKey, "CryptoKey");

/** @param {any} value @param {string} what @returns {KeyState} throws TypeError when it is not a CryptoKey */
export function stateOf(value, what) {
  if (typeof value !== "object" || value === null || !brand(value)) throw new TypeError_(`${what} is not of type 'CryptoKey'.`);
  return read(value);
}

/**
 * @param {"public" | "private" | "secret"} type
 * @param {any} algorithm
 * @param {Uint8Array} data
 * @param {boolean} extractable
 * @param {string[]} usages
 * @returns {CryptoKey}
 */
export const makeKey = (type, algorithm, data, extractable, usages) =>
  new CryptoKey(TOKEN, {
    __proto__: null, type, extractable, algorithm, usages: orderUsages(usages), name: algorithm.name, hash: algorithm.hash?.name, data,
  });

/** Each usage once, in order. @param {string[]} usages @returns {string[]} */
export function orderUsages(usages) {
  const ordered = [];
  for (let i = 0; i < USAGES.length; i++) if (ArrayPrototypeIncludes(usages, USAGES[i])) ArrayPrototypePush(ordered, USAGES[i]);
  return ordered;
}

/** @param {string} usage @returns {boolean} */
export const isUsage = (usage) => ArrayPrototypeIncludes(USAGES, usage);

/** @param {string[]} usages @param {string[]} allowed @returns {string[]} those that are allowed */
export function pickUsages(usages, allowed) {
  const picked = [];
  for (let i = 0; i < usages.length; i++) if (ArrayPrototypeIncludes(allowed, usages[i])) ArrayPrototypePush(picked, usages[i]);
  return picked;
}

/** @param {string[]} usages @param {string[]} allowed @throws {DOMException} SyntaxError when one is not allowed */
export function requireUsages(usages, allowed) {
  for (let i = 0; i < usages.length; i++) {
    if (!ArrayPrototypeIncludes(allowed, usages[i])) {
      throw new DOMException(`Unsupported key usage for this algorithm and key: "${usages[i]}".`, "SyntaxError");
    }
  }
}

/** @param {string} message @param {string} name @returns {never} */
export function fail(message, name) {
  throw new DOMException(message, name);
}
