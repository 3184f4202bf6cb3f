/** What Node's own files take from its `internal/util`, and the parts of node:util that they share. */
import { load } from "../../lazy.js";
import { ObjectDefineProperty, ObjectFreeze, ReflectApply, ReflectConstruct, StringPrototypeToLowerCase } from "../../primordials.js";
import { isNativeError } from "./util/types.js";

export const SymbolDispose = Symbol.dispose;
export const kEmptyObject = ObjectFreeze({ __proto__: null });

export const customInspectSymbol = Symbol.for("nodejs.util.inspect.custom");
export const customPromisifySymbol = Symbol.for("nodejs.util.promisify.custom");
export const kIsEncodingSymbol = Symbol("kIsEncodingSymbol");
export { encodingsMap } from "./bytes.js";

/** @param {string} message @param {string} name @returns {DOMException} */
export const lazyDOMException = (message, name) => new DOMException(message, name);

/** What Node's own buffer.js asks for: globals of the Web platform. */
export function defineLazyProperties(target, id, names) {
  for (let i = 0; i < names.length; i++) {
    const value = names[i] === "resolveObjectURL" ? () => undefined : globalThis[names[i]];
    ObjectDefineProperty(target, names[i], { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  }
}

/** @param {any} error @returns {boolean} */
export const isError = (error) => isNativeError(error) || error instanceof Error;

/** @template T @param {() => T} make @returns {() => T} the value, made when first asked for */
export function getLazy(make) {
  let value;
  let made = false;
  return () => {
    if (!made) {
      value = make();
      made = true;
    }
    return value;
  };
}

/** @param {any[]} list @param {number} index removed */
export function spliceOne(list, index) {
  for (; index + 1 < list.length; index++) list[index] = list[index + 1];
  list.pop();
}

const ENCODINGS = {
  __proto__: null, utf8: "utf8", "utf-8": "utf8", ucs2: "utf16le", "ucs-2": "utf16le", utf16le: "utf16le", "utf-16le": "utf16le",
  latin1: "latin1", binary: "latin1", base64: "base64", base64url: "base64url", hex: "hex", ascii: "ascii",
};
/** @param {any} encoding @returns {string | undefined} as Node writes it */
export function normalizeEncoding(encoding) {
  if (encoding == null || encoding === "utf8" || encoding === "") return "utf8";
  return ENCODINGS[encoding] ?? ENCODINGS[StringPrototypeToLowerCase(`${encoding}`)];
}

/** `new Buffer()` is not worth a warning in a bundle. @returns {boolean} */
export const isInsideNodeModules = () => true;

/** @param {string} text @returns {string} without ANSI colours */
export const removeColors = (text) => text.replace(/\u001b\[\d\d?m/g, "");

/** @param {object} target @param {PropertyKey} name @param {any} value */
export const setOwnProperty = (target, name, value) =>
  ObjectDefineProperty(target, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });

/** @param {number} errno @returns {string} "ENOENT" */
export function getSystemErrorName(errno) {
  const { errno: table } = load("node-os").constants;
  for (const name in table) if (table[name] === -errno) return name;
  return `Unknown system error ${errno}`;
}

const process = () => load("node-process").default;

export function emitExperimentalWarning(feature) {
  process().emitWarning(`${feature} is an experimental feature and might change at any time`, "ExperimentalWarning");
}

const warned = new Set();

/**
 * util.deprecate (https://nodejs.org/docs/latest/api/util.html#utildeprecatefn-msg-code).
 * @template {Function} F @param {F} fn @param {string} message @param {string} [code] warned of once for all
 * @returns {F}
 */
export function deprecate(fn, message, code) {
  let told = false;
  function deprecated(...args) {
    if (!told && process().noDeprecation !== true) {
      told = true;
      if (code === undefined || !warned.has(code)) process().emitWarning(message, "DeprecationWarning", code, deprecated);
      if (code !== undefined) warned.add(code);
    }
    return new.target === undefined ? ReflectApply(fn, this, args) : ReflectConstruct(fn, args, new.target);
  }
  Object.setPrototypeOf(deprecated, fn);
  if (fn.prototype) deprecated.prototype = fn.prototype;
  return deprecated;
}

/** A reference that can be made strong, for diagnostics_channel. */
export class WeakReference {
  #weak;
  #strong = null;
  #count = 0;
  constructor(object) { this.#weak = new WeakRef(object); }
  incRef() {
    if (++this.#count === 1) this.#strong = this.#weak.deref();
    return this.#count;
  }
  decRef() {
    if (--this.#count === 0) this.#strong = null;
    return this.#count;
  }
  get() { return this.#strong ?? this.#weak.deref(); }
}
