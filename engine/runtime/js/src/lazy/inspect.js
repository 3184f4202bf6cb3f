/** Node's util.inspect and util.format, from node-inspect-extracted (Node's own code). */
import inspector from "node-inspect-extracted";
import { AbortSignal } from "../abort.js";
import { Blob } from "../blob.js";
import { Event } from "../event-target.js";
import { FormData } from "../fetch/form-data.js";
import { Headers } from "../fetch/headers.js";
import { Request } from "../fetch/request.js";
import { Response } from "../fetch/response.js";
import { peek } from "../lazy.js";
import { table } from "../table.js";

const CUSTOM = Symbol.for("nodejs.util.inspect.custom");

/**
 * Objects whose state is private are shown by what they say of themselves, as Node and Workers do.
 * @param {Function} Class
 * @param {(self: any) => any} state what stands in the braces
 */
function show(Class, state) {
  const value = function (depth, options, inspect) {
    const name = this.constructor?.name ?? Class.name;
    if (depth !== null && depth < 0) return `[${name}]`;
    let inner;
    try {
      inner = state(this);
    } catch {
      return `${name} {}`; // the prototype itself
    }
    const text = inspect(inner, { ...options, depth: options.depth === null ? null : options.depth - 1 });
    return text.startsWith(`${name} `) ? text : `${name} ${text}`;
  };
  Object.defineProperty(Class.prototype, CUSTOM, { value, writable: true, configurable: true });
}

const pick = (...names) => (self) => Object.fromEntries(names.map((name) => [name, self[name]]));
/** By name; what a name has several of is an array. */
function entries(self) {
  const found = { __proto__: null };
  for (const [name, value] of self.entries()) {
    if (name in found) found[name] = Array.isArray(found[name]) ? [...found[name], value] : [found[name], value];
    else found[name] = value;
  }
  return Object.fromEntries(Object.entries(found));
}

show(Headers, entries);
show(FormData, entries);
show(Request, pick("method", "url", "headers", "redirect", "bodyUsed"));
show(Response, pick("status", "statusText", "ok", "url", "headers", "bodyUsed"));
show(AbortSignal, pick("aborted"));
show(Blob, pick("size", "type"));
show(Event, pick("type", "cancelable", "defaultPrevented"));

/** As Node shows a URLSearchParams: its pairs in their order. */
function showPairs(Class) {
  const value = function (depth, options, inspect) {
    const name = this.constructor?.name ?? Class.name;
    if (depth !== null && depth < 0) return `[${name}]`;
    let pairs;
    try {
      pairs = [...Class.prototype.entries.call(this)];
    } catch {
      return `${name} {}`;
    }
    const text = pairs.map(([key, item]) => `${inspect(key, options)} => ${inspect(item, options)}`).join(", ");
    return text === "" ? `${name} {}` : `${name} { ${text} }`;
  };
  Object.defineProperty(Class.prototype, CUSTOM, { value, writable: true, configurable: true });
}

let keys = false;
/** CryptoKey is in a bundle of its own: nothing can be one before that is loaded. */
function showKeys() {
  const loaded = peek("subtle");
  if (keys || loaded === undefined) return;
  keys = true;
  show(loaded.CryptoKey, pick("type", "extractable", "algorithm", "usages"));
}

let urls = false;
/** As CryptoKey. */
function showUrls() {
  showKeys();
  const loaded = peek("url");
  if (urls || loaded === undefined) return;
  urls = true;
  const parts = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "searchParams", "hash"];
  show(loaded.URL, pick(...parts));
  showPairs(loaded.URLSearchParams);
}

/** @param {any[]} args @returns {string} */
export function format(args) {
  showUrls();
  return inspector.formatWithOptions({ colors: false }, ...args);
}

/** @param {any} value @param {object} [options] @returns {string} */
export function inspect(value, options) {
  showUrls();
  return inspector.inspect(value, { ...options, colors: false });
}

/** As console.table draws. @param {any} data @param {string[] | undefined} properties @returns {string} */
export const drawTable = (data, properties) => table(data, properties, inspect, inspector.getStringWidth ?? ((text) => [...text].length));

/** All of the library, for node:util (src/node/internal/util/inspect.js), with the classes above shown. */
export function allOfInspect() {
  showUrls();
  return inspector;
}
