/** What Node's own Buffer takes from its C++ (src/node_buffer.cc, src/string_bytes.cc), in JavaScript. */
import { decodeUtf8Raw, encodeInto, encodeUtf8, utf8Length } from "../../encoding/utf8.js";
import { MathMin, StringFromCharCode, StringPrototypeCharCodeAt, Uint8Array_ } from "../../primordials.js";

const { fromBase64, fromHex } = Uint8Array;
const { toBase64, toHex } = Uint8Array.prototype;
const { apply } = Reflect;
const CHARACTERS = 8192; // arguments of one call

const view = (bytes, start, end) => new Uint8Array_(bytes.buffer, bytes.byteOffset + start, end - start);

/** `this.slice(start, end)` with both optional and cut to the bytes there are. */
function part(bytes, start = 0, end = bytes.length) {
  const last = MathMin(end < 0 ? 0 : end, bytes.length);
  const first = MathMin(start < 0 ? 0 : start, last);
  return view(bytes, first, last);
}

function characters(units) {
  let text = "";
  for (let at = 0; at < units.length; at += CHARACTERS) text += apply(StringFromCharCode, undefined, units.subarray(at, at + CHARACTERS));
  return text;
}

// -- bytes to text; they are methods of Buffer

export function latin1Slice(start, end) { return characters(part(this, start, end)); }
export function asciiSlice(start, end) { return characters(part(this, start, end).map((byte) => byte & 127)); }
export function utf8Slice(start, end) { return decodeUtf8Raw(part(this, start, end)); }
export function hexSlice(start, end) { return apply(toHex, part(this, start, end), []); }
export function base64Slice(start, end) { return apply(toBase64, part(this, start, end), []); }
export function base64urlSlice(start, end) {
  return apply(toBase64, part(this, start, end), [{ alphabet: "base64url", omitPadding: true }]);
}
export function ucs2Slice(start, end) {
  const bytes = part(this, start, end);
  const units = new Uint16Array(bytes.length >> 1);
  for (let i = 0; i < units.length; i++) units[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
  return characters(units);
}

// -- text to bytes

/** As much base64 as there is, of either alphabet, whatever is between. @param {string} text @returns {Uint8Array} */
export function decodeBase64(text) {
  try {
    return fromBase64.call(Uint8Array_, text);
  } catch {
    const padding = text.indexOf("=");
    let clean = (padding < 0 ? text : text.slice(0, padding)).replace(/[^A-Za-z0-9+/_-]/g, "").replace(/-/g, "+").replace(/_/g, "/");
    if (clean.length % 4 === 1) clean = clean.slice(0, -1);
    return fromBase64.call(Uint8Array_, clean);
  }
}

/** The bytes up to the first pair that is not hexadecimal. @param {string} text @returns {Uint8Array} */
export function decodeHex(text) {
  const digits = /^(?:[0-9a-f]{2})*/i.exec(text)[0];
  return fromHex.call(Uint8Array_, digits);
}

function latin1Bytes(text) {
  const bytes = new Uint8Array_(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = StringPrototypeCharCodeAt(text, i);
  return bytes;
}
function ucs2Bytes(text) {
  const bytes = new Uint8Array_(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = StringPrototypeCharCodeAt(text, i);
    bytes[2 * i] = unit;
    bytes[2 * i + 1] = unit >> 8;
  }
  return bytes;
}

/** Where a write may go: what is left of `bytes` from `offset`, at most `length`. */
function room(bytes, offset = 0, length = bytes.length - offset) {
  return view(bytes, offset, offset + MathMin(length, bytes.length - offset));
}
const writer = (bytesOf, unit = 1) => function write(text, offset, length) {
  const target = room(this, offset, length);
  const source = bytesOf(text);
  const size = MathMin(source.length, target.length - (target.length % unit));
  target.set(source.length === size ? source : source.subarray(0, size));
  return size;
};
export const latin1Write = writer(latin1Bytes);
export const asciiWrite = latin1Write;
export const ucs2Write = writer(ucs2Bytes, 2);
export const hexWrite = writer(decodeHex);
export const base64Write = writer(decodeBase64);
export const base64urlWrite = base64Write;
export function utf8Write(text, offset, length) { return encodeInto(text, room(this, offset, length)).written; }

/** Node's numbers of encodings. */
export const encodingsMap = { ascii: 0, utf8: 1, base64: 2, utf16le: 3, latin1: 4, hex: 5, buffer: 6, base64url: 7 };
const decoders = [latin1Bytes, encodeUtf8, decodeBase64, ucs2Bytes, latin1Bytes, decodeHex, encodeUtf8, decodeBase64];

// -- bytes

/** @param {Uint8Array} a @param {Uint8Array} b @returns {-1 | 0 | 1} byte by byte */
export function compare(a, b) {
  const size = MathMin(a.length, b.length);
  for (let i = 0; i < size; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}
export const compareOffset = (source, target, targetStart, sourceStart, targetEnd, sourceEnd) =>
  compare(
    view(source, sourceStart, MathMin(sourceEnd, source.length)),
    view(target, targetStart, MathMin(targetEnd, target.length)),
  );

/** Where a search begins, -1 when nowhere. */
function startOf(length, needle, offset, forward) {
  if (offset < 0) offset += length;
  if (offset < 0) return forward ? 0 : -1;
  if (offset + needle > length) return forward ? -1 : length - needle;
  return offset;
}

function search(bytes, needle, offset, forward, step) {
  if (needle.length === 0) return offset < 0 ? Math.max(0, bytes.length + offset) : MathMin(offset, bytes.length);
  const last = bytes.length - needle.length;
  let at = startOf(bytes.length, needle.length, offset, forward);
  if (at < 0 || last < 0) return -1;
  const first = needle[0];
  for (; at >= 0 && at <= last; forward ? at++ : at--) {
    at = forward ? bytes.indexOf(first, at) : bytes.lastIndexOf(first, at);
    if (at < 0 || at > last) return -1;
    if (at % step !== 0) continue;
    let i = 1;
    while (i < needle.length && bytes[at + i] === needle[i]) i++;
    if (i === needle.length) return at;
  }
  return -1;
}
const plain = (bytes) => view(bytes, 0, bytes.length); // no subclass's indexOf
export const indexOfBuffer = (bytes, needle, offset, encoding, forward) =>
  search(plain(bytes), plain(needle), Math.trunc(offset), forward, encoding === encodingsMap.utf16le ? 2 : 1);
export const indexOfString = (bytes, text, offset, encoding, forward) =>
  search(plain(bytes), decoders[encoding](text), Math.trunc(offset), forward, encoding === encodingsMap.utf16le ? 2 : 1);
export const indexOfNumber = (bytes, byte, offset, forward) => search(plain(bytes), [byte & 255], Math.trunc(offset), forward, 1);

/** @returns {number | undefined} -1: nothing to fill with, -2: out of range */
export function fill(bytes, value, offset, end, encoding) {
  if (offset < 0 || end > bytes.length) return -2;
  if (offset >= end) return undefined;
  const target = view(bytes, offset, end);
  if (typeof value !== "string" && !ArrayBuffer.isView(value)) {
    target.fill(value & 255);
    return undefined;
  }
  const pattern = typeof value === "string" ? decoders[encodingsMap[normalize(encoding)]](value) : plain(value);
  if (pattern.length === 0) return -1;
  target.set(pattern.length > target.length ? pattern.subarray(0, target.length) : pattern);
  for (let size = pattern.length; size < target.length; size *= 2) target.copyWithin(size, 0, MathMin(size, target.length - size));
  return undefined;
}
const normalize = (encoding) => {
  const name = `${encoding ?? "utf8"}`.toLowerCase().replace("utf-", "utf").replace("ucs-", "ucs");
  return name === "ucs2" ? "utf16le" : name === "binary" ? "latin1" : Object.hasOwn(encodingsMap, name) ? name : "utf8";
};

const swapper = (size) => (bytes) => {
  for (let at = 0; at + size <= bytes.length; at += size) view(bytes, at, at + size).reverse();
  return bytes;
};
export const swap16 = swapper(2), swap32 = swapper(4), swap64 = swapper(8);

const asBytes = (input) => (ArrayBuffer.isView(input) ? new Uint8Array_(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array_(input));
export const isAscii = (input) => asBytes(input).every((byte) => byte < 128);
export function isUtf8(input) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(asBytes(input));
    return true;
  } catch {
    return false;
  }
}

const ICU_ILLEGAL_ARGUMENT = 1;
/** @returns {Uint8Array | number} the error's number when it cannot be done */
export function transcode(source, from, to) {
  const slices = { ascii: asciiSlice, latin1: latin1Slice, utf8: utf8Slice, utf16le: ucs2Slice };
  if (!Object.hasOwn(slices, from) || !Object.hasOwn(slices, to)) return ICU_ILLEGAL_ARGUMENT;
  const text = apply(slices[from], source, []);
  if (to === "utf8") return encodeUtf8(text);
  if (to === "utf16le") return ucs2Bytes(text);
  const most = to === "ascii" ? 127 : 255;
  return latin1Bytes([...text].map((one) => (one.codePointAt(0) <= most ? one : "?")).join(""));
}
export const icuErrName = (number) => (number === ICU_ILLEGAL_ARGUMENT ? "U_ILLEGAL_ARGUMENT_ERROR" : "U_ZERO_ERROR");

export const byteLengthUtf8 = utf8Length;
export const kMaxLength = 2 ** 32, kStringMaxLength = 2 ** 29 - 24;
export const createUnsafeArrayBuffer = (size) => new ArrayBuffer(size);
export const btoa = (text) => {
  try {
    return globalThis.btoa(text);
  } catch {
    return -1;
  }
};
export const atob = (text) => {
  try {
    return globalThis.atob(text);
  } catch {
    return -2;
  }
};
