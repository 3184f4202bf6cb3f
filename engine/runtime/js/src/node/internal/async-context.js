/**
 * AsyncLocalStorage's context: an immutable Map from storages to their stores, `current` while code runs.
 *
 * V8's own hooks are out of reach here, so the parts are: every reaction given to `then` takes the context along;
 * programs that import node:async_hooks have their awaits rewritten (tools/await.js); what the host sends starts
 * without a context. `install` patches built-ins, so only programs that use it pay.
 */
import { onEnterFrame } from "../../node.js";
import { globalThis_, ObjectDefineProperty, Promise_, PromisePrototypeThen, PromiseResolve, ReflectApply } from "../../primordials.js";

/** @type {Map<object, any> | undefined} */
let current;
let installed = false;

export const getContext = () => current;
export const setContext = (context) => { current = context; };

/** Run with a context. @param {Map<object, any> | undefined} context @param {Function} run @param {any} self @param {any[]} args */
export function runWith(context, run, self, args) {
  const before = current;
  current = context;
  try {
    return ReflectApply(run, self, args);
  } finally {
    current = before;
  }
}

/** @template {Function} F @param {F} run @returns {F} that runs in the context of now */
export function bind(run) {
  if (!installed || typeof run !== "function") return run;
  const context = current;
  return function bound() { return runWith(context, run, this, arguments); };
}

/** `then` that leaves the context alone. */
export const promiseThen = PromisePrototypeThen;

const fulfilled = (value) => [1, value];
const rejected = (error) => [0, error];

/** `__aS()` */
const save = getContext;
/** `__aR(context, outcome)` */
function restore(context, outcome) {
  current = context;
  if (outcome[0] === 1) return outcome[1];
  throw outcome[1];
}
/** `__aW(value)`: what is awaited instead; never rejects. */
function wait(value) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return fulfilled(value);
  if (value instanceof Promise_) return promiseThen(PromiseResolve(value), fulfilled, rejected);
  let then;
  try {
    then = value.then;
  } catch (error) {
    return rejected(error);
  }
  if (typeof then !== "function") return fulfilled(value);
  // V8 would call a thenable's `then` from a microtask of its own, which has no context.
  const context = current;
  const settled = new Promise_((resolve, reject) => {
    promiseThen(PromiseResolve(), () => {
      try {
        runWith(context, then, value, [resolve, reject]);
      } catch (error) {
        reject(error);
      }
    });
  });
  return promiseThen(settled, fulfilled, rejected);
}

/** A global function whose first argument is called later, with the context of now. */
function bindFirst(name) {
  const original = globalThis_[name];
  const bound = function (callback) {
    if (typeof callback === "function") arguments[0] = bind(callback);
    return ReflectApply(original, this, arguments);
  };
  ObjectDefineProperty(bound, "name", { __proto__: null, value: name, configurable: true });
  ObjectDefineProperty(bound, "length", { __proto__: null, value: original.length, configurable: true });
  ObjectDefineProperty(globalThis_, name, { __proto__: null, value: bound, writable: true, enumerable: true, configurable: true });
}

function install() {
  if (installed) return;
  installed = true;
  const then = {
    then(onFulfilled, onRejected) { return promiseThen(this, bind(onFulfilled), bind(onRejected)); },
  }.then;
  ObjectDefineProperty(Promise_.prototype, "then", { __proto__: null, value: then, writable: true, enumerable: false, configurable: true });
  for (const name of ["setTimeout", "setInterval", "queueMicrotask"]) bindFirst(name);
  onEnterFrame(() => { current = undefined; });
}

/** What modules with rewritten awaits get, in the order of their parameters. */
export function contextFunctions() {
  install();
  return [save, restore, wait];
}
