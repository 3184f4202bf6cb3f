/**
 * `ctx` (https://developers.cloudflare.com/workers/runtime-apis/context/), and how long an event stays open:
 * until its response is out and every promise given to waitUntil has settled.
 *
 * @typedef {import("./events.js").Event_} Event_
 */
import { describe } from "./errors.js";
import { endEvent } from "./events.js";
import { ObjectDefineProperty, PromisePrototypeThen, PromiseResolve, SymbolToStringTag, TypeError_ } from "./primordials.js";
import { DONE, post, REPORT, WHOLE } from "./ring.js";
import { sweepTimers } from "./timers.js";

const TOKEN = {};

export class ExecutionContext {
  #event;
  constructor(token, event, props) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#event = event;
    ObjectDefineProperty(this, "props", { __proto__: null, value: props ?? {}, writable: true, enumerable: true, configurable: true });
  }
  waitUntil(promise) {
    waitUntil(this.#event, promise);
  }
  passThroughOnException() {
    this.#event.passThrough = true;
  }
}
ObjectDefineProperty(ExecutionContext.prototype, SymbolToStringTag, { __proto__: null, value: "ExecutionContext", configurable: true });

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
  if (event.responded && event.waits === 0 && !event.ended) {
    close(event);
    post(DONE, 0, event.id, "", null);
  }
}

/**
 * The response is on its way. Ends the event if nothing keeps it open.
 * @param {Event_} event
 * @returns {boolean} whether it has ended
 */
export function settle(event) {
  event.responded = true;
  if (event.waits > 0) return false;
  close(event);
  return true;
}

/** @param {Event_} event */
export function close(event) {
  endEvent(event);
  sweepTimers();
}
