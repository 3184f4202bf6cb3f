/** atob and btoa (https://html.spec.whatwg.org/#atob), over V8's own base64. */
import { DOMException } from "./dom-exception.js";
import {
  StringFromCharCode, StringPrototypeCharCodeAt, ReflectApply, TypedArrayPrototypeGetLength,
  TypedArrayPrototypeSubarray, Uint8Array_, Uint8ArrayFromBase64, Uint8ArrayPrototypeToBase64,
} from "./primordials.js";
import { requireArguments } from "./webidl.js";

const CHUNK = 8192; // arguments a call may have, with room to spare

/** @param {Uint8Array} bytes @returns {string} one code unit a byte */
export function latin1(bytes) {
  const length = TypedArrayPrototypeGetLength(bytes);
  if (length <= CHUNK) return ReflectApply(StringFromCharCode, undefined, bytes);
  let text = "";
  for (let i = 0; i < length; i += CHUNK) {
    text += ReflectApply(StringFromCharCode, undefined, TypedArrayPrototypeSubarray(bytes, i, i + CHUNK));
  }
  return text;
}

/** @param {string} data base64, ASCII whitespace allowed @returns {string} a binary string */
export function atob(data) {
  requireArguments(arguments.length, 1, "atob");
  let bytes;
  try {
    bytes = Uint8ArrayFromBase64(`${data}`, { __proto__: null, lastChunkHandling: "loose" });
  } catch (error) {
    if (typeof data === "symbol") throw error;
    throw new DOMException("atob() called with invalid base64-encoded data.", "InvalidCharacterError");
  }
  return latin1(bytes);
}

/** @param {string} data a binary string @returns {string} base64 */
export function btoa(data) {
  requireArguments(arguments.length, 1, "btoa");
  const text = `${data}`;
  const bytes = new Uint8Array_(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = StringPrototypeCharCodeAt(text, i);
    if (unit > 255) {
      throw new DOMException("btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.", "InvalidCharacterError");
    }
    bytes[i] = unit;
  }
  return Uint8ArrayPrototypeToBase64(bytes);
}
