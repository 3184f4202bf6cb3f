/** For Node's own files: the parts of its C++ that they call, by `internalBinding(name)`. */
import { load } from "../../lazy.js";
import { report } from "../../timers.js";
import { toASCII } from "../../url/to-ascii.js";
import {
  asciiSlice, asciiWrite, atob, base64Slice, base64urlSlice, base64urlWrite, base64Write, btoa, byteLengthUtf8, compare, compareOffset,
  createUnsafeArrayBuffer, fill, hexSlice, hexWrite, icuErrName, indexOfBuffer, indexOfNumber, indexOfString, isAscii, isUtf8, kMaxLength,
  kStringMaxLength, latin1Slice, latin1Write, swap16, swap32, swap64, transcode, ucs2Slice, ucs2Write, utf8Slice, utf8Write,
} from "./bytes.js";

/** Signals by name, asked for when a signal's name is checked. */
const signals = new Proxy({}, {
  get: (_, name) => load("node-internal-numbers").signals[name],
  ownKeys: () => Reflect.ownKeys(load("node-internal-numbers").signals),
});

const ALL_PROPERTIES = 0, ONLY_ENUMERABLE = 2, SKIP_SYMBOLS = 16;

const isIndex = (name) => typeof name === "string" && /^(?:0|[1-9]\d{0,9})$/.test(name) && +name < 4294967295;

const bindings = {
  __proto__: null,
  buffer: {
    asciiSlice, asciiWrite, atob, base64Slice, base64urlSlice, base64urlWrite, base64Write, btoa, byteLengthUtf8, compare, compareOffset,
    createUnsafeArrayBuffer, fill, getZeroFillToggle: () => [1], hexSlice, hexWrite, indexOfBuffer, indexOfNumber, indexOfString, isAscii,
    isUtf8, kMaxLength, kStringMaxLength, latin1Slice, latin1Write, swap16, swap32, swap64, ucs2Slice, ucs2Write, utf8Slice, utf8Write,
  },
  config: { hasIntl: true },
  constants: { os: { signals }, get zlib() { return load("node-internal-zlib-numbers"); } },
  encoding_binding: { toASCII: (host) => toASCII(host, { useSTD3ASCIIRules: false, verifyDNSLength: false }) ?? "" },
  errors: { triggerUncaughtException: report },
  icu: {
    icuErrName,
    transcode(...args) {
      const bytes = transcode(...args);
      return typeof bytes === "number" ? bytes : load("nodelib-buffer").Buffer.from(bytes.buffer);
    },
  },
  os: {},
  url: { format: (...args) => load("node-internal-url").formatUrl(...args) },
  util: {
    constants: { ALL_PROPERTIES, ONLY_ENUMERABLE, SKIP_SYMBOLS },
    isInsideNodeModules: () => true, // new Buffer() is not worth a warning in a bundle
    privateSymbols: {
      arrow_message_private_symbol: Symbol("arrowMessage"), untransferable_object_private_symbol: Symbol("untransferable"),
    },
    getOwnNonIndexProperties(object, filter) {
      const names = filter & SKIP_SYMBOLS ? Object.getOwnPropertyNames(object) : Reflect.ownKeys(object);
      return names.filter((name) =>
        !isIndex(name) && (!(filter & ONLY_ENUMERABLE) || Object.prototype.propertyIsEnumerable.call(object, name)));
    },
  },
  uv: { getErrorMap: () => new Map(Object.entries(load("node-internal-numbers").errno).map(([name, number]) => [-number, [name, name]])) },
};

export const internalBinding = (name) => (name === "zlib" ? load("node-internal-zlib") : bindings[name]);
