/**
 * The classes that the module `cloudflare:workers` gives to extend
 * (https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/rpc/).
 */
import { Error_, ObjectDefineProperty, TypeError_ } from "./primordials.js";

export class WorkerEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class DurableObject {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class WorkflowEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** What a step throws that is not to be tried again. */
export class NonRetryableError extends Error_ {
  constructor(message, name = "NonRetryableError") {
    super(message);
    ObjectDefineProperty(this, "name", { __proto__: null, value: `${name}`, writable: true, configurable: true });
  }
}

export class RpcTarget {}

/** What a function or RpcTarget of another isolate is an instance of; only the runtime makes them. */
export class RpcStub {
  constructor() {
    throw new TypeError_("Illegal constructor: a stub comes of sending a function or an RpcTarget.");
  }
}

// The bundle's own names are short.
const named = { __proto__: null, WorkerEntrypoint, DurableObject, WorkflowEntrypoint, NonRetryableError, RpcTarget, RpcStub };
for (const name in named) ObjectDefineProperty(named[name], "name", { __proto__: null, value: name, configurable: true });

/** @param {any} value an export @returns {boolean} whether it is a class of Durable Objects, by what it extends */
export const isDurable = (value) => typeof value === "function" && value.prototype instanceof DurableObject;

const EVENTS = ["fetch", "scheduled", "queue", "email", "tail", "trace", "test"];

/** @param {any} value an export @returns {boolean} whether a service binding can name it */
export function isEntrypoint(value) {
  if (typeof value === "function") return value.prototype instanceof WorkerEntrypoint;
  if (typeof value !== "object" || value === null) return false;
  for (let i = 0; i < EVENTS.length; i++) if (typeof value[EVENTS[i]] === "function") return true;
  return false;
}
