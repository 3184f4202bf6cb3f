/** getRandomValues and randomUUID (https://w3c.github.io/webcrypto/#Crypto-interface), over a pool the host fills. */
import { hostCallSync } from "../channel.js";
import { DOMException, QuotaExceededError } from "../dom-exception.js";
import {
  ArrayBufferIsView, NumberPrototypeToString, StringPrototypePadStart, TypedArrayPrototypeFill,
  TypedArrayPrototypeGetToStringTag, TypedArrayPrototypeSet, TypedArrayPrototypeSubarray, TypeError_,
} from "../primordials.js";
import { bytesOf } from "../webidl.js";

const POOL = 4096;
const MOST = 65536;
const INTEGERS = {
  __proto__: null, Int8Array: 1, Uint8Array: 1, Uint8ClampedArray: 1, Int16Array: 1, Uint16Array: 1, Int32Array: 1, Uint32Array: 1,
  BigInt64Array: 1, BigUint64Array: 1,
};
let pool = null;
let at = POOL;

/** Fill bytes with random ones. @param {Uint8Array} bytes */
export function fillRandom(bytes) {
  const { length } = bytes;
  if (length > POOL / 4) {
    TypedArrayPrototypeSet(bytes, hostCallSync("random", "bytes", [length]).bytes);
    return;
  }
  if (pool === null || at + length > POOL) {
    pool = hostCallSync("random", "bytes", [POOL]).bytes;
    at = 0;
  }
  TypedArrayPrototypeSet(bytes, TypedArrayPrototypeSubarray(pool, at, at + length));
  TypedArrayPrototypeFill(pool, 0, at, at + length); // what was given out is not kept
  at += length;
}

/** @param {any} array @returns {any} the same, filled */
export function getRandomValues(array) {
  if (!ArrayBufferIsView(array)) throw new TypeError_("crypto.getRandomValues: the argument is not an ArrayBufferView.");
  if (INTEGERS[TypedArrayPrototypeGetToStringTag(array)] === undefined) {
    throw new DOMException("crypto.getRandomValues: the array does not hold integers.", "TypeMismatchError");
  }
  const bytes = bytesOf(array);
  if (bytes.length > MOST) {
    throw new QuotaExceededError(
      `The ArrayBufferView's byte length (${bytes.length}) exceeds the number of bytes of entropy available via this API (${MOST})`,
    );
  }
  fillRandom(bytes);
  return array;
}

const scratch = new Uint8Array(16);
const HEX = [];
for (let i = 0; i < 256; i++) HEX[i] = StringPrototypePadStart(NumberPrototypeToString(i, 16), 2, "0");

/** @returns {string} a version 4 UUID */
export function randomUUID() {
  fillRandom(scratch);
  scratch[6] = (scratch[6] & 0x0f) | 0x40;
  scratch[8] = (scratch[8] & 0x3f) | 0x80;
  let text = "";
  for (let i = 0; i < 16; i++) text += (i === 4 || i === 6 || i === 8 || i === 10 ? "-" : "") + HEX[scratch[i]];
  return text;
}
