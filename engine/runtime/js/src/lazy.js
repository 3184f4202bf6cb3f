/**
 * Libraries that a worker pays for only when it touches them. Their text comes from the host
 * (bundle/lazy/NAME.js) by a synchronous call, evaluated there or here, and gets the core's own modules.
 */
import { core } from "svc:core";
import { hostCallSync } from "./channel.js";
import {
  evaluateScript, globalThis_, MapPrototypeGet, MapPrototypeSet, Map_, ObjectDefineProperty, ReflectApply,
  TypedArrayPrototypeGetLength,
} from "./primordials.js";
import { asciiText, evaluateLibrary } from "./ring.js";

/** @type {Map<string, object>} name → exports, of those that were loaded */
const loaded = new Map_();

function textOf(name) {
  const { bytes } = hostCallSync("source", "get", [name]);
  return asciiText(bytes, 0, TypedArrayPrototypeGetLength(bytes));
}

/**
 * The exports of a lazy bundle, loading it the first time (a few milliseconds).
 * @param {string} name file name below src/lazy, without `.js`
 * @returns {any}
 */
export function load(name) {
  let exports = MapPrototypeGet(loaded, name);
  if (exports === undefined) {
    exports = ReflectApply(evaluateLibrary(name) ?? evaluateScript(textOf(name)), undefined, [core]);
    MapPrototypeSet(loaded, name, exports);
  }
  return exports;
}

/**
 * The exports of a lazy bundle if something has loaded it already. A value can only be an instance of
 * a lazy class when this is not undefined, so brand checks never load anything.
 * @param {string} name
 * @returns {any}
 */
export const peek = (name) => MapPrototypeGet(loaded, name);

/**
 * Define global properties that load a bundle when first read, and are plain data properties after.
 * @param {string} bundle
 * @param {string[]} names globals, each an export of the bundle
 */
export function defineLazyGlobals(bundle, names) {
  for (let i = 0; i < names.length; i++) defineLazyProperty(globalThis_, names[i], () => load(bundle)[names[i]], false);
}

/**
 * A property whose value is computed when first read.
 * @param {object} target
 * @param {string} name
 * @param {() => any} compute
 * @param {boolean} enumerable
 */
export function defineLazyProperty(target, name, compute, enumerable) {
  const settle = (value) => {
    ObjectDefineProperty(target, name, { __proto__: null, value, writable: true, enumerable, configurable: true });
    return value;
  };
  ObjectDefineProperty(target, name, {
    __proto__: null, enumerable, configurable: true, get: () => settle(compute()), set: settle,
  });
}
