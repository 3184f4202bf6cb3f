/**
 * Namespaces of Durable Objects, ids and stubs (https://developers.cloudflare.com/durable-objects/api/namespace/).
 *
 * @typedef {import("./index.js").Call} Call
 */
import { hostCallSync } from "../channel.js";
import { sendRequest } from "../fetch/fetch.js";
import { load } from "../lazy.js";
import {
  PromiseReject, Proxy_, ReflectGet, Symbol_, TypeError_, WeakMapPrototypeGet, WeakMapPrototypeSet, WeakMap_,
} from "../primordials.js";
import { defineInterface, isObject } from "../webidl.js";

const KEY = Symbol_();
let isId, hexOf;

export class DurableObjectId {
  #hex; #name;
  constructor(key, hex, name) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#hex = hex;
    this.#name = name ?? undefined;
  }
  get name() { return this.#name; }
  toString() { return this.#hex; }
  equals(other) { return isId(other) && hexOf(other) === this.#hex; }
  static {
    isId = (value) => isObject(value) && #hex in value;
    hexOf = (id) => id.#hex;
  }
}
defineInterface(DurableObjectId, "DurableObjectId");

/** @param {string} hex @param {string | null} name */
export const createId = (hex, name) => new DurableObjectId(KEY, hex, name);

/** @type {WeakMap<object, {call: Call, id: DurableObjectId}>} by the proxy, which `this` is */
const stubs = new WeakMap_();

export class DurableObject {
  constructor(key) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
  }
  get id() { return WeakMapPrototypeGet(stubs, this).id; }
  get name() { return WeakMapPrototypeGet(stubs, this).id.name; }
  fetch(...args) {
    const state = WeakMapPrototypeGet(stubs, this);
    if (state === undefined) return PromiseReject(new TypeError_("Illegal invocation"));
    if (args.length === 0) {
      return PromiseReject(new TypeError_("Failed to execute 'fetch' on 'DurableObject': parameter 1 is not of type 'Request or string'."));
    }
    const { call, id } = state;
    return sendRequest((head, body) => call("fetch", [head, hexOf(id), id.name ?? null], body), args[0], args[1]);
  }
}
defineInterface(DurableObject, "DurableObject");

const handler = {
  __proto__: null,
  get(target, key, proxy) {
    if (typeof key === "symbol" || key === "then" || key in target) return ReflectGet(target, key, proxy);
    const { call, id } = WeakMapPrototypeGet(stubs, proxy);
    const { property, sender } = load("rpc");
    return property(sender((path, called, caps, bytes) => call("rpc", [path, called, caps, hexOf(id), id.name ?? null], bytes)), [key]);
  },
};

function makeStub(call, id) {
  const proxy = new Proxy_(new DurableObject(KEY), handler);
  WeakMapPrototypeSet(stubs, proxy, { __proto__: null, call, id });
  return proxy;
}

export class DurableObjectNamespace {
  #key; #call;
  constructor(key, namespace, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#key = namespace;
    this.#call = call;
  }

  idFromName(name) {
    if (name === undefined) throw new TypeError_("Failed to execute 'idFromName' on 'DurableObjectNamespace': parameter 1 is not of type 'string'.");
    const text = `${name}`;
    return createId(hostCallSync("durable", "named", [this.#key, text]).value, text);
  }

  newUniqueId(options) {
    return createId(hostCallSync("durable", "unique", [this.#key]).value, null);
  }

  idFromString(text) {
    const found = hostCallSync("durable", "parse", [this.#key, `${text}`]).value;
    if (found === "malformed") throw new TypeError_("Invalid Durable Object ID: must be 64 hex digits");
    if (found === "foreign") throw new TypeError_("Durable Object ID is not valid for this namespace.");
    return createId(found, null);
  }

  get(id, options) {
    if (!isId(id)) throw new TypeError_("Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'.");
    return makeStub(this.#call, id);
  }

  getByName(name, options) { return this.get(this.idFromName(name)); }
  jurisdiction() { return this; }
}
defineInterface(DurableObjectNamespace, "DurableObjectNamespace");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createNamespace = (spec, call) => new DurableObjectNamespace(KEY, spec.namespace_id, call);
