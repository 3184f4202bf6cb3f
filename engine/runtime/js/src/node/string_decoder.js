/** node:string_decoder (https://nodejs.org/docs/latest/api/string_decoder.html): bytes to text, a character never split. */
import errors from "nodelib:internal/errors";
import { Buffer } from "./buffer.js";
import { normalizeEncoding } from "./internal/util.js";

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_THIS, ERR_UNKNOWN_ENCODING } = errors.codes;

/** How many bytes at the end are the beginning of a character that is not complete. */
const INCOMPLETE = {
  __proto__: null,
  utf8(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back];
      if (byte < 0x80) return 0;
      if (byte < 0xc0) continue;
      const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf8 ? 4 : 1;
      return needed <= back ? 0 : back;
    }
    return 0;
  },
  utf16le(bytes) {
    const odd = bytes.length % 2;
    const high = bytes[bytes.length - odd - 1]; // of the last whole unit
    return odd + (high >= 0xd8 && high <= 0xdb ? 2 : 0);
  },
  base64: (bytes) => bytes.length % 3,
  base64url: (bytes) => bytes.length % 3,
};
const none = () => 0;

const NO_BYTES = Buffer.alloc(0);

export function StringDecoder(encoding) {
  const name = normalizeEncoding(encoding);
  if (name === undefined) throw new ERR_UNKNOWN_ENCODING(encoding);
  this.encoding = name;
  Object.defineProperty(this, "_kept", { value: NO_BYTES, writable: true, enumerable: false, configurable: true });
}

/** @param {string | ArrayBufferView} chunk @returns {string} */
StringDecoder.prototype.write = function write(chunk) {
  if (typeof chunk === "string") return chunk;
  if (!ArrayBuffer.isView(chunk)) throw new ERR_INVALID_ARG_TYPE("buf", ["Buffer", "TypedArray", "DataView"], chunk);
  if (this._kept === undefined) throw new ERR_INVALID_THIS("StringDecoder");
  const given = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const bytes = this._kept.length === 0 ? given : Buffer.concat([this._kept, given]);
  const end = bytes.length - (INCOMPLETE[this.encoding] ?? none)(bytes);
  this._kept = end === bytes.length ? NO_BYTES : Buffer.from(bytes.subarray(end));
  return bytes.toString(this.encoding, 0, end);
};

/** @param {string | ArrayBufferView} [chunk] @returns {string} the rest, complete or not */
StringDecoder.prototype.end = function end(chunk) {
  const text = chunk === undefined ? "" : this.write(chunk);
  const kept = this._kept;
  this._kept = NO_BYTES;
  return text + kept.toString(this.encoding, 0, this.encoding === "utf16le" ? kept.length - (kept.length % 2) : kept.length);
};

/** Older: `write` from an offset. */
StringDecoder.prototype.text = function text(bytes, offset) {
  this._kept = NO_BYTES;
  return this.write(bytes.slice(offset));
};

Object.defineProperties(StringDecoder.prototype, {
  lastChar: { configurable: true, enumerable: true, get() { return this._kept; } },
  lastNeed: { configurable: true, enumerable: true, get() { return this._kept.length === 0 ? 0 : neededBy(this) - this._kept.length; } },
  lastTotal: { configurable: true, enumerable: true, get() { return this._kept.length === 0 ? 0 : neededBy(this); } },
});
function neededBy({ encoding, _kept }) {
  if (encoding === "utf8") return _kept[0] < 0xe0 ? 2 : _kept[0] < 0xf0 ? 3 : 4;
  if (encoding === "utf16le") return _kept.length > 1 ? 4 : 2;
  return 3;
}

export default { StringDecoder };
