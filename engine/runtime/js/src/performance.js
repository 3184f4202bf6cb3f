/**
 * performance (https://w3c.github.io/hr-time/). As on Workers time stands still while code computes there,
 * but here the clock is this machine's and only its resolution, a millisecond, is kept.
 */
import { EventTarget } from "./event-target.js";
import { DateNow, TypeError_ } from "./primordials.js";
import { defineInterface } from "./webidl.js";

const TOKEN = {};
const origin = DateNow();

export class Performance extends EventTarget {
  #brand;
  constructor(token) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    super();
  }
  get timeOrigin() { return (this.#brand, origin); }
  now() { return (this.#brand, DateNow() - origin); }
  toJSON() { return (this.#brand, { timeOrigin: origin }); }
}
defineInterface(Performance, "Performance");

export const performance = new Performance(TOKEN);
/** @returns {number} milliseconds since the isolate started */
export const sinceOrigin = () => DateNow() - origin;
