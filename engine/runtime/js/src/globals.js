/** The Web platform's names on globalThis; timers, console and reportError are main.js's. */
import { AbortController, AbortSignal } from "./abort.js";
import { atob, btoa } from "./base64.js";
import { Blob } from "./blob.js";
import { Crypto, crypto } from "./crypto/crypto.js";
import { DOMException, QuotaExceededError } from "./dom-exception.js";
import { TextDecoder } from "./encoding/text-decoder.js";
import { TextEncoder } from "./encoding/text-encoder.js";
import {
  adoptEventTarget, CloseEvent, CustomEvent, ErrorEvent, Event, EventTarget, MessageEvent, PromiseRejectionEvent, setEventClock,
} from "./event-target.js";
import { fetch } from "./fetch/fetch.js";
import { FormData } from "./fetch/form-data.js";
import { Headers } from "./fetch/headers.js";
import { Request } from "./fetch/request.js";
import { Response } from "./fetch/response.js";
import { File } from "./file.js";
import { defineLazyGlobals, load } from "./lazy.js";
import { Navigator, navigator } from "./navigator.js";
import { Performance, performance, sinceOrigin } from "./performance.js";
import { globalThis_, ObjectDefineProperty, PromisePrototypeThen, PromiseResolve, ReflectApply, TypeError_ } from "./primordials.js";
import { Scheduler, scheduler } from "./scheduler.js";
import { ExtendableEvent, FetchEvent, QueueEvent, ScheduledEvent } from "./service-worker.js";
import { report } from "./timers.js";
import { adoptGlobalScope, ServiceWorkerGlobalScope, WorkerGlobalScope } from "./worker-global-scope.js";

const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;

/** @param {() => void} callback */
function queueMicrotask(callback) {
  if (typeof callback !== "function") throw new TypeError_("queueMicrotask: the callback is not a function.");
  PromisePrototypeThen(PromiseResolve(), () => {
    try {
      ReflectApply(callback, undefined, []);
    } catch (error) {
      report(error);
    }
  });
}

/** The cloner is a lazy bundle; the function is here, with its name and length. */
function structuredClone(value, options = undefined) {
  return ReflectApply(load("structured-clone").structuredClone, undefined, arguments);
}

const INTERFACES = {
  __proto__: null, AbortController, AbortSignal, Blob, CloseEvent, Crypto, CustomEvent, DOMException, ErrorEvent, Event, EventTarget,
  ExtendableEvent, FetchEvent, File, FormData, Headers, MessageEvent, Navigator, Performance, PromiseRejectionEvent, QueueEvent,
  QuotaExceededError, Request, Response, ScheduledEvent, Scheduler, ServiceWorkerGlobalScope, TextDecoder, TextEncoder,
  WorkerGlobalScope,
};
const MEMBERS = {
  __proto__: null, addEventListener, atob, btoa, crypto, dispatchEvent, fetch, navigator, origin: "null", performance, queueMicrotask,
  removeEventListener, scheduler, self: globalThis_, structuredClone,
};
const LAZY = {
  __proto__: null,
  cache: ["Cache", "CacheStorage", "caches"],
  "event-source": ["EventSource"],
  "html-rewriter": ["HTMLRewriter"],
  "message-channel": ["MessageChannel", "MessagePort"],
  streams: [
    "ByteLengthQueuingStrategy", "CompressionStream", "CountQueuingStrategy", "DecompressionStream", "FixedLengthStream",
    "IdentityTransformStream", "ReadableByteStreamController", "ReadableStream", "ReadableStreamBYOBReader",
    "ReadableStreamBYOBRequest", "ReadableStreamDefaultController", "ReadableStreamDefaultReader", "TextDecoderStream",
    "TextEncoderStream", "TransformStream", "TransformStreamDefaultController", "WritableStream",
    "WritableStreamDefaultController", "WritableStreamDefaultWriter",
  ],
  subtle: ["CryptoKey", "SubtleCrypto"],
  url: ["URL", "URLSearchParams"],
  "url-pattern": ["URLPattern"],
  "user-timing": ["PerformanceEntry", "PerformanceMark", "PerformanceMeasure", "PerformanceObserver", "PerformanceObserverEntryList"],
  websocket: ["WebSocket", "WebSocketPair", "WebSocketRequestResponsePair"],
};

function define(table, enumerable) {
  for (const name in table) {
    // The bundle's own names are shortened.
    if (typeof table[name] === "function") ObjectDefineProperty(table[name], "name", { __proto__: null, value: name, configurable: true });
    ObjectDefineProperty(globalThis_, name, { __proto__: null, value: table[name], writable: true, enumerable, configurable: true });
  }
}

/** Called once, before any user code. */
export function installGlobals() {
  setEventClock(sinceOrigin);
  adoptEventTarget(globalThis_);
  adoptGlobalScope();
  define(INTERFACES, false);
  define(MEMBERS, true);
  for (const bundle in LAZY) defineLazyGlobals(bundle, LAZY[bundle]);
}
