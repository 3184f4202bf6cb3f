/** data: URLs (https://fetch.spec.whatwg.org/#data-url-processor). */
import { latin1 } from "../base64.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import {
  RegExpPrototypeExec, StringPrototypeIndexOf, StringPrototypeSlice, TypedArrayPrototypeSubarray, Uint8Array_, Uint8ArrayFromBase64,
} from "../primordials.js";
import { parseMimeType, serializeMimeType } from "./mime-type.js";

const BASE64 = /; *base64$/i;
const HEX = /^[0-9a-fA-F]{2}$/;
const SPACES = /^[\t\n\f\r ]*([^]*?)[\t\n\f\r ]*$/;

/**
 * @param {string} text
 * @returns {Uint8Array} its bytes with each %XX decoded
 */
export function percentDecode(text) {
  const bytes = encodeUtf8(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++, length++) {
    const hex = bytes[i] === 37 ? latin1(TypedArrayPrototypeSubarray(bytes, i + 1, i + 3)) : "";
    if (RegExpPrototypeExec(HEX, hex) !== null) {
      bytes[length] = +`0x${hex}`;
      i += 2;
    } else bytes[length] = bytes[i];
  }
  return TypedArrayPrototypeSubarray(bytes, 0, length);
}

/**
 * @param {string} url serialised, without its fragment
 * @returns {{type: string, bytes: Uint8Array} | null} type: a MIME type; null when the URL has no comma or bad base64
 */
export function readDataUrl(url) {
  const comma = StringPrototypeIndexOf(url, ",");
  if (comma < 0) return null;
  let type = RegExpPrototypeExec(SPACES, StringPrototypeSlice(url, 5, comma))[1];
  let bytes = percentDecode(StringPrototypeSlice(url, comma + 1));
  const base64 = RegExpPrototypeExec(BASE64, type);
  if (base64 !== null) {
    type = StringPrototypeSlice(type, 0, base64.index);
    try {
      bytes = Uint8ArrayFromBase64(latin1(bytes), { __proto__: null, lastChunkHandling: "loose" });
    } catch {
      return null;
    }
  }
  if (type[0] === ";") type = `text/plain${type}`;
  return {
    __proto__: null, bytes: new Uint8Array_(bytes),
    type: parseMimeType(type) === null ? "text/plain;charset=US-ASCII" : serializeMimeType(type),
  };
}
