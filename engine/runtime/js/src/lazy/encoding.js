/** Decoders of every encoding but UTF-8, from @exodus/bytes. */
import { TextDecoder as Legacy } from "@exodus/bytes/encoding.js";

/**
 * @param {string} label in lower case, without surrounding space
 * @param {boolean} fatal @param {boolean} ignoreBOM
 * @returns {{encoding: string, decode: (bytes: Uint8Array, stream: boolean) => string}} throws RangeError for a label nobody knows
 */
export function createDecoder(label, fatal, ignoreBOM) {
  let decoder;
  try {
    decoder = new Legacy(label, { fatal, ignoreBOM });
  } catch {
    throw new RangeError(`"${label}" is not a valid encoding.`);
  }
  return { encoding: decoder.encoding, decode: (bytes, stream) => decoder.decode(bytes, { stream }) };
}
