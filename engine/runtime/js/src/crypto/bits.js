/** The length that deriveBits takes, in bits. */
import { TypedArrayPrototypeSlice } from "../primordials.js";
import { fail } from "./key.js";

/** @param {Uint8Array} bytes a shared secret @param {number | null} length @returns {Uint8Array} its first bits; those after them, in the last byte, are zero */
export function cutBits(bytes, length) {
  if (length === null) return bytes;
  if (length > 8 * bytes.length) fail(`The length is ${length} bits, and the secret has ${8 * bytes.length}.`, "OperationError");
  const cut = TypedArrayPrototypeSlice(bytes, 0, (length + 7) >>> 3);
  if (length % 8 !== 0) cut[cut.length - 1] &= 0xff << (8 - (length % 8));
  return cut;
}

/** @param {number | null} length of what a key derivation function makes @returns {number} bytes */
export function sizeOf(length) {
  if (length === null || length % 8 !== 0) fail(`The length (${length}) is not a multiple of 8 bits.`, "OperationError");
  return length / 8;
}
