/**
 * UTF-8 for the whole runtime. Long texts go through a 140 byte WebAssembly module that uses V8's own
 * codec (stringref, 40 times as fast); where the flag is off, and for short texts, it is plain JavaScript.
 */
import {
  ArrayPrototypePush, ReflectApply, StringFromCharCode, StringPrototypeCharCodeAt, StringPrototypeSlice, TypedArrayPrototypeGetLength,
  TypedArrayPrototypeSet, TypedArrayPrototypeSlice, TypedArrayPrototypeSubarray, TypeError_, Uint8Array_,
} from "../primordials.js";

const { Module, Instance } = WebAssembly;
const PAGE = 65536;
const SHORT = 48;
const UNITS = 21845; // code units that certainly fit a page

/* (module (memory (export "m") 1 1)
     (func (export "d") (param i32) (result stringref) i32.const 0 local.get 0 string.new_lossy_utf8 0)
     (func (export "e") (param stringref) (result i32) local.get 0 i32.const 0 string.encode_lossy_utf8 0)) */
const BINARY = [
  0, 97, 115, 109, 1, 0, 0, 0,
  1, 11, 2, 0x60, 1, 0x7f, 1, 0x67, 0x60, 1, 0x67, 1, 0x7f, // types
  3, 3, 2, 0, 1, // functions
  5, 4, 1, 1, 1, 1, // memory: exactly one page
  7, 13, 3, 1, 109, 2, 0, 1, 100, 0, 0, 1, 101, 0, 1, // exports m, d, e
  10, 23, 2,
  10, 0, 0x41, 0, 0x20, 0, 0xfb, 0x8b, 1, 0, 0x0b,
  10, 0, 0x20, 0, 0x41, 0, 0xfb, 0x8d, 1, 0, 0x0b,
];

/** @type {{d: (length: number) => string, e: (text: string) => number, memory: Uint8Array} | null | undefined} */
let native;

function start() {
  try {
    const { exports } = new Instance(new Module(new Uint8Array_(BINARY)));
    native = { d: exports.d, e: exports.e, memory: new Uint8Array_(exports.m.buffer) };
  } catch {
    native = null; // V8 without --experimental-wasm-stringref
  }
  return native;
}

/** @param {string} text lone surrogates become U+FFFD @returns {Uint8Array} on a buffer of its own */
export function encodeUtf8(text) {
  if (text.length <= SHORT || (native === undefined ? start() : native) === null) return encodeSlow(text);
  if (text.length <= UNITS) return TypedArrayPrototypeSlice(native.memory, 0, native.e(text));
  const bytes = new Uint8Array_(utf8Length(text));
  let at = 0;
  for (let i = 0; i < text.length;) {
    const end = boundary(text, i + UNITS);
    const size = native.e(StringPrototypeSlice(text, i, end));
    TypedArrayPrototypeSet(bytes, TypedArrayPrototypeSubarray(native.memory, 0, size), at);
    at += size;
    i = end;
  }
  return bytes;
}

/** The nearest index that does not split a surrogate pair. */
function boundary(text, index) {
  if (index >= text.length) return text.length;
  const before = StringPrototypeCharCodeAt(text, index - 1);
  return before >= 0xd800 && before < 0xdc00 ? index - 1 : index;
}

/** @param {string} text @returns {number} how many bytes it takes */
export function utf8Length(text) {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = StringPrototypeCharCodeAt(text, i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length++;
    else if (unit < 0xd800 || unit > 0xdbff || i + 1 === text.length) length += 2;
    else if ((StringPrototypeCharCodeAt(text, i + 1) & 0xfc00) === 0xdc00) { length += 2; i++; }
    else length += 2;
  }
  return length;
}

function encodeSlow(text) {
  const bytes = new Uint8Array_(utf8Length(text));
  encodeInto(text, bytes);
  return bytes;
}

/**
 * Encode as much as fits.
 * @param {string} text @param {Uint8Array} bytes
 * @returns {{read: number, written: number}} code units read and bytes written
 */
export function encodeInto(text, bytes) {
  const room = TypedArrayPrototypeGetLength(bytes);
  let at = 0, i = 0;
  for (; i < text.length; i++) {
    let code = StringPrototypeCharCodeAt(text, i);
    if (code < 0x80) {
      if (at >= room) break;
      bytes[at++] = code;
      continue;
    }
    let pair = false;
    if ((code & 0xf800) === 0xd800) {
      const next = code < 0xdc00 && i + 1 < text.length ? StringPrototypeCharCodeAt(text, i + 1) : 0;
      pair = (next & 0xfc00) === 0xdc00;
      code = pair ? 0x10000 + ((code & 0x3ff) << 10 | (next & 0x3ff)) : 0xfffd;
    }
    const size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (at + size > room) break;
    bytes[at] = size === 2 ? 0xc0 | code >> 6 : size === 3 ? 0xe0 | code >> 12 : 0xf0 | code >> 18;
    for (let k = 1, shift = 6 * (size - 2); k < size; k++, shift -= 6) bytes[at + k] = 0x80 | (code >> shift & 0x3f);
    at += size;
    if (pair) i++;
  }
  return { read: i, written: at };
}

/**
 * Decode all of it; a leading byte order mark is dropped and bad bytes become U+FFFD.
 * @param {Uint8Array} bytes @returns {string}
 */
export function decodeUtf8(bytes) {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return decodeUtf8Raw(marked ? TypedArrayPrototypeSubarray(bytes, 3) : bytes);
}

/** The same, keeping a byte order mark. @param {Uint8Array} bytes @returns {string} */
export function decodeUtf8Raw(bytes) {
  const length = TypedArrayPrototypeGetLength(bytes);
  if (length <= SHORT || (native === undefined ? start() : native) === null) return decodeSlow(bytes, false);
  let text = "";
  for (let i = 0; i < length;) {
    const end = i + PAGE >= length ? length : lastBoundary(bytes, i + PAGE);
    TypedArrayPrototypeSet(native.memory, TypedArrayPrototypeSubarray(bytes, i, end));
    text += native.d(end - i);
    i = end;
  }
  return text;
}

/** The nearest index at or below `index` that starts a character. */
function lastBoundary(bytes, index) {
  for (let i = index; i > index - 4; i--) if ((bytes[i] & 0xc0) !== 0x80) return i;
  return index;
}

/** @param {Uint8Array} bytes @returns {string} throws TypeError when it is not UTF-8; keeps a byte order mark */
export const decodeUtf8Fatal = (bytes) => decodeSlow(bytes, true);

/** The decoder of https://encoding.spec.whatwg.org/#utf-8-decoder, over complete input. */
function decodeSlow(bytes, fatal) {
  const length = TypedArrayPrototypeGetLength(bytes);
  let text = "";
  let units = [];
  const flush = () => { text += ReflectApply(StringFromCharCode, undefined, units); units = []; };
  for (let i = 0; i < length;) {
    if (units.length > 4096) flush();
    const first = bytes[i++];
    if (first < 0x80) {
      ArrayPrototypePush(units, first);
      continue;
    }
    let needed = 0, lower = 0x80, upper = 0xbf, code = 0;
    if (first >= 0xc2 && first <= 0xdf) { needed = 1; code = first & 0x1f; }
    else if (first >= 0xe0 && first <= 0xef) {
      needed = 2; code = first & 0xf;
      if (first === 0xe0) lower = 0xa0;
      else if (first === 0xed) upper = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      needed = 3; code = first & 7;
      if (first === 0xf0) lower = 0x90;
      else if (first === 0xf4) upper = 0x8f;
    }
    let good = needed > 0;
    for (; good && needed > 0; needed--) {
      const byte = i < length ? bytes[i] : 0;
      good = byte >= lower && byte <= upper;
      if (good) { code = code << 6 | (byte & 0x3f); i++; lower = 0x80; upper = 0xbf; }
    }
    if (!good) {
      if (fatal) throw new TypeError_("The encoded data was not valid for encoding utf-8");
      ArrayPrototypePush(units, 0xfffd);
    } else if (code < 0x10000) {
      ArrayPrototypePush(units, code);
    } else {
      ArrayPrototypePush(units, 0xd7c0 + (code >> 10));
      ArrayPrototypePush(units, 0xdc00 | (code & 0x3ff));
    }
  }
  flush();
  return text;
}

/** @param {Uint8Array} bytes @returns {number} length of an incomplete sequence at the end that more bytes may complete */
export function incompleteTail(bytes) {
  const length = TypedArrayPrototypeGetLength(bytes);
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 && byte < 0xe0 ? 2 : 1;
    if (size <= back) return 0;
    // A second byte out of the first one's range is already an error, not an unfinished character.
    if (back >= 2) {
      const second = bytes[length - back + 1];
      if ((byte === 0xe0 && second < 0xa0) || (byte === 0xed && second > 0x9f) || (byte === 0xf0 && second < 0x90) ||
          (byte === 0xf4 && second > 0x8f)) return 0;
    }
    return back;
  }
  return 0;
}
