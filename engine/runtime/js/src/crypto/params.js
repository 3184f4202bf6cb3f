/**
 * The dictionaries of algorithm parameters (https://w3c.github.io/webcrypto/#algorithm-dictionary): how each
 * member is converted, and which must be there.
 */
import {
  ArrayBufferIsView, ArrayPrototypePush, MathTrunc, Number_, NumberIsFinite, TypedArrayPrototypeGetToStringTag, TypeError_,
} from "../primordials.js";
import { copyBytesOf, isBufferSource, isObject, isSharedArrayBuffer } from "../webidl.js";
import { stateOf } from "./key.js";

/** @typedef {[name: string, convert: (value: any, what: string) => any, required?: boolean]} Member */

/** [EnforceRange] of an unsigned integer. @param {number} most */
const integer = (most) => (value, what) => {
  const number = +value;
  if (!NumberIsFinite(number) || MathTrunc(number) < 0 || MathTrunc(number) > most) {
    throw new TypeError_(`${what} is not an integer from 0 to ${most}.`);
  }
  return MathTrunc(number) + 0;
};
const octet = integer(0xff);
const unsignedShort = integer(0xffff);
export const unsignedLong = integer(0xffffffff);

/** @param {any} value @param {string} what @returns {Uint8Array} a copy */
export function bufferSource(value, what) {
  if (!isBufferSource(value) || isSharedArrayBuffer(ArrayBufferIsView(value) ? value.buffer : value)) {
    throw new TypeError_(`${what} is not an ArrayBuffer or a view of one.`);
  }
  return copyBytesOf(value);
}

function bigInteger(value, what) {
  if (!ArrayBufferIsView(value) || TypedArrayPrototypeGetToStringTag(value) !== "Uint8Array") throw new TypeError_(`${what} is not a Uint8Array.`);
  return copyBytesOf(value);
}

const string = (value) => `${value}`;
/** An AlgorithmIdentifier; algorithms.js normalizes it. */
export const identifier = (value) => (isObject(value) ? value : `${value}`);

const keyLength = ["length", unsignedShort, true];
const hash = ["hash", identifier, true];

/** Members in the order that Web IDL reads them: by name. @type {Record<string, Member[]>} */
export const PARAMS = {
  __proto__: null,
  none: [],
  aesKeyGen: [keyLength],
  aesCbc: [["iv", bufferSource, true]],
  aesCtr: [["counter", bufferSource, true], ["length", octet, true]],
  aead: [["additionalData", bufferSource], ["iv", bufferSource, true], ["tagLength", octet]],
  hmacKey: [hash, ["length", unsignedLong]],
  rsaKeyGen: [["modulusLength", unsignedLong, true], ["publicExponent", bigInteger, true], hash],
  hashed: [hash],
  rsaPss: [["saltLength", unsignedLong, true]],
  rsaOaep: [["label", bufferSource]],
  ecKey: [["namedCurve", string, true]],
  ecdsa: [hash],
  keyDerive: [["public", (value, what) => stateOf(value, what), true]],
  hkdf: [hash, ["info", bufferSource, true], ["salt", bufferSource, true]],
  pbkdf2: [hash, ["iterations", unsignedLong, true], ["salt", bufferSource, true]],
  context: [["context", bufferSource]],
  shake: [["customization", bufferSource], ["functionName", bufferSource], ["outputLength", unsignedLong, true]],
  argon2: [
    ["associatedData", bufferSource], ["memory", unsignedLong, true], ["nonce", bufferSource, true], ["parallelism", unsignedLong, true],
    ["passes", unsignedLong, true], ["secretValue", bufferSource], ["version", octet],
  ],
};

/**
 * @param {any} source object
 * @param {Member[]} members
 * @param {string} name of the algorithm, for messages
 * @returns {any} without prototype
 */
export function convertMembers(source, members, name) {
  const result = { __proto__: null };
  for (let i = 0; i < members.length; i++) {
    const [key, convert, required] = /** @type {any} */ (members[i]);
    const value = source[key];
    if (value !== undefined) result[key] = convert(value, `${name}: ${key}`);
    else if (required) throw new TypeError_(`Missing field "${key}" in the parameters of ${name}.`);
  }
  return result;
}

/** A number's bytes, big-endian, as BigInteger has them. @param {Uint8Array} bytes @returns {number} NaN above 2^53 */
export function bigIntegerValue(bytes) {
  let value = 0;
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes[i];
  return value <= Number_.MAX_SAFE_INTEGER ? value : NaN;
}

/** @param {any} list an iterable that is already an array @param {(item: any) => any} convert */
export function mapArray(list, convert) {
  const out = [];
  for (let i = 0; i < list.length; i++) ArrayPrototypePush(out, convert(list[i]));
  return out;
}
