/** FormData (https://xhr.spec.whatwg.org/#interface-formdata) and its two encodings. */
import { blobBytes, createBlob, isBlob } from "../blob.js";
import { decodeUtf8Raw, encodeUtf8 } from "../encoding/utf8.js";
import { File, fileName, fileOf, isFile } from "../file.js";
import {
  ArrayPrototypeFilter, ArrayPrototypePush, ArrayPrototypeSplice, FunctionPrototypeCall, MathRandom, RegExpPrototypeExec,
  StringPrototypeReplaceAll, StringPrototypeSlice, StringPrototypeSplit, StringPrototypeToLowerCase, SymbolIterator,
  TypedArrayPrototypeSet, TypedArrayPrototypeSubarray, TypeError_, Uint8Array_,
} from "../primordials.js";
import { defineInterface, isObject, pairIterator, requireArguments, toUSVString } from "../webidl.js";
import { percentDecode } from "./data-url.js";
import { parseMimeType } from "./mime-type.js";

let entriesOf, isFormData_;

const iterate = pairIterator("FormData", (form, index) => entriesOf(form)[index]);

export class FormData {
  /** @type {[string, string | File][]} */
  #entries = [];
  constructor(form = undefined) {
    if (form !== undefined) throw new TypeError_("FormData: there are no form elements here.");
  }
  static {
    entriesOf = (form) => form.#entries;
    isFormData_ = (value) => isObject(value) && #entries in value;
  }
  append(name, value, filename = undefined) {
    requireArguments(arguments.length, 2, "FormData.append");
    ArrayPrototypePush(this.#entries, entry(name, value, filename, arguments.length > 2));
  }
  delete(name) {
    requireArguments(arguments.length, 1, "FormData.delete");
    const key = toUSVString(name);
    this.#entries = ArrayPrototypeFilter(this.#entries, (item) => item[0] !== key);
  }
  get(name) {
    requireArguments(arguments.length, 1, "FormData.get");
    const key = toUSVString(name);
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) if (entries[i][0] === key) return entries[i][1];
    return null;
  }
  getAll(name) {
    requireArguments(arguments.length, 1, "FormData.getAll");
    const key = toUSVString(name);
    const entries = this.#entries;
    const values = [];
    for (let i = 0; i < entries.length; i++) if (entries[i][0] === key) ArrayPrototypePush(values, entries[i][1]);
    return values;
  }
  has(name) {
    requireArguments(arguments.length, 1, "FormData.has");
    const key = toUSVString(name);
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) if (entries[i][0] === key) return true;
    return false;
  }
  set(name, value, filename = undefined) {
    requireArguments(arguments.length, 2, "FormData.set");
    const item = entry(name, value, filename, arguments.length > 2);
    const entries = this.#entries;
    let placed = false;
    for (let i = 0; i < entries.length; i++) {
      if (entries[i][0] !== item[0]) continue;
      if (placed) ArrayPrototypeSplice(entries, i--, 1);
      else entries[i] = item;
      placed = true;
    }
    if (!placed) ArrayPrototypePush(entries, item);
  }
  entries() { return iterate(this, (this.#entries, "entry")); }
  forEach(callback, thisArg = undefined) {
    requireArguments(arguments.length, 1, "FormData.forEach");
    if (typeof callback !== "function") throw new TypeError_("FormData.forEach: the callback is not a function.");
    for (let i = 0; i < this.#entries.length; i++) {
      const item = this.#entries[i];
      FunctionPrototypeCall(callback, thisArg, item[1], item[0], this);
    }
  }
  keys() { return iterate(this, (this.#entries, "key")); }
  values() { return iterate(this, (this.#entries, "value")); }
}
Object.defineProperty(FormData.prototype, SymbolIterator, {
  __proto__: null, value: FormData.prototype.entries, writable: true, configurable: true,
});
defineInterface(FormData, "FormData");

function entry(name, value, filename, named) {
  const key = toUSVString(name);
  if (isBlob(value)) {
    if (isFile(value) && !named) return [key, value];
    return [key, fileOf(value, named ? toUSVString(filename) : "blob", value.lastModified)];
  }
  if (named) throw new TypeError_("FormData: a file name was given for a value that is not a Blob.");
  return [key, toUSVString(value)];
}

/** @param {any} value @returns {boolean} */
export const isFormData = (value) => isFormData_(value);

const escapeName = (text) =>
  StringPrototypeReplaceAll(StringPrototypeReplaceAll(StringPrototypeReplaceAll(text, "\n", "%0A"), "\r", "%0D"), '"', "%22");
const newlines = (text) => StringPrototypeReplaceAll(text, /\r\n?|\n/g, "\r\n");

/**
 * As multipart/form-data (https://html.spec.whatwg.org/#multipart-form-data).
 * @param {FormData} form
 * @returns {{bytes: Uint8Array, type: string}}
 */
export function encodeForm(form) {
  let boundary = "----formdata-svc-";
  for (let i = 0; i < 16; i++) boundary += "0123456789abcdefghijklmnopqrstuv"[(MathRandom() * 32) | 0];
  const chunks = [];
  const entries = entriesOf(form);
  for (let i = 0; i < entries.length; i++) {
    const [name, value] = entries[i];
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(newlines(name))}"`;
    if (typeof value === "string") {
      ArrayPrototypePush(chunks, encodeUtf8(`${head}\r\n\r\n${newlines(value)}\r\n`));
    } else {
      const type = value.type || "application/octet-stream";
      ArrayPrototypePush(chunks, encodeUtf8(`${head}; filename="${escapeName(fileName(value))}"\r\nContent-Type: ${type}\r\n\r\n`));
      ArrayPrototypePush(chunks, blobBytes(value));
      ArrayPrototypePush(chunks, encodeUtf8("\r\n"));
    }
  }
  ArrayPrototypePush(chunks, encodeUtf8(`--${boundary}--\r\n`));
  let length = 0;
  for (let i = 0; i < chunks.length; i++) length += chunks[i].length;
  const bytes = new Uint8Array_(length);
  for (let i = 0, at = 0; i < chunks.length; at += chunks[i++].length) TypedArrayPrototypeSet(bytes, chunks[i], at);
  return { bytes, type: `multipart/form-data; boundary=${boundary}` };
}

/**
 * Read a form by its Content-Type.
 * @param {Uint8Array} bytes @param {string} contentType
 * @returns {FormData} throws TypeError for another type or a body that is not of it
 */
export function decodeForm(bytes, contentType) {
  const mime = parseMimeType(contentType);
  if (mime?.essence === "multipart/form-data") {
    const { boundary } = mime.parameters;
    if (boundary === undefined) throw new TypeError_("No boundary string in the Content-Type header of a multipart/form-data body.");
    return decodeMultipart(bytes, boundary);
  }
  if (mime?.essence === "application/x-www-form-urlencoded") return decodeUrlencoded(decodeUtf8Raw(bytes));
  throw new TypeError_(
    `Unrecognized Content-Type header value. FormData can only parse multipart/form-data and application/x-www-form-urlencoded: ${contentType || "(none)"}`,
  );
}

function decodeUrlencoded(text) {
  const form = new FormData();
  const pairs = StringPrototypeSplit(text, "&");
  for (let i = 0; i < pairs.length; i++) {
    if (pairs[i] === "") continue;
    const at = pairs[i].indexOf("=");
    const name = at < 0 ? pairs[i] : StringPrototypeSlice(pairs[i], 0, at);
    const value = at < 0 ? "" : StringPrototypeSlice(pairs[i], at + 1);
    ArrayPrototypePush(entriesOf(form), [decodeField(name), decodeField(value)]);
  }
  return form;
}

const decodeField = (text) => decodeUtf8Raw(percentDecode(StringPrototypeReplaceAll(text, "+", " ")));

/** The index of `needle` in `bytes` from `from`, or -1. */
function find(bytes, needle, from) {
  const last = bytes.length - needle.length;
  for (let i = bytes.indexOf(needle[0], from); i >= 0 && i <= last; i = bytes.indexOf(needle[0], i + 1)) {
    let k = 1;
    while (k < needle.length && bytes[i + k] === needle[k]) k++;
    if (k === needle.length) return i;
  }
  return -1;
}

const BAD = "The body is not well-formed multipart/form-data: ";
const DISPOSITION = /^form-data((?:;\s*[\w*-]+=(?:"[^"]*"|[^\s;"]*))*)\s*;?$/i;
const PARAMETER = /;\s*([\w*-]+)=(?:"([^"]*)"|([^\s;"]*))/g;
const unescapeName = (text) =>
  StringPrototypeReplaceAll(text, /%0A|%0D|%22/gi, (code) => ({ "%0A": "\n", "%0D": "\r", "%22": '"' })[code.toUpperCase()]);

function decodeMultipart(bytes, boundary) {
  const form = new FormData();
  const delimiter = encodeUtf8(`--${boundary}`);
  const ending = encodeUtf8(`\n--${boundary}`);
  let at = find(bytes, delimiter, 0);
  if (at < 0) throw new TypeError_(`${BAD}its boundary does not occur.`);
  for (;;) {
    at += delimiter.length;
    if (bytes[at] === 45 && bytes[at + 1] === 45) return form;
    while (bytes[at] === 32 || bytes[at] === 9) at++;
    at = afterLine(bytes, at);
    if (at < 0) throw new TypeError_(`${BAD}a boundary is not followed by a new line.`);
    const headStart = at;
    // The header ends with an empty line, which may be its first.
    let start = afterLine(bytes, at);
    while (start < 0) {
      const line = bytes.indexOf(10, at);
      if (line < 0) throw new TypeError_(`${BAD}a part's header does not end.`);
      at = line + 1;
      start = afterLine(bytes, at);
    }
    const head = decodeUtf8Raw(TypedArrayPrototypeSubarray(bytes, headStart, at));
    const end = find(bytes, ending, start - 1);
    if (end < 0) throw new TypeError_(`${BAD}a part does not end with the boundary.`);
    const last = end > start && bytes[end - 1] === 13 ? end - 1 : end;
    ArrayPrototypePush(entriesOf(form), part(head, TypedArrayPrototypeSubarray(bytes, start, last)));
    at = end + 1;
  }
}

/** Where the line break at `at` ends, -1 where there is none: CRLF, or LF alone as Workers take it. */
function afterLine(bytes, at) {
  if (bytes[at] === 10) return at + 1;
  return bytes[at] === 13 && bytes[at + 1] === 10 ? at + 2 : -1;
}

/** @param {string} head a part's header lines @param {Uint8Array} content @returns {[string, string | File]} */
function part(head, content) {
  const headers = { __proto__: null };
  const lines = StringPrototypeSplit(head, "\n"); // trim() takes the CR
  for (let i = 0; i < lines.length; i++) {
    const colon = lines[i].indexOf(":");
    if (colon > 0) headers[StringPrototypeToLowerCase(lines[i].slice(0, colon))] = lines[i].slice(colon + 1).trim();
  }
  const match = RegExpPrototypeExec(DISPOSITION, headers["content-disposition"] ?? "");
  if (match === null) throw new TypeError_(`${BAD}a part has no Content-Disposition: form-data header.`);
  const parameters = { __proto__: null };
  PARAMETER.lastIndex = 0;
  for (let m = RegExpPrototypeExec(PARAMETER, match[1]); m !== null; m = RegExpPrototypeExec(PARAMETER, match[1])) {
    parameters[StringPrototypeToLowerCase(m[1])] = unescapeName(m[2] ?? m[3]);
  }
  if (parameters.name === undefined) throw new TypeError_(`${BAD}a part has no name.`);
  if (parameters.filename === undefined) return [parameters.name, decodeUtf8Raw(content)];
  const type = headers["content-type"] ?? "text/plain";
  return [parameters.name, new File([createBlob(content.slice(), type)], parameters.filename, { __proto__: null, type })];
}
