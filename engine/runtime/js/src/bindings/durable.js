/**
 * Namespaces of Durable Objects, ids and stubs (https://developers.cloudflare.com/durable-objects/api/namespace/).
 *
 * @typedef {import("./index.js").Call} Call
 */
import { hostCallSync } from "../channel.js";
import { sendRequest } from "../fetch/fetch.js";
import { load } from "../lazy.js";
import {
  ArrayPrototypeIncludes, Error_, MapPrototypeClear, MapPrototypeGet, MapPrototypeGetSize, MapPrototypeSet, Map_, PromiseReject, Proxy_, ReflectGet,
  Symbol_, TypeError_, WeakMapPrototypeGet, WeakMapPrototypeSet, WeakMap_,
} from "../primordials.js";
import { defineInterface, isObject } from "../webidl.js";

const KEY = Symbol_();
let isId, hexOf, jurisdictionOf;
/** engine/durable/ids.py has the same. */
const JURISDICTIONS = ["eu", "fedramp", "fedramp-high"];
/** Ids of names that were asked for: a name always has the same one. @type {Map<string, string>} */
const named = new Map_();
const MOST_NAMED = 1000;

export class DurableObjectId {
  #hex; #name; #jurisdiction;
  constructor(key, hex, name, jurisdiction) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#hex = hex;
    this.#name = name ?? undefined;
    this.#jurisdiction = jurisdiction ?? undefined;
  }
  get name() { return this.#name; }
  get jurisdiction() { return this.#jurisdiction; }
  toString() { return this.#hex; }
  equals(other) { return isId(other) && hexOf(other) === this.#hex; }
  static {
    isId = (value) => isObject(value) && #hex in value;
    hexOf = (id) => id.#hex;
    jurisdictionOf = (id) => id.#jurisdiction ?? null;
  }
}
defineInterface(DurableObjectId, "DurableObjectId");

/** @param {string} hex @param {string | null} name @param {string | null} jurisdiction */
export const createId = (hex, name, jurisdiction) => new DurableObjectId(KEY, hex, name, jurisdiction);

/** @param {any} value @returns {string | null} */
function toJurisdiction(value) {
  if (value === undefined || value === null) return null;
  const text = `${value}`;
  if (!ArrayPrototypeIncludes(JURISDICTIONS, text)) throw new Error_(`There is no jurisdiction "${text}": it is one of eu, fedramp and fedramp-high.`);
  return text;
}

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

const ELSEWHERE = (method) => `${method} called on jurisdictional subnamespace with an ID from a different jurisdiction`;

export class DurableObjectNamespace {
  #key; #call; #jurisdiction;
  constructor(key, namespace, call, jurisdiction = null) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#key = namespace;
    this.#call = call;
    this.#jurisdiction = jurisdiction;
  }

  idFromName(name) {
    if (name === undefined) throw new TypeError_("Failed to execute 'idFromName' on 'DurableObjectNamespace': parameter 1 is not of type 'string'.");
    const text = `${name}`, place = `${this.#key} ${this.#jurisdiction} ${text}`;
    let hex = MapPrototypeGet(named, place);
    if (hex === undefined) {
      hex = hostCallSync("durable", "named", [this.#key, text, this.#jurisdiction]).value;
      if (MapPrototypeGetSize(named) >= MOST_NAMED) MapPrototypeClear(named);
      MapPrototypeSet(named, place, hex);
    }
    return createId(hex, text, this.#jurisdiction);
  }

  newUniqueId(options) {
    const wanted = toJurisdiction(options?.jurisdiction) ?? this.#jurisdiction;
    if (this.#jurisdiction !== null && wanted !== this.#jurisdiction) throw new TypeError_(ELSEWHERE("newUniqueId"));
    return createId(hostCallSync("durable", "unique", [this.#key, wanted]).value, null, wanted);
  }

  idFromString(text) {
    const [found, jurisdiction] = hostCallSync("durable", "parse", [this.#key, `${text}`]).value;
    if (found === "malformed") throw new TypeError_("Invalid Durable Object ID: must be 64 hex digits");
    if (found === "foreign") throw new TypeError_("Durable Object ID is not valid for this namespace.");
    const id = createId(found, null, jurisdiction);
    this.#require(id, "idFromString");
    return id;
  }

  /** A part that is limited to a jurisdiction takes only its own ids; the whole takes all. */
  #require(id, method) {
    if (this.#jurisdiction !== null && jurisdictionOf(id) !== this.#jurisdiction) throw new TypeError_(ELSEWHERE(method));
  }

  get(id, options) {
    if (!isId(id)) throw new TypeError_("Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'.");
    this.#require(id, "get");
    return makeStub(this.#call, id);
  }

  getByName(name, options) { return this.get(this.idFromName(name)); }
  jurisdiction(name) { return new DurableObjectNamespace(KEY, this.#key, this.#call, toJurisdiction(name)); }
}
defineInterface(DurableObjectNamespace, "DurableObjectNamespace");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createNamespace = (spec, call) => new DurableObjectNamespace(KEY, spec.namespace_id, call);
