/**
 * setTimeout and its kin. The timers stand in a heap by time; the host knows the earliest only, and ticks
 * when it is due. One timer a tick: the microtasks of one run before the next, as the standard has it.
 */
import { describe } from "./errors.js";
import { dispatch, ErrorEvent, hasListener, trust } from "./event-target.js";
import { currentEvent, enter, isExact, liveCount, requireEvent } from "./events.js";
import {
  ArrayPrototypePop, ArrayPrototypePush, ArrayPrototypeSlice, DateNow, globalThis_, JSONParse, MapPrototypeDelete, MapPrototypeGet,
  MapPrototypeSet, Map_, Promise_, PromiseReject, ReflectApply, RegExpPrototypeExec, TypeError_,
} from "./primordials.js";
import { linger, rest, unlinger, unlingerLater } from "./linger.js";
import { addPending, post, REPORT, TIMER } from "./ring.js";

/**
 * @typedef {object} Timer
 * @property {number} id
 * @property {number} at milliseconds as Date.now() gives them
 * @property {number} order of creation: breaks ties
 * @property {Function} run
 * @property {any[]} args
 * @property {number} every milliseconds, -1 when it runs once
 * @property {import("./events.js").Event_ | null} event whose it is
 * @property {boolean} exact whether that is certain
 * @property {import("./events.js").Event_ | null} held the object's event that it keeps open
 */

/** @type {Timer[]} a binary heap; cleared timers stay in it until they come up */
const heap = [];
/** @type {Map<number, Timer>} */
const timers = new Map_();
let lastId = 0, order = 0;
let announced = Infinity;

const before = (a, b) => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(timer) {
  let at = heap.length;
  ArrayPrototypePush(heap, timer);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(timer, heap[parent])) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = timer;
}

function pop() {
  const first = heap[0];
  const last = ArrayPrototypePop(heap);
  const size = heap.length;
  if (size === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}

/** Tell the host when to tick next, if that has become earlier. */
function announce() {
  while (heap.length > 0 && MapPrototypeGet(timers, heap[0].id) !== heap[0]) pop();
  if (heap.length === 0 || heap[0].at >= announced) return;
  announced = heap[0].at;
  const delay = announced - DateNow();
  post(TIMER, 0, 0, `${delay > 0 ? delay : 0}`, null);
}

function milliseconds(value) {
  const delay = +value;
  return delay > 0 ? (delay < 2147483648 ? delay : 1) : 0;
}

function add(run, delay, args, every) {
  if (typeof run !== "function") {
    throw new TypeError_("Failed to execute 'setTimeout' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'function'.");
  }
  requireEvent();
  const event = currentEvent();
  const timer = {
    __proto__: null, id: ++lastId, at: DateNow() + delay, order: ++order, run, args, every, event, exact: isExact(), held: linger(event),
  };
  MapPrototypeSet(timers, timer.id, timer);
  addPending(1);
  push(timer);
  announce();
  return timer.id;
}

function clear(id) {
  const held = take(id);
  if (held !== null) unlinger(held);
}

/** Forget a timer; gives the event that it kept open. */
function take(id) {
  const timer = MapPrototypeGet(timers, +id);
  if (timer === undefined) return null;
  MapPrototypeDelete(timers, timer.id);
  addPending(-1);
  return timer.held;
}

/** A timer ends with its event; one whose event is uncertain, with the last event. */
const isOver = ({ event, exact }) =>
  event !== null && (event.dead || (event.ended && (exact || event.object || liveCount() === 0)));

/** Run the timer that is due. */
export function tick() {
  announced = Infinity;
  rest();
  while (heap.length > 0) {
    const timer = heap[0];
    if (MapPrototypeGet(timers, timer.id) !== timer) {
      pop();
      continue;
    }
    if (timer.at > DateNow()) break;
    pop();
    if (isOver(timer)) {
      clear(timer.id);
      continue;
    }
    let held = null;
    if (timer.every < 0) held = take(timer.id);
    else {
      timer.at = DateNow() + timer.every;
      timer.order = ++order;
      push(timer);
    }
    enter(timer.event);
    try {
      ReflectApply(timer.run, globalThis_, timer.args);
    } catch (error) {
      report(error);
    }
    if (held !== null) unlingerLater(held);
    break;
  }
  announce();
}

/** Forget the timers of events that are over. */
export function sweepTimers() {
  for (let i = 0; i < heap.length; i++) if (isOver(heap[i])) clear(heap[i].id);
}

let reporting = false;

/**
 * An exception nobody caught (https://html.spec.whatwg.org/#report-an-exception): an `error` event on the
 * global scope, and unless a listener prevents that, it is told. The request goes on.
 * @param {any} error
 */
export function report(error) {
  if (!reporting && hasListener(globalThis_, "error")) {
    reporting = true;
    try {
      if (!dispatch(globalThis_, errorEvent(error))) return;
    } finally {
      reporting = false;
    }
  }
  const event = currentEvent();
  post(REPORT, 0, event === null ? 0 : event.id, describe(error), null);
}

function errorEvent(error) {
  const told = JSONParse(describe(error));
  const name = told[0], message = told[1];
  const place = RegExpPrototypeExec(/([^\s()]+):(\d+):(\d+)\)?$/m, told[2]) ?? [null, "", 0, 0];
  const init = {
    __proto__: null, message: `Uncaught ${name}: ${message}`, filename: place[1], lineno: +place[2], colno: +place[3], error, cancelable: true,
  };
  return trust(new ErrorEvent("error", init));
}

export function setTimeout(callback, delay = 0) {
  return add(callback, milliseconds(delay), ArrayPrototypeSlice(arguments, 2), -1);
}
export function setInterval(callback, delay = 0) {
  const every = milliseconds(delay);
  return add(callback, every, ArrayPrototypeSlice(arguments, 2), every < 1 ? 1 : every);
}
export function clearTimeout(id) {
  clear(id);
}
export function clearInterval(id) {
  clear(id);
}

/**
 * `scheduler.wait` (https://developers.cloudflare.com/workers/runtime-apis/scheduler/).
 * @param {number} delay
 * @param {{signal?: AbortSignal}} [options]
 */
export function wait(delay, options = undefined) {
  const signal = options?.signal;
  if (signal?.aborted) return PromiseReject(signal.reason);
  return new Promise_((resolve, reject) => {
    const id = add(resolve, milliseconds(delay), [], -1);
    signal?.addEventListener("abort", () => {
      clear(id);
      reject(signal.reason);
    });
  });
}
