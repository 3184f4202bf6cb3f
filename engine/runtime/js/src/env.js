/**
 * `env`: one object a request, so that what a binding does is the request's; and one of the module's own for
 * `import { env } from "cloudflare:workers"`, whose calls belong to whatever runs.
 *
 * @typedef {import("./events.js").Event_} Event_
 */
import { createBinding } from "./bindings/index.js";
import { startCall } from "./channel.js";
import { peek } from "./lazy.js";
import { globalThis_, ObjectDefineProperty, Object_ } from "./primordials.js";

/** Kinds that are values: every request gets the same. */
const PLAIN = { __proto__: null, plain_text: true, secret_text: true, json: true, version_metadata: true };

/** @type {{name: string, className: string | undefined, make: ((event: Event_ | null) => any) | null, value: any}[]} */
let entries = [];
const moduleEnvironment = {};

const set = (target, name, value) =>
  name in Object_.prototype
    ? ObjectDefineProperty(target, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true })
    : (target[name] = value);

/**
 * Take the version's bindings.
 * @param {import("./bindings/index.js").Spec[]} specs by index, which is the call's target
 */
export function loadBindings(specs) {
  entries = [];
  for (let i = 0; i < specs.length; i++) {
    const spec = specs[i];
    const make = (event) => createBinding(spec, (operation, args, body) => startCall(i, operation, args, body, event));
    const className = spec.type === "durable_object_namespace" ? spec.class_name : undefined;
    entries[i] = PLAIN[spec.type] === true
      ? { __proto__: null, name: spec.name, className, make: null, value: make(null) }
      : { __proto__: null, name: spec.name, className, make, value: undefined };
    set(moduleEnvironment, spec.name, entries[i].make === null ? entries[i].value : make(null));
  }
}

/** @param {Event_} event @returns {object} its `env`, the same one each time */
export function envOf(event) {
  if (event.env !== null) return event.env;
  const env = {};
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    set(env, entry.name, entry.make === null ? entry.value : entry.make(event));
  }
  event.env = env;
  return env;
}

/** What withEnv() gives another value of, by async context. */
export const ENV = {};

/** The `env` of the module `cloudflare:workers`: withEnv() gives another one. */
export const moduleEnv = () => peek("loopback")?.override(ENV) ?? moduleEnvironment;

/**
 * The namespace of one of this worker's own Durable Object classes.
 * @param {string} className
 * @param {Event_ | null} event
 * @returns {(() => any) | undefined} makes it; undefined when nothing binds the class
 */
export function namespaceOf(className, event) {
  for (let i = 0; i < entries.length; i++) {
    const { make } = entries[i];
    if (entries[i].className === className) return () => make(event);
  }
  return undefined;
}

/** Service-worker format: every binding is a global. */
export function defineGlobals() {
  for (const name in moduleEnvironment) {
    const value = moduleEnvironment[name];
    ObjectDefineProperty(globalThis_, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  }
}
