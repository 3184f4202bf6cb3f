/**
 * The caller's side: `env.SVC.method(…)`, `await env.SVC.property`, stubs, and pipelining on what is not there yet
 * (https://developers.cloudflare.com/workers/runtime-apis/rpc/).
 *
 * Every name that is no property of the object itself leads to the other side, except `then`: a binding or a
 * stub that could be awaited would be called by every `await` and every promise that it passes through.
 *
 * @typedef {(path: string[], called: boolean, caps: any[], bytes: Uint8Array) => {promise: Promise<import("../bindings/index.js").Answer>}} Start
 * @typedef {(path: string[], args: any[] | null) => Promise<any>} Send args null reads a property
 */
import { startCall } from "../channel.js";
import { isDOMException } from "../dom-exception.js";
import { RpcStub } from "../entrypoint.js";
import { readAll } from "../fetch/body.js";
import {
  ArrayIsArray, ArrayPrototypeConcat, Error_, ObjectDefineProperty, ObjectGetPrototypeOf, ObjectSetPrototypeOf,
  Object_, PromisePrototypeThen, PromiseReject, PromiseResolve, Promise_, Proxy_, ReflectApply, SymbolDispose, TypeError_,
  Uint8Array_, uncurryThis,
} from "../primordials.js";
import { isObject } from "../webidl.js";
import { decode, errorOf, isBuiltIn } from "./decode.js";
import { encode } from "./encode.js";
import { keepHandle } from "./handles.js";

const promiseCatch = uncurryThis(Promise_.prototype.catch);
const promiseFinally = uncurryThis(Promise_.prototype.finally);

/** The host's error as it reaches the caller: a name of the user's own becomes part of the message. */
function remoteError(error) {
  if (!isObject(error)) return error;
  if (isDOMException(error) && isBuiltIn(error.name)) error = errorOf(error.name, error.message);
  const own = isDOMException(error) ? error.code === 0 && error.name !== "DataCloneError" : !isBuiltIn(error.name);
  const told = own ? new Error_(`${error.name}: ${error.message}`) : error;
  ObjectDefineProperty(told, "remote", { __proto__: null, value: true, enumerable: true, configurable: true, writable: true });
  return told;
}

/** @param {Start} start @returns {Send} */
export function sender(start) {
  return (path, args) => {
    let promise;
    try {
      const { bytes, caps } = encode(args ?? []);
      ({ promise } = start(path, args !== null, caps, bytes));
    } catch (error) {
      return PromiseReject(error);
    }
    return PromisePrototypeThen(promise, receiveAnswer, (error) => { throw remoteError(error); });
  };
}

async function receiveAnswer({ value, body, event }) {
  const bytes = body === null || body instanceof Uint8Array_ ? body : await readAll(body);
  return bytes === null ? undefined : revive(bytes, value, true, event);
}

/**
 * @param {Uint8Array} bytes
 * @param {[number, string][]} caps
 * @param {boolean} disposable whether an object gets a disposer for all stubs in it
 * @param {import("../events.js").Event_ | null} event the one that the host gave the handles to
 */
export function revive(bytes, caps, disposable, event) {
  const stream = (handle) => remoteSource(handle, event);
  const value = decode(bytes, caps, { __proto__: null, stub: (handle) => makeStub(handle, event), stream });
  if (disposable && typeof value === "object" && value !== null) {
    const prototype = ObjectGetPrototypeOf(value);
    if (prototype === Object_.prototype || prototype === null || ArrayIsArray(value)) {
      const dispose = () => { for (let i = 0; i < caps.length; i++) release(caps[i][0], event); };
      ObjectDefineProperty(value, SymbolDispose, { __proto__: null, value: dispose, configurable: true, writable: true });
    }
  }
  return value;
}

function release(handle, event) {
  PromisePrototypeThen(startCall("rpc", "release", [handle], null, event).promise, undefined, () => {});
}

/** The bytes of a stream in the other isolate, asked for when they are first read. */
function remoteSource(handle, event) {
  let opened = null;
  const open = () => (opened ??= PromisePrototypeThen(startCall("rpc", "open", [handle], null, event).promise, ({ body }) => body));
  let whole = false;
  return {
    __proto__: null,
    read: () => PromisePrototypeThen(open(), (body) => {
      if (body === null) return null;
      if (!(body instanceof Uint8Array_)) return body.read();
      if (whole) return null;
      whole = true;
      return body;
    }),
    cancel: () => {
      if (opened === null) { release(handle, event); return PromiseResolve(); }
      return PromisePrototypeThen(opened, (body) => (body !== null && body.cancel !== undefined ? body.cancel() : undefined));
    },
  };
}

/** Methods of a promise, found on what stands for one. */
function promiseMethod(name, promise) {
  switch (name) {
    case "then": return (resolved, rejected) => PromisePrototypeThen(promise(), resolved, rejected);
    case "catch": return (rejected) => promiseCatch(promise(), rejected);
    case "finally": return (done) => promiseFinally(promise(), done);
  }
  return undefined;
}

/**
 * A property of the other side: to call, to await, or to go on from.
 * @param {Send} send
 * @param {string[]} path
 */
export function property(send, path) {
  return new Proxy_(function () {}, {
    __proto__: null,
    apply: (target, self, args) => pending(send(path, args)),
    get: (target, key) => {
      if (typeof key === "symbol") return undefined;
      return promiseMethod(key, () => send(path, null)) ?? property(send, ArrayPrototypeConcat(path, [key]));
    },
    construct: () => { throw new TypeError_("A remote property cannot be constructed."); },
  });
}

/** A result under way: a promise, and its properties and methods can be used before it is there. */
function pending(promise) {
  // Whoever only pipelines does not await the first result; its error reaches him through the second.
  PromisePrototypeThen(promise, undefined, () => {});
  const send = (path, args) => PromisePrototypeThen(promise, (value) => follow(value, path, args));
  return new Proxy_(function () {}, {
    __proto__: null,
    apply: (target, self, args) => pending(send([], args)),
    get: (target, key) => {
      if (key === SymbolDispose) return () => { PromisePrototypeThen(promise, dispose, () => {}); };
      if (typeof key === "symbol") return undefined;
      return promiseMethod(key, () => promise) ?? property(send, [key]);
    },
    getPrototypeOf: () => Promise_.prototype,
  });
}

function dispose(value) {
  if (isObject(value) && typeof value[SymbolDispose] === "function") value[SymbolDispose]();
}

/** @param {any} value @param {string[]} path @param {any[] | null} args */
async function follow(value, path, args) {
  let self, found = value;
  for (let i = 0; i < path.length; i++) {
    if (!isObject(found) || !(path[i] in found)) throw new TypeError_(`The RPC receiver does not implement the method "${path[i]}".`);
    self = found;
    found = found[path[i]];
  }
  if (args === null) return found;
  if (typeof found !== "function") throw new TypeError_(`"${path[path.length - 1] ?? "The result"}" is not a function of what the RPC call returned.`);
  return ReflectApply(found, self, args);
}

/**
 * A stub of a function or an RpcTarget that stays in another isolate.
 * @param {number} handle
 * @param {any} event
 */
export function makeStub(handle, event) {
  const state = { __proto__: null, handle };
  const start = (path, called, caps, bytes) => {
    if (state.handle === 0) throw new Error_("RPC stub used after being disposed.");
    return startCall("rpc", "call", [state.handle, path, called, caps], bytes, event);
  };
  const stub = stubOf(sender(start), () => {
    if (state.handle === 0) return;
    release(state.handle, event);
    state.handle = 0;
  }, () => duplicate(state, event));
  keepHandle(stub, state);
  return stub;
}

function duplicate(state, event) {
  if (state.handle === 0) throw new Error_("RPC stub used after being disposed.");
  const promise = PromisePrototypeThen(startCall("rpc", "dup", [state.handle], null, event).promise, ({ value }) => {
    made.handle = value;
    return value;
  });
  const made = { __proto__: null, handle: -1 };
  const start = (path, called, caps, bytes) => {
    if (made.handle === 0) throw new Error_("RPC stub used after being disposed.");
    return { promise: PromisePrototypeThen(promise, () => startCall("rpc", "call", [made.handle, path, called, caps], bytes, event).promise) };
  };
  const stub = stubOf(sender(start), () => {
    const held = made.handle;
    made.handle = 0;
    if (held !== 0) PromisePrototypeThen(promise, (handle) => { made.handle = 0; release(handle, event); }, () => {});
  }, () => duplicate(state, event));
  keepHandle(stub, made);
  return stub;
}

function stubOf(send, disposeStub, dup) {
  const target = () => {};
  ObjectSetPrototypeOf(target, RpcStub.prototype);
  return new Proxy_(target, {
    __proto__: null,
    apply: (_, self, args) => pending(send([], args)),
    get: (_, key) => {
      if (key === SymbolDispose) return disposeStub;
      if (key === "dup") return dup;
      if (key === "constructor") return RpcStub;
      if (typeof key === "symbol" || key === "then") return undefined;
      return property(send, [key]);
    },
    has: (_, key) => typeof key === "string" && key !== "then",
  });
}
