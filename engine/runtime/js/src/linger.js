/**
 * What an object has under way keeps its event open, beyond the answer too: timers and calls that nobody awaits
 * live as long as the object does (https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/).
 * A worker's end with its event.
 *
 * @typedef {import("./events.js").Event_} Event_
 */
import { close, hold, release } from "./context.js";
import { ArrayPrototypePush } from "./primordials.js";
import { DONE, post, TIMER } from "./ring.js";

/** @type {Event_[]} those to let go when all that runs now has come to rest */
let ending = [];

/** Keep an object's event open; pair it with `unlinger`. @param {Event_ | null} event @returns {Event_ | null} it, when it was */
export function linger(event) {
  if (event === null || !event.object || event.ended || event.dead) return null;
  event.lingers++;
  hold(event);
  return event;
}

/** @param {Event_ | null} event */
export function unlinger(event) {
  if (event === null || event.dead || event.ended) return;
  event.lingers--;
  release(event);
}

/** The same, when what goes on with the answer has begun what it begins: at the next tick. @param {Event_ | null} event */
export function unlingerLater(event) {
  if (event === null || event.dead || event.ended) return;
  if (ending.length === 0) post(TIMER, 0, 0, "0", null);
  ArrayPrototypePush(ending, event);
}

/** Let go of those whose answers have come. */
export function rest() {
  const events = ending;
  ending = [];
  for (let i = 0; i < events.length; i++) unlinger(events[i]);
}

/** The object is gone: nothing but its answer and what it streams is waited for. @param {Event_} event */
export function abandon(event) {
  if (event.dead || event.ended) return;
  event.waits -= event.lingers - 1;
  event.lingers = 0;
  event.dead = true;
  release(event);
}

/** The object leaves memory with nothing that it has under way. @param {Event_} event */
export function finish(event) {
  event.dead = true;
  if (event.ended) return;
  close(event);
  post(DONE, 0, event.id, "", null);
}
