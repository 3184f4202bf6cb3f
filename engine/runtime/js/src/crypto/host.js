/** Calls of the host's crypto service: parameters as JSON, and byte strings packed one after another. */
import { hostCall, hostCallSync } from "../channel.js";
import { isStarted } from "../events.js";
import { PromisePrototypeThen, TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, Uint8Array_ } from "../primordials.js";

/** @typedef {{value: any, bytes: Uint8Array}} Answer */

function pack(strings) {
  if (strings.length === 1) return { sizes: [TypedArrayPrototypeGetLength(strings[0])], whole: strings[0] };
  const sizes = [];
  let size = 0;
  for (let i = 0; i < strings.length; i++) size += sizes[i] = TypedArrayPrototypeGetLength(strings[i]);
  const whole = new Uint8Array_(size);
  for (let i = 0, at = 0; i < strings.length; at += sizes[i++]) TypedArrayPrototypeSet(whole, strings[i], at);
  return { sizes, whole };
}

/** Bytes on a buffer of their own, and of nothing else. @param {Uint8Array | null} bytes @returns {Uint8Array} */
export function own(bytes) {
  const copy = new Uint8Array_(bytes === null ? 0 : TypedArrayPrototypeGetLength(bytes));
  if (bytes !== null) TypedArrayPrototypeSet(copy, bytes);
  return copy;
}

/**
 * @param {string} operation
 * @param {any} parameters JSON value
 * @param {Uint8Array[]} strings
 * @returns {Answer} throws the DOMException that the host gave
 */
export function ask(operation, parameters, strings) {
  const { sizes, whole } = pack(strings);
  const { value, bytes } = hostCallSync("crypto", operation, [parameters, sizes], whole);
  return { value, bytes: own(bytes) };
}

/**
 * As `ask`, for what takes long: within an event the isolate goes on meanwhile.
 * @param {string} operation @param {any} parameters @param {Uint8Array[]} strings
 * @returns {Answer | Promise<Answer>}
 */
export function askLong(operation, parameters, strings) {
  if (!isStarted()) return ask(operation, parameters, strings);
  const { sizes, whole } = pack(strings);
  return PromisePrototypeThen(hostCall("crypto", operation, [parameters, sizes], whole), ({ value, body }) => ({ value, bytes: own(body) }));
}

/** @param {any} value a promise or not @param {(value: any) => any} next @returns {any} */
export const after = (value, next) => (value?.then === undefined ? next(value) : PromisePrototypeThen(value, next));
