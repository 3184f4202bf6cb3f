/**
 * Service bindings: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/
 *
 * The target runs in process; the host follows redirects through it. Every other name is a method or property
 * of the target's entrypoint (src/rpc), whose code is loaded when the first one is used.
 *
 * @typedef {import("./index.js").Call} Call
 */
import { sendRequest } from "../fetch/fetch.js";
import { load } from "../lazy.js";
import {
  PromiseReject, Proxy_, ReflectGet, Symbol_, TypeError_, WeakMapPrototypeGet, WeakMapPrototypeSet, WeakMap_,
} from "../primordials.js";
import { defineInterface } from "../webidl.js";

/** Only the runtime has it: `new env.HELLO.constructor()` is an illegal constructor. */
const KEY = Symbol_();
/** @type {WeakMap<object, Call>} by the proxy, which `this` is */
const calls = new WeakMap_();

export class Fetcher {
  /** @param {symbol} key */
  constructor(key) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
  }

  /** As the global fetch(), answered by the target. @returns {Promise<Response>} */
  fetch(...args) {
    const call = WeakMapPrototypeGet(calls, this);
    if (call === undefined) return PromiseReject(new TypeError_("Illegal invocation"));
    if (args.length === 0) {
      return PromiseReject(
        new TypeError_("Failed to execute 'fetch' on 'Fetcher': parameter 1 is not of type 'Request or string'."),
      );
    }
    return sendRequest((head, body) => call("fetch", [head], body), args[0], args[1]);
  }
}

defineInterface(Fetcher, "Fetcher");

/** Own names win; `then` is never the target's, else every `await` of the binding would call it. */
const handler = {
  __proto__: null,
  get(target, key, proxy) {
    if (typeof key === "symbol" || key === "then" || key in target) return ReflectGet(target, key, proxy);
    const call = WeakMapPrototypeGet(calls, proxy);
    const { property, sender } = load("rpc");
    return property(sender((path, called, caps, bytes) => call("rpc", [path, called, caps], bytes)), [key]);
  },
};

/** @param {Fetcher} target @param {Call} call */
export function withMethods(target, call) {
  const proxy = new Proxy_(target, handler);
  WeakMapPrototypeSet(calls, proxy, call);
  return proxy;
}

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createFetcher = (spec, call) => withMethods(new Fetcher(KEY), call);
