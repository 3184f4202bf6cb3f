/** node:sys, the old name of node:util. */
export {
  _errnoException, _exceptionWithHostPort, _extend, aborted, callbackify, debug, debuglog, deprecate, diff, format,
  formatWithOptions, getCallSite, getCallSites, getSystemErrorMap, getSystemErrorMessage, getSystemErrorName, inherits, inspect,
  isArray, isBoolean, isBuffer, isDate, isDeepStrictEqual, isError, isFunction, isNull, isNullOrUndefined, isNumber, isObject,
  isPrimitive, isRegExp, isString, isSymbol, isUndefined, log, MIMEParams, MIMEType, parseArgs, parseEnv, promisify, setTraceSigInt,
  stripVTControlCharacters, styleText, TextDecoder, TextEncoder, toUSVString, transferableAbortController, transferableAbortSignal,
  types,
} from "./util.js";
export { default } from "./util.js";
