/**
 * Promises that are rejected while nobody handles them: `unhandledrejection` and `rejectionhandled` on the global
 * scope (https://html.spec.whatwg.org/multipage/webappapis.html#unhandled-promise-rejections), and a report of what
 * nobody prevented. V8 tells the host, the host has the isolate tick when the microtasks have run, and whatever has
 * no handler by then is told here. Where the host cannot know (engine/runtime/rejections.py), nothing is.
 */
import { hold, release } from "./context.js";
import { describe } from "./errors.js";
import { dispatch, hasListener, PromiseRejectionEvent, trust } from "./event-target.js";
import { enter, eventOf } from "./events.js";
import {
  ArrayPrototypePush, globalThis_, WeakMapPrototypeDelete, WeakMapPrototypeGet, WeakMapPrototypeHas,
  WeakMapPrototypeSet, WeakMap_,
} from "./primordials.js";
import { addPending, END, nextRejection, post, rejected, rejectionEvent, REPORT, takeHanded } from "./ring.js";

const UNHANDLED = 1;

/** @typedef {import("./events.js").Event_} Event_ */

/** @type {WeakMap<Promise<any>, any>} the reasons of what has been told */
const told = new WeakMap_();
/** @type {Event_[]} those that have answered, and whose rejections have not been looked at */
let held = [];

/** Called once, before any code of the program runs. */
export function listenForRejections() {
  nextRejection();
}

/** Keep an event open that has left rejections: else what is told of them would come too late. @param {Event_} event */
export function holdForRejections(event) {
  if (rejected() === 0) return;
  hold(event);
  addPending(1);
  ArrayPrototypePush(held, event);
}

/** Tell of what nobody has handled. */
export function tellRejections() {
  if (rejected() !== 0) {
    const found = [];
    for (let kind = nextRejection(); kind !== 0; kind = nextRejection()) {
      ArrayPrototypePush(found, { __proto__: null, kind, promise: takeHanded(0), reason: takeHanded(1), id: rejectionEvent() });
    }
    for (let i = 0; i < found.length; i++) tell(found[i]);
  }
  const events = held;
  held = [];
  for (let i = 0; i < events.length; i++) {
    addPending(-1);
    release(events[i]);
  }
}

function tell({ kind, promise, reason, id }) {
  enter(eventOf(id) ?? null);
  if (kind !== UNHANDLED) {
    if (!WeakMapPrototypeHas(told, promise)) return;
    send("rejectionhandled", promise, WeakMapPrototypeGet(told, promise), false);
    WeakMapPrototypeDelete(told, promise);
    return;
  }
  WeakMapPrototypeSet(told, promise, reason);
  // END: what the event comes to does not depend on it.
  if (send("unhandledrejection", promise, reason, true)) post(REPORT, END, id, describe(reason), null);
}

/** @returns {boolean} false when a listener has prevented the report */
function send(type, promise, reason, cancelable) {
  if (!hasListener(globalThis_, type)) return true;
  return dispatch(globalThis_, trust(new PromiseRejectionEvent(type, { __proto__: null, promise, reason, cancelable })));
}
