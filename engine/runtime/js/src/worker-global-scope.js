/**
 * The interfaces of the global object (https://html.spec.whatwg.org/#workerglobalscope): its prototypes, so that
 * `self instanceof WorkerGlobalScope` holds as libraries ask, and `String(self)` says what it is.
 */
import { EventTarget } from "./event-target.js";
import { globalThis_, ObjectDefineProperty, ObjectSetPrototypeOf, TypeError_ } from "./primordials.js";
import { defineInterface } from "./webidl.js";

export class WorkerGlobalScope extends EventTarget {
  constructor() {
    throw new TypeError_("Illegal constructor");
    super(); // eslint-disable-line no-unreachable
  }
}
defineInterface(WorkerGlobalScope, "WorkerGlobalScope");

export class ServiceWorkerGlobalScope extends WorkerGlobalScope {}
defineInterface(ServiceWorkerGlobalScope, "ServiceWorkerGlobalScope");
ObjectDefineProperty(ServiceWorkerGlobalScope, "length", { __proto__: null, value: 0, configurable: true });

/** Called once, before any user code. */
export function adoptGlobalScope() {
  ObjectSetPrototypeOf(globalThis_, ServiceWorkerGlobalScope.prototype);
}
