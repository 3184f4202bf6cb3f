/** node:timers (https://nodejs.org/docs/latest/api/timers.html): the global timers, as objects. */
import validators from "nodelib:internal/validators";
import { clearTimeout as clear, setInterval as repeat, setTimeout as start } from "../timers.js";
import { bind } from "./internal/async-context.js";
import { notImplemented } from "./internal/not-implemented.js";
import * as promises from "./timers/promises.js";

const { validateFunction } = validators;

const MOST = 2147483647;

/** What setTimeout and setInterval give; as a primitive it is the global timer's number. */
export class Timeout {
  #id; #run; #delay; #args; #repeats; #referenced = true; #over = false;
  constructor(run, delay, args, repeats) {
    this.#run = bind(run);
    this.#delay = delay >= 1 && delay <= MOST ? Math.trunc(delay) : 1;
    this.#args = args;
    this.#repeats = repeats;
    this.#start();
  }
  #start() {
    if (this.#repeats) this.#id = repeat(this.#run, this.#delay, ...this.#args);
    else {
      this.#id = start(() => {
        this.#over = true;
        this.#run(...this.#args);
      }, this.#delay);
    }
  }
  ref() { this.#referenced = true; return this; }
  unref() { this.#referenced = false; return this; }
  hasRef() { return this.#referenced; }
  refresh() {
    if (this.#over && !this.#repeats) this.#over = false;
    clear(this.#id);
    this.#start();
    return this;
  }
  close() { clear(this.#id); return this; }
  get _destroyed() { return this.#over; }
  [Symbol.toPrimitive]() { return this.#id; }
  [Symbol.dispose]() { this.close(); }
}

/** What setImmediate gives. */
export class Immediate {
  #id; #referenced = true;
  constructor(run, args) { this.#id = start(bind(run), 0, ...args); }
  ref() { this.#referenced = true; return this; }
  unref() { this.#referenced = false; return this; }
  hasRef() { return this.#referenced; }
  [Symbol.toPrimitive]() { return this.#id; }
  [Symbol.dispose]() { clear(this.#id); }
}

export function setTimeout(callback, delay = 1, ...args) {
  validateFunction(callback, "callback");
  return new Timeout(callback, +delay, args, false);
}
export function setInterval(callback, delay = 1, ...args) {
  validateFunction(callback, "callback");
  return new Timeout(callback, +delay, args, true);
}
export function setImmediate(callback, ...args) {
  validateFunction(callback, "callback");
  return new Immediate(callback, args);
}
const stop = (timer) => { if (timer !== undefined && timer !== null) clear(+timer); };
export function clearTimeout(timer) { stop(timer); }
export function clearInterval(timer) { stop(timer); }
export function clearImmediate(timer) { stop(timer); }

const custom = Symbol.for("nodejs.util.promisify.custom");
for (const [one, promised] of [[setTimeout, promises.setTimeout], [setImmediate, promises.setImmediate]]) {
  Object.defineProperty(one, custom, { enumerable: true, get: () => promised });
}

export const active = notImplemented("timers.active"), _unrefActive = notImplemented("timers._unrefActive");
export const enroll = notImplemented("timers.enroll"), unenroll = notImplemented("timers.unenroll");
const timersPromises = promises.default;
export { timersPromises as promises };

export default {
  _unrefActive, active, clearImmediate, clearInterval, clearTimeout, enroll, promises: timersPromises, setImmediate, setInterval, setTimeout, unenroll,
};
