/**
 * `ctx` (https://developers.cloudflare.com/workers/runtime-apis/context/), and how long an event stays open:
 * until its response is out and every promise given to waitUntil has settled.
 *
 * @typedef {import("./events.js").Event_} Event_
 */
import { describe } from "./errors.js";
import { endEvent } from "./events.js";
import { load } from "./lazy.js";
import { ObjectDefineProperty, PromisePrototypeThen, PromiseResolve, Promise_, TypeError_ } from "./primordials.js";
import { holdForRejections } from "./rejections.js";
import { DONE, post, REPORT, WHOLE } from "./ring.js";
import { sweepTimers } from "./timers.js";
import { defineInterface } from "./webidl.js";

const TOKEN = {};
const ILLEGAL =
  "Illegal invocation: function called with incorrect `this` reference. " +
  "See https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.";

/** @type {(context: ExecutionContext) => Event_} */
let eventOf;

/** @type {Record<string, any> | null} what the main module exports; null in service-worker format */
let own = null;
/** @param {Record<string, any> | null} namespace */
export function setOwnExports(namespace) {
  own = namespace;
}

/** What `exports` of cloudflare:workers gives another value of, by async context. */
export const EXPORTS = {};

/** The `exports` of the module `cloudflare:workers`: whatever runs makes the calls. */
export const moduleExports = () => {
  const { createExports, override } = load("loopback");
  return override(EXPORTS) ?? createExports(own, null);
};

export class ExecutionContext {
  #event;
  #exports = null;
  constructor(token, event, props) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#event = event;
    ObjectDefineProperty(this, "props", { __proto__: null, value: props ?? {}, writable: true, enumerable: true, configurable: true });
  }
  waitUntil(promise) {
    waitUntil(eventOf(this), promise);
  }
  passThroughOnException() {
    eventOf(this).passThrough = true;
  }
  static {
    eventOf = (context) => {
      if (typeof context === "object" && context !== null && #event in context) return context.#event;
      throw new TypeError_(ILLEGAL);
    };
  }
  get exports() {
    return (this.#exports ??= load("loopback").createExports(own, this.#event));
  }
}
defineInterface(ExecutionContext, "ExecutionContext");

/** @param {Event_} event @param {any} props @returns {ExecutionContext} */
export const makeContext = (event, props) => new ExecutionContext(TOKEN, event, props);

/** Keep the event open until the promise settles. @param {Event_} event @param {any} promise */
export function waitUntil(event, promise) {
  hold(event);
  PromisePrototypeThen(PromiseResolve(promise), () => release(event), (error) => {
    // WHOLE marks what was thrown after, or beside, the response.
    post(REPORT, WHOLE, event.id, describe(error), null);
    release(event);
  });
}

/** @param {Event_} event */
export function hold(event) {
  event.waits++;
}

/** @param {Event_} event */
export function release(event) {
  event.waits--;
  if (event.waits === 0 && event.idle !== null) event.idle();
  if (event.responded && event.waits === 0 && !event.ended) {
    close(event);
    post(DONE, 0, event.id, "", null);
  }
}

/** Resolves when what waitUntil was given has settled. @param {Event_} event @returns {Promise<void>} */
export const waited = (event) =>
  event.waits === 0
    ? PromiseResolve()
    : new Promise_((resolve) => {
      event.idle = resolve;
    });

/**
 * The response is on its way. Ends the event if nothing keeps it open.
 * @param {Event_} event
 * @returns {boolean} whether it has ended
 */
export function settle(event) {
  event.responded = true;
  holdForRejections(event);
  if (event.waits > 0) return false;
  close(event);
  return true;
}

/** @param {Event_} event */
export function close(event) {
  endEvent(event);
  sweepTimers();
}
