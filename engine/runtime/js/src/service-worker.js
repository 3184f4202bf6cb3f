/**
 * The older format: listeners of the global scope
 * (https://developers.cloudflare.com/workers/reference/migrate-to-module-workers/).
 *
 * @typedef {import("./events.js").Event_} Event_
 */
import { waitUntil } from "./context.js";
import { DOMException } from "./dom-exception.js";
import { dispatch, Event, hasListener, setListenerErrorHandler, trust } from "./event-target.js";
import { ArrayPrototypePush, Error_, globalThis_, PromiseReject, PromiseResolve, TypeError_ } from "./primordials.js";
import { report } from "./timers.js";
import { defineInterface } from "./webidl.js";

const NAMES = ["fetch", "scheduled", "queue"];

const TOKEN = {};

export class ExtendableEvent extends Event {
  #event;
  constructor(token = undefined, type = undefined, event = undefined) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    super(type);
    this.#event = event;
  }
  waitUntil(promise) {
    waitUntil(this.#event, promise);
  }
  passThroughOnException() {
    this.#event.passThrough = true;
  }
}
defineInterface(ExtendableEvent, "ExtendableEvent");

let answerOf;

export class FetchEvent extends ExtendableEvent {
  #request;
  #answer;
  constructor(token = undefined, event = undefined, request = undefined) {
    super(token, "fetch", event);
    this.#request = request;
  }
  static {
    answerOf = (event) => event.#answer;
  }
  get request() {
    return this.#request;
  }
  respondWith(response) {
    if (this.#answer !== undefined) throw new DOMException("FetchEvent.respondWith() has already been called.", "InvalidStateError");
    this.#answer = PromiseResolve(response);
  }
}
defineInterface(FetchEvent, "FetchEvent");

export class ScheduledEvent extends ExtendableEvent {
  #controller;
  constructor(token = undefined, event = undefined, controller = undefined) {
    super(token, "scheduled", event);
    this.#controller = controller;
  }
  get scheduledTime() {
    return this.#controller.scheduledTime;
  }
  get cron() {
    return this.#controller.cron;
  }
  noRetry() {
    this.#controller.noRetry = true;
  }
}
defineInterface(ScheduledEvent, "ScheduledEvent");

export class QueueEvent extends ExtendableEvent {
  #batch;
  constructor(token = undefined, event = undefined, batch = undefined) {
    super(token, "queue", event);
    this.#batch = batch;
  }
  get queue() {
    return this.#batch.queue;
  }
  get messages() {
    return this.#batch.messages;
  }
  ackAll() {
    this.#batch.ackAll();
  }
  retryAll(options) {
    this.#batch.retryAll(options);
  }
}
defineInterface(QueueEvent, "QueueEvent");

/** What the listener of the event being fired threw. @type {{error: any} | null} */
let thrown = null;
let firing = false;
setListenerErrorHandler((error) => {
  if (firing) thrown ??= { error };
  else report(error);
});

function fire(event) {
  thrown = null;
  firing = true;
  dispatch(globalThis_, trust(event));
  firing = false;
  return thrown;
}

/** @param {Event_} event @param {Request} request @returns {Promise<any>} */
export function fireFetch(event, request) {
  const fetchEvent = new FetchEvent(TOKEN, event, request);
  const failure = fire(fetchEvent);
  const answer = answerOf(fetchEvent);
  if (answer !== undefined) return answer;
  return PromiseReject(failure === null ? new Error_("The script's fetch listener did not call event.respondWith().") : failure.error);
}

/** @param {Event_} event @param {string} name @param {any} argument */
export function fireScheduled(event, name, argument) {
  if (name !== "scheduled" || !hasListener(globalThis_, name)) return PromiseReject(new Error_(`The script has no listener for ${name}.`));
  const failure = fire(new ScheduledEvent(TOKEN, event, argument));
  return failure === null ? PromiseResolve() : PromiseReject(failure.error);
}

/** @param {Event_} event @param {any} batch */
export function fireQueue(event, batch) {
  if (!hasListener(globalThis_, "queue")) return PromiseReject(new Error_("The script has no listener for queue."));
  const failure = fire(new QueueEvent(TOKEN, event, batch));
  return failure === null ? PromiseResolve() : PromiseReject(failure.error);
}

/** @returns {string[]} the events the script listens to */
export function listenedEvents() {
  const found = [];
  for (let i = 0; i < NAMES.length; i++) if (hasListener(globalThis_, NAMES[i])) ArrayPrototypePush(found, NAMES[i]);
  return found;
}
