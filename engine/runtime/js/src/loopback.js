/**
 * `ctx.exports` (https://developers.cloudflare.com/workers/runtime-apis/context/#exports): this worker's own
 * entrypoints as service bindings, and its Durable Objects as namespaces.
 *
 * @typedef {import("./events.js").Event_} Event_
 */
import { Fetcher, withMethods } from "./bindings/service.js";
import { startCall } from "./channel.js";
import { isDurable, isEntrypoint } from "./entrypoint.js";
import { namespaceOf } from "./env.js";
import { defineLazyProperty, load } from "./lazy.js";
import { MapPrototypeGet, Map_, MapPrototypeForEach, MapPrototypeSet, ObjectKeys, ObjectSetPrototypeOf, TypeError_ } from "./primordials.js";
import { toDictionary } from "./webidl.js";

/** A service binding to one of the worker's exports. Called with {props}, it gives one that has them. */
function createStub(name, event, props) {
  const target = (options) => createStub(name, event, toDictionary(options, "options").props ?? {});
  delete target.name;
  delete target.length;
  ObjectSetPrototypeOf(target, Fetcher.prototype);
  return withMethods(target, (operation, args, body) =>
    startCall("self", operation, [name === "default" ? null : name, props, ...args], body, event));
}

/**
 * @param {Record<string, any> | null} namespace what the main module exports
 * @param {Event_ | null} event on whose behalf calls are made; null: of whatever runs
 * @returns {object}
 */
export function createExports(namespace, event) {
  const result = {};
  const names = namespace === null ? [] : ObjectKeys(namespace);
  for (let i = 0; i < names.length; i++) {
    const name = names[i], value = namespace[name];
    const bound = namespaceOf(name, event);
    // A class that extends DurableObject has no storage, and hence no namespace, before something binds it.
    if (bound !== undefined) defineLazyProperty(result, name, bound, true);
    else if (!isDurable(value) && isEntrypoint(value)) defineLazyProperty(result, name, () => createStub(name, event, {}), true);
  }
  return result;
}

const context = () => load("node-internal-async-context");

/** @param {object} key @returns {any} what withOverride has put there for what runs now */
export function override(key) {
  const current = context().getContext();
  return current === undefined ? undefined : MapPrototypeGet(current, key);
}

/**
 * @param {[object, any][]} pairs
 * @param {() => any} run
 * @returns {any} what it gives; what it awaits sees the same
 */
export function withOverride(pairs, run) {
  if (typeof run !== "function") throw new TypeError_("The second argument is not a function.");
  const { contextFunctions, getContext, runWith } = context();
  contextFunctions();
  const changed = new Map_(), before = getContext();
  if (before !== undefined) MapPrototypeForEach(before, (value, key) => MapPrototypeSet(changed, key, value));
  for (let i = 0; i < pairs.length; i++) MapPrototypeSet(changed, pairs[i][0], pairs[i][1]);
  return runWith(changed, run, undefined, []);
}
