/**
 * The events now under way in this isolate, and which of them is running.
 *
 * Which one runs is exact while one event is under way, and the best guess otherwise: V8 tells nobody on
 * whose behalf a microtask runs.
 */
import {
  ArrayPrototypePush, Error_, MapPrototypeDelete, MapPrototypeForEach, MapPrototypeGet, MapPrototypeGetSize, MapPrototypeSet, Map_,
} from "./primordials.js";
import { setRunning } from "./ring.js";

/**
 * @typedef {object} Event_ one invocation of the worker
 * @property {number} id the host's number
 * @property {boolean} ended nothing more is expected of it
 * @property {boolean} responded
 * @property {number} waits promises of waitUntil that are open, and the response's body
 * @property {boolean} passThrough ctx.passThroughOnException was called
 * @property {Request | null} request
 * @property {boolean} object it is an object's: what it opens lives as long as that one
 * @property {number} lingers how many of `waits` are timers and calls of an object (linger.js)
 * @property {boolean} dead the object that it was for is gone: its timers do not run any more
 * @property {boolean} places somebody wants to know where console lines are written
 * @property {any} env
 * @property {import("./streams.js").ByteSource | null} socket a WebSocket client's messages, when it asked for an upgrade
 * @property {(() => void)[] | null} ends what to do when it ends
 * @property {(() => void) | null} idle what to do when `waits` is 0
 */

/** @type {Map<number, Event_>} */
const live = new Map_();
/** @type {Event_ | null} */
let running = null;
let started = false;

/** @param {number} id @returns {Event_} */
export function beginEvent(id) {
  const event = { id, ended: false, responded: false, waits: 0, passThrough: false, request: null, object: false, lingers: 0, dead: false, places: false, env: null, socket: null, ends: null, idle: null };
  MapPrototypeSet(live, id, event);
  running = event;
  setRunning(id);
  return event;
}

/** @param {Event_} event */
export function endEvent(event) {
  event.ended = true;
  MapPrototypeDelete(live, event.id);
  const { ends } = event;
  event.ends = null;
  for (let i = 0; ends !== null && i < ends.length; i++) ends[i]();
}

/** Do something when an event has ended. @param {Event_} event @param {() => void} run */
export function onEnd(event, run) {
  if (event.ended) run();
  else ArrayPrototypePush((event.ends ??= []), run);
}

/** @param {number} id @returns {Event_ | undefined} */
export const eventOf = (id) => MapPrototypeGet(live, id);

/** Note on whose behalf what comes next runs. @param {Event_ | null} event */
export function enter(event) {
  if (event === null || event.ended) return;
  running = event;
  setRunning(event.id);
}

/** The event that runs now, null outside of any. @returns {Event_ | null} */
export function currentEvent() {
  if (running !== null && !running.ended) return running;
  running = null;
  MapPrototypeForEach(live, (event) => {
    running ??= event;
  });
  return running;
}

/** Whether the handler itself is being called: what it does before its first `await` is certainly its own. */
let calling = false;
/** @param {boolean} now */
export function setCalling(now) {
  calling = now;
}

/** Whether `currentEvent` is certain. */
export const isExact = () => calling || MapPrototypeGetSize(live) <= 1;

export const liveCount = () => MapPrototypeGetSize(live);

/** The global scope has been evaluated: from here on events run. */
export function finishStartup() {
  started = true;
}

/** Whether the global scope has been evaluated. */
export const isStarted = () => started;

/** Workers refuses I/O and timers in the global scope. @throws {Error} */
export function requireEvent() {
  if (started) return;
  throw new Error_(
    "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a timeout, " +
      "and generating random values are not allowed within global scope. To fix this error, perform this operation " +
      "within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/",
  );
}
