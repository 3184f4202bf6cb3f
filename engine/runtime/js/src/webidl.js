/**
 * The Web IDL conversions and interface shapes that the APIs share (https://webidl.spec.whatwg.org/).
 */
import {
  ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, ArrayBufferPrototypeGetDetached, ArrayPrototypeIncludes, ArrayPrototypePush, DataViewPrototypeGetBuffer,
  DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset, FunctionPrototypeCall, MathTrunc, NumberIsFinite, ObjectDefineProperty,
  ObjectSetPrototypeOf, ReflectOwnKeys, SharedArrayBufferPrototypeGetByteLength, StringPrototypeCharCodeAt,
  StringPrototypeToWellFormed, SymbolIterator, SymbolToStringTag, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetToStringTag,
  TypedArrayPrototypeSlice, TypeError_, Uint8Array_,
} from "./primordials.js";

/** @param {any} value @returns {string} with lone surrogates replaced by U+FFFD */
export const toUSVString = (value) => StringPrototypeToWellFormed(`${value}`);

/**
 * @param {any} value
 * @param {string} what for the message, e.g. "Header value"
 * @returns {string} of code units up to 255
 */
export function toByteString(value, what) {
  const text = `${value}`;
  for (let i = 0; i < text.length; i++) {
    if (StringPrototypeCharCodeAt(text, i) > 255) {
      throw new TypeError_(`${what} has a character above U+00FF at index ${i}: ${text}`);
    }
  }
  return text;
}

/** @param {any} value @param {number} count @param {number} needed @param {string} method */
export function requireArguments(count, needed, method) {
  if (count < needed) {
    throw new TypeError_(`${method}: ${needed} argument${needed === 1 ? "" : "s"} required, but only ${count} present.`);
  }
}

/** @param {any} value @returns {number} an unsigned short (0…65535) by modulo, as Web IDL converts without [EnforceRange] */
export function toUnsignedShort(value) {
  const number = +value;
  return NumberIsFinite(number) ? MathTrunc(number) & 0xffff : 0;
}

/** @param {any} value @param {string} what @returns {object} the dictionary: {} for undefined and null */
export function toDictionary(value, what) {
  if (value === undefined || value === null) return EMPTY;
  if (typeof value !== "object" && typeof value !== "function") throw new TypeError_(`${what} is not an object.`);
  return value;
}
const EMPTY = { __proto__: null };

/** @param {any} value */
export const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

/** @param {any} value @returns {boolean} whether it is an ArrayBuffer of this realm, whatever its prototype */
export function isArrayBuffer(value) {
  try {
    ArrayBufferPrototypeGetByteLength(value);
    return true;
  } catch {
    return false;
  }
}

/** @param {any} value */
export function isSharedArrayBuffer(value) {
  try {
    SharedArrayBufferPrototypeGetByteLength(value);
    return true;
  } catch {
    return false;
  }
}

/** @param {any} value @returns {boolean} ArrayBuffer, SharedArrayBuffer or a view of one */
export const isBufferSource = (value) =>
  typeof value === "object" && value !== null &&
  (ArrayBufferIsView(value) || isArrayBuffer(value) || isSharedArrayBuffer(value));

const isDetached = (buffer) => isArrayBuffer(buffer) && ArrayBufferPrototypeGetDetached(buffer);

/**
 * The bytes of a BufferSource, not copied: none of one whose buffer is detached.
 * @param {ArrayBufferView | ArrayBuffer | SharedArrayBuffer} source
 * @returns {Uint8Array}
 */
export function bytesOf(source) {
  if (!ArrayBufferIsView(source)) return isDetached(source) ? new Uint8Array_(0) : new Uint8Array_(source);
  const tagged = TypedArrayPrototypeGetToStringTag(source) !== undefined;
  if (isDetached(tagged ? TypedArrayPrototypeGetBuffer(source) : DataViewPrototypeGetBuffer(source))) return new Uint8Array_(0);
  if (tagged) {
    return new Uint8Array_(
      TypedArrayPrototypeGetBuffer(source), TypedArrayPrototypeGetByteOffset(source), TypedArrayPrototypeGetByteLength(source),
    );
  }
  return new Uint8Array_(
    DataViewPrototypeGetBuffer(source), DataViewPrototypeGetByteOffset(source), DataViewPrototypeGetByteLength(source),
  );
}

/** @param {ArrayBufferView | ArrayBuffer | SharedArrayBuffer} source @returns {Uint8Array} a copy of the bytes, on a buffer of its own */
export const copyBytesOf = (source) => TypedArrayPrototypeSlice(bytesOf(source));

/**
 * Give a class what Web IDL asks of an interface: its name, members enumerable, `Symbol.toStringTag`, and constants on both the interface and the prototype.
 * @param {Function} Class
 * @param {string} name
 * @param {Record<string, number>} [constants]
 */
export function defineInterface(Class, name, constants) {
  enumerate(Class.prototype, ["constructor"]);
  enumerate(Class, ["prototype", "name", "length"]);
  ObjectDefineProperty(Class, "name", { __proto__: null, value: name, configurable: true });
  ObjectDefineProperty(Class.prototype, SymbolToStringTag, { __proto__: null, value: name, configurable: true });
  for (const key in constants) {
    const constant = { __proto__: null, value: constants[key], enumerable: true };
    ObjectDefineProperty(Class, key, constant);
    ObjectDefineProperty(Class.prototype, key, constant);
  }
}

function enumerate(target, except) {
  const keys = ReflectOwnKeys(target);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (typeof key === "symbol" || ArrayPrototypeIncludes(except, key)) continue;
    ObjectDefineProperty(target, key, { __proto__: null, enumerable: true });
  }
}

/**
 * The prototype of a "pair iterator" object (`Headers Iterator` …).
 * @param {string} tag
 * @param {(target: any, index: number) => [any, any] | undefined} at the pair at an index, looked up anew at each step
 * @returns {(target: any, kind: "key" | "value" | "entry") => Iterator<any>}
 */
export function pairIterator(tag, at) {
  let make;
  class PairIterator {
    #target; #kind; #index = 0;
    static { make = (target, kind) => { const it = new PairIterator(); it.#target = target; it.#kind = kind; return it; }; }
    next() {
      const pair = at(this.#target, this.#index);
      if (pair === undefined) return { value: undefined, done: true };
      this.#index++;
      const value = this.#kind === "key" ? pair[0] : this.#kind === "value" ? pair[1] : [pair[0], pair[1]];
      return { value, done: false };
    }
  }
  const prototype = PairIterator.prototype;
  ObjectSetPrototypeOf(prototype, IteratorPrototype);
  delete prototype.constructor;
  ObjectDefineProperty(prototype, "next", { __proto__: null, enumerable: true });
  ObjectDefineProperty(prototype, SymbolToStringTag, { __proto__: null, value: `${tag} Iterator`, configurable: true });
  return make;
}
const IteratorPrototype = /* @__PURE__ */ (() => Object.getPrototypeOf(Object.getPrototypeOf([][SymbolIterator]())))();

/**
 * The items of any iterable, by its own iterator.
 * @param {Iterable<any>} iterable
 * @param {(item: any) => any} [convert] called for each item before the next is taken
 * @param {string} [message] of the TypeError for what is not iterable
 * @returns {any[]}
 */
export function toSequence(iterable, convert = (item) => item, message = "The value is not iterable.") {
  const method = isObject(iterable) ? iterable[SymbolIterator] : undefined;
  if (typeof method !== "function") throw new TypeError_(message);
  const items = [];
  for (const item of { __proto__: null, [SymbolIterator]: () => FunctionPrototypeCall(method, iterable) }) {
    ArrayPrototypePush(items, convert(item));
  }
  return items;
}

/** @param {any} value @returns {boolean} whether it is a SharedArrayBuffer or a view of one */
export function isShared(value) {
  if (!ArrayBufferIsView(value)) return isSharedArrayBuffer(value);
  const tagged = TypedArrayPrototypeGetToStringTag(value) !== undefined;
  return isSharedArrayBuffer(tagged ? TypedArrayPrototypeGetBuffer(value) : DataViewPrototypeGetBuffer(value));
}
