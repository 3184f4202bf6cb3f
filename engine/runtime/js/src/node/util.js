/** node:util (https://nodejs.org/docs/latest/api/util.html). */
import errors from "nodelib:internal/errors";
import mime from "nodelib:internal/mime";
import validators from "nodelib:internal/validators";
import { load } from "../lazy.js";
import { Buffer } from "./buffer.js";
import { notImplemented } from "./internal/not-implemented.js";
import { errno } from "./internal/numbers.js";
import { customPromisifySymbol, deprecate, getSystemErrorName as nameOfError, isError } from "./internal/util.js";
import { format, formatWithOptions, inspect, stripVTControlCharacters } from "./internal/util/inspect.js";
import process from "./process.js";
import types from "./util/types.js";

const { ERR_FALSY_VALUE_REJECTION, ERR_INVALID_ARG_TYPE } = errors.codes;
const { validateAbortSignal, validateBoolean, validateFunction, validateObject, validateOneOf, validateString } = validators;

/** @param {any} a @param {any} b @returns {boolean} */
export const isDeepStrictEqual = (a, b) => load("nodelib-internal-util-comparisons").isDeepStrictEqual(a, b);
/** @param {object} [config] @returns {{values: object, positionals: string[], tokens?: object[]}} */
export const parseArgs = (config) => load("nodelib-internal-util-parse-args-parse-args").parseArgs(config);
export const { MIMEParams, MIMEType } = mime;
export const { TextDecoder, TextEncoder } = globalThis;
export { deprecate, format, formatWithOptions, inspect, stripVTControlCharacters, types };

/** @param {Function} original takes a callback(error, value) last @returns {Function} */
export function promisify(original) {
  validateFunction(original, "original");
  const custom = original[customPromisifySymbol];
  if (custom) {
    validateFunction(custom, "util.promisify.custom");
    return Object.defineProperty(custom, customPromisifySymbol, { value: custom, enumerable: false, writable: false, configurable: true });
  }
  function promisified(...args) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...args, (error, ...values) => (error ? reject(error) : resolve(values[0]))]);
    });
  }
  Object.setPrototypeOf(promisified, Object.getPrototypeOf(original));
  Object.defineProperty(promisified, customPromisifySymbol, { value: promisified, enumerable: false, writable: false, configurable: true });
  return Object.defineProperties(promisified, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = customPromisifySymbol;

/** @param {Function} original async @returns {Function} that takes a callback(error, value) last */
export function callbackify(original) {
  validateFunction(original, "original");
  function callbackified(...args) {
    const last = args.pop();
    validateFunction(last, "last argument");
    const done = last.bind(this);
    Reflect.apply(original, this, args).then(
      (value) => process.nextTick(done, null, value),
      (reason) => process.nextTick(done, reason ? reason : new ERR_FALSY_VALUE_REJECTION.HideStackFramesError(reason)),
    );
  }
  const descriptors = Object.getOwnPropertyDescriptors(original);
  if (typeof descriptors.length.value === "number") descriptors.length.value++;
  if (typeof descriptors.name.value === "string") descriptors.name.value += "Callbackified";
  return Object.defineProperties(callbackified, descriptors);
}

/** @param {Function} constructor @param {Function} superConstructor */
export function inherits(constructor, superConstructor) {
  if (constructor == null) throw new ERR_INVALID_ARG_TYPE("ctor", "Function", constructor);
  if (superConstructor == null) throw new ERR_INVALID_ARG_TYPE("superCtor", "Function", superConstructor);
  if (superConstructor.prototype === undefined) {
    throw new ERR_INVALID_ARG_TYPE("superCtor.prototype", "Object", superConstructor.prototype);
  }
  Object.defineProperty(constructor, "super_", { value: superConstructor, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, superConstructor.prototype);
}

/** @param {string} section @returns {Function} that writes to console.error when NODE_DEBUG names the section */
export function debuglog(section, onEnabled) {
  const name = `${section}`.toUpperCase();
  const isOn = () => (process.env.NODE_DEBUG ?? "").toUpperCase().split(",").some((one) => one === name || one === "*");
  const log = (...args) => { if (isOn()) console.error("%s 1: %s", name, format(...args)); };
  onEnabled?.(log);
  return Object.defineProperty(log, "enabled", { get: isOn, enumerable: true, configurable: true });
}
export { debuglog as debug };

/** The codes of one style, as inspect.colors has them. */
function codesOf(name) {
  const codes = inspect.colors[name];
  if (codes == null) validateOneOf(name, "format", Object.keys(inspect.colors));
  return codes;
}
/** @param {string | string[]} style @param {string} text @param {{validateStream?: boolean, stream?: any}} [options] @returns {string} */
export function styleText(style, text, { validateStream = true, stream = undefined } = {}) {
  validateString(text, "text");
  validateBoolean(validateStream, "options.validateStream");
  if (validateStream && stream !== undefined && typeof stream?.write !== "function" && typeof stream?.getWriter !== "function" &&
      typeof stream?.read !== "function" && typeof stream?.getReader !== "function") {
    throw new ERR_INVALID_ARG_TYPE("stream", ["ReadableStream", "WritableStream", "Stream"], stream);
  }
  let left = "", right = "";
  for (const name of Array.isArray(style) ? style : [style]) {
    const [open, close] = codesOf(name);
    left += `\u001b[${open}m`;
    right = `\u001b[${close}m${right}`;
  }
  return `${left}${text}${right}`;
}

/** @param {AbortSignal} signal @param {object} resource kept alive no longer than it is @returns {Promise<void>} */
export async function aborted(signal, resource) {
  if (signal === undefined) throw new ERR_INVALID_ARG_TYPE("signal", "AbortSignal", signal);
  validateAbortSignal(signal, "signal");
  validateObject(resource, "resource");
  if (!signal.aborted) await new Promise((resolve) => { signal.addEventListener("abort", () => resolve(), { once: true }); });
}

export function getSystemErrorName(number) {
  if (typeof number !== "number") throw new ERR_INVALID_ARG_TYPE("err", "number", number);
  return nameOfError(number);
}
export const getSystemErrorMap = () => new Map(Object.entries(errno).map(([name, number]) => [-number, [name, name]]));
export const getSystemErrorMessage = (number) => getSystemErrorMap().get(number)?.[1];

/** .env text to an object. @param {string} content @returns {Record<string, string>} */
export function parseEnv(content) {
  validateString(content, "content");
  const result = {};
  const line = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*("(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|[^#\r\n]*)/gm;
  for (const [, name, raw] of content.matchAll(line)) {
    const text = raw.trim();
    const quoted = /^(["'`])([^]*)\1$/.exec(text);
    result[name] = quoted === null ? text : quoted[1] === '"' ? quoted[2].replaceAll("\\n", "\n") : quoted[2];
  }
  return result;
}

/** @returns {{functionName: string, scriptName: string, scriptId: string, lineNumber: number, column: number, columnNumber: number}[]} */
export function getCallSites(count = 8) {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = (typeof count === "number" ? count : 8) + 1;
    Error.prepareStackTrace = (_, sites) => sites;
    return new Error().stack.slice(1).map((site) => ({
      functionName: site.getFunctionName() ?? "", scriptName: site.getFileName() ?? "", scriptId: "0",
      lineNumber: site.getLineNumber(), column: site.getColumnNumber(), columnNumber: site.getColumnNumber(),
    }));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}
export { getCallSites as getCallSite };

export const toUSVString = (text) => `${text}`.toWellFormed();
export const transferableAbortController = () => new AbortController();
export const transferableAbortSignal = (signal) => signal;
export const log = (...args) => console.log("%s", format(...args));
export function _extend(target, source) {
  return source === null || typeof source !== "object" ? target : Object.assign(target, source);
}
export const diff = notImplemented("util.diff"), setTraceSigInt = notImplemented("util.setTraceSigInt");
export const _errnoException = (number, call, original) =>
  Object.assign(new Error(`${call} ${nameOfError(number)}${original ? ` ${original}` : ""}`), { errno: number, code: nameOfError(number), syscall: call });
export const _exceptionWithHostPort = (number, call, address, port) =>
  Object.assign(_errnoException(number, call, port > 0 ? `${address}:${port}` : address), { address, port });

// Older checks, kept for old packages.
export const isArray = Array.isArray, isBuffer = (value) => Buffer.isBuffer(value), { isDate, isRegExp } = types;
export const isBoolean = (value) => typeof value === "boolean", isFunction = (value) => typeof value === "function";
export const isNull = (value) => value === null, isNullOrUndefined = (value) => value == null, isUndefined = (value) => value === undefined;
export const isNumber = (value) => typeof value === "number", isString = (value) => typeof value === "string";
export const isSymbol = (value) => typeof value === "symbol", isObject = (value) => value !== null && typeof value === "object";
export const isPrimitive = (value) => value === null || (typeof value !== "object" && typeof value !== "function");
export { isError };

export default {
  _errnoException, _exceptionWithHostPort, _extend, aborted, callbackify, debug: debuglog, debuglog, deprecate, diff, format,
  formatWithOptions, getCallSite: getCallSites, getCallSites, getSystemErrorMap, getSystemErrorMessage, getSystemErrorName, inherits,
  inspect, isArray, isBoolean, isBuffer, isDate, isDeepStrictEqual, isError, isFunction, isNull, isNullOrUndefined, isNumber, isObject,
  isPrimitive, isRegExp, isString, isSymbol, isUndefined, log, MIMEParams, MIMEType, parseArgs, parseEnv, promisify, setTraceSigInt,
  stripVTControlCharacters, styleText, TextDecoder, TextEncoder, toUSVString, transferableAbortController, transferableAbortSignal, types,
};
