/** node:async_hooks (https://nodejs.org/docs/latest/api/async_context.html); see internal/async-context.js. */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { getContext, runWith, setContext } from "./internal/async-context.js";

const { ERR_INVALID_ARG_TYPE } = errors.codes;
const { validateFunction, validateObject, validateString } = validators;

export class AsyncLocalStorage {
  #default;
  #name;
  constructor(options = {}) {
    validateObject(options, "options");
    this.#default = options.defaultValue;
    if (options.name !== undefined) validateString(options.name, "options.name");
    this.#name = options.name ?? "";
  }
  static bind(fn) {
    validateFunction(fn, "fn");
    const snapshot = AsyncLocalStorage.snapshot();
    return function bound(...args) { return snapshot(() => fn.apply(this, args)); };
  }
  static snapshot() {
    const context = getContext();
    return (fn, ...args) => runWith(context, fn, undefined, args);
  }
  get name() { return this.#name; }
  getStore() {
    const context = getContext();
    return context !== undefined && context.has(this) ? context.get(this) : this.#default;
  }
  run(store, fn, ...args) { return runWith(new Map(getContext()).set(this, store), fn, undefined, args); }
  exit(fn, ...args) {
    const context = new Map(getContext());
    context.delete(this);
    return runWith(context, fn, undefined, args);
  }
  enterWith(store) { setContext(new Map(getContext()).set(this, store)); }
  disable() {
    const context = new Map(getContext());
    context.delete(this);
    setContext(context);
  }
}

let lastId = 1;

export class AsyncResource {
  #context = getContext();
  #id = ++lastId;
  #trigger;
  constructor(type, options = undefined) {
    validateString(type, "type");
    const trigger = typeof options === "object" && options !== null ? options.triggerAsyncId : options;
    this.#trigger = trigger ?? 1;
  }
  runInAsyncScope(fn, self, ...args) { return runWith(this.#context, fn, self, args); }
  bind(fn, self = undefined) {
    validateFunction(fn, "fn");
    const resource = this;
    const bound = function (...args) { return resource.runInAsyncScope(fn, self === undefined ? this : self, ...args); };
    Object.defineProperty(bound, "length", { configurable: true, enumerable: false, value: fn.length, writable: false });
    return bound;
  }
  static bind(fn, type, self) {
    validateFunction(fn, "fn");
    return new AsyncResource(type || fn.name || "bound-anonymous-fn").bind(fn, self);
  }
  emitDestroy() { return this; }
  asyncId() { return this.#id; }
  triggerAsyncId() { return this.#trigger; }
}

/** As on Workers there is nothing to hook into: a hook that does nothing. */
export function createHook(callbacks) {
  if (typeof callbacks !== "object" || callbacks === null) throw new ERR_INVALID_ARG_TYPE("callbacks", "Object", callbacks);
  const hook = { enable: () => hook, disable: () => hook };
  return hook;
}
const resource = Object.create(null);
export const executionAsyncId = () => 0;
export const triggerAsyncId = () => 0;
export const executionAsyncResource = () => resource;
export const asyncWrapProviders = Object.freeze(Object.assign(Object.create(null), { NONE: 0 }));

export default {
  AsyncLocalStorage, AsyncResource, asyncWrapProviders, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId,
};
