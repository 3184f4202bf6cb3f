/** Blob (https://w3c.github.io/FileAPI/#blob-section). All content is in memory, so parts are views of one buffer. */
import { decodeUtf8, encodeUtf8 } from "./encoding/utf8.js";
import {
  MathMax, MathMin, MathTrunc, NumberIsNaN, RegExpPrototypeExec, StringPrototypeReplaceAll,
  StringPrototypeToLowerCase, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeSet,
  TypedArrayPrototypeSlice, TypedArrayPrototypeSubarray, TypeError_, Uint8Array_,
} from "./primordials.js";
import { streamFromBytes } from "./streams.js";
import { copyBytesOf, defineInterface, isBufferSource, isObject, toDictionary, toSequence, toUSVString } from "./webidl.js";

const TOKEN = {};
const TYPE = /^[\x20-\x7e]*$/;
let stateOf, isBlob_;

export class Blob {
  /** @type {{bytes: Uint8Array, type: string}} */
  #state;
  constructor(parts = undefined, options = undefined, token = undefined) {
    if (token === TOKEN) {
      this.#state = { bytes: parts, type: options };
      return;
    }
    const items = parts === undefined ? [] : toSequence(parts, toPart, "Blob: the parts are not a sequence.");
    const bag = toDictionary(options, "BlobPropertyBag");
    const endings = bag.endings === undefined ? "transparent" : `${bag.endings}`;
    if (endings !== "transparent" && endings !== "native") {
      throw new TypeError_(`Blob: '${endings}' is not a valid value for endings.`);
    }
    const type = bag.type === undefined ? "" : `${bag.type}`;
    this.#state = { bytes: joinParts(items, endings === "native"), type: normalizeType(type) };
  }
  static {
    stateOf = (blob) => blob.#state;
    isBlob_ = (value) => isObject(value) && #state in value;
  }
  get size() { return this.#state.bytes.length; }
  get type() { return this.#state.type; }
  slice(start = undefined, end = undefined, type = undefined) {
    const { bytes } = this.#state;
    const from = clampIndex(start === undefined ? 0 : start, bytes.length);
    const to = clampIndex(end === undefined ? bytes.length : end, bytes.length);
    const view = TypedArrayPrototypeSubarray(bytes, from, MathMax(from, to));
    return new Blob(view, normalizeType(type === undefined ? "" : `${type}`), TOKEN);
  }
  async arrayBuffer() { return TypedArrayPrototypeGetBuffer(TypedArrayPrototypeSlice(this.#state.bytes)); }
  async bytes() { return TypedArrayPrototypeSlice(this.#state.bytes); }
  async text() { return decodeUtf8(this.#state.bytes); }
  stream() { return streamFromBytes(TypedArrayPrototypeSlice(this.#state.bytes)); }
}
Object.defineProperty(Blob, "length", { __proto__: null, value: 0, configurable: true });
defineInterface(Blob, "Blob");

function normalizeType(type) {
  return RegExpPrototypeExec(TYPE, type) === null ? "" : StringPrototypeToLowerCase(type);
}

/** A [Clamp] long long, counted from the end when negative. */
function clampIndex(value, length) {
  const number = MathTrunc(+value);
  if (NumberIsNaN(number)) return 0;
  return number < 0 ? MathMax(length + number, 0) : MathMin(number, length);
}

/** @param {any} part @returns {Uint8Array | string} */
function toPart(part) {
  if (isBlob_(part)) return stateOf(part).bytes;
  return isBufferSource(part) ? copyBytesOf(part) : toUSVString(part);
}

function joinParts(items, native) {
  let length = 0;
  for (let i = 0; i < items.length; i++) {
    if (typeof items[i] === "string") {
      items[i] = encodeUtf8(native ? StringPrototypeReplaceAll(items[i], /\r\n?/g, "\n") : items[i]);
    }
    length += items[i].length;
  }
  if (items.length === 1) return items[0];
  const bytes = new Uint8Array_(length);
  for (let i = 0, at = 0; i < items.length; at += items[i++].length) TypedArrayPrototypeSet(bytes, items[i], at);
  return bytes;
}

/** @param {any} value @returns {boolean} */
export const isBlob = (value) => isBlob_(value);
/** @param {Blob} blob @returns {Uint8Array} its bytes: not to be changed or given to user code */
export const blobBytes = (blob) => stateOf(blob).bytes;
/** @param {Blob} blob @returns {string} */
export const blobType = (blob) => stateOf(blob).type;
/** @param {Uint8Array} bytes kept, not copied @param {string} type @returns {Blob} */
export const createBlob = (bytes, type) => new Blob(bytes, normalizeType(type), TOKEN);
