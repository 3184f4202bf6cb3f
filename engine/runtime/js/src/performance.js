/**
 * performance (https://w3c.github.io/hr-time/). As on Workers time stands still while code computes there,
 * but here the clock is this machine's and only its resolution, a millisecond, is kept.
 */
import { EventTarget } from "./event-target.js";
import { load } from "./lazy.js";
import { DateNow, TypeError_ } from "./primordials.js";
import { defineInterface, requireArguments } from "./webidl.js";

const TOKEN = {};
const origin = DateNow();

export class Performance extends EventTarget {
  #brand;
  constructor(token = undefined) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    super();
  }
  get timeOrigin() { return (this.#brand, origin); }
  now() { return (this.#brand, DateNow() - origin); }
  toJSON() { return (this.#brand, { timeOrigin: origin }); }

  // The timeline is a lazy bundle (src/performance).
  mark(markName, markOptions = undefined) {
    void this.#brand;
    requireArguments(arguments.length, 1, "Performance.mark");
    return load("user-timing").mark(markName, markOptions);
  }
  clearMarks(markName = undefined) {
    void this.#brand;
    load("user-timing").clear("mark", markName === undefined ? undefined : `${markName}`);
  }
  measure(measureName, startOrMeasureOptions = undefined, endMark = undefined) {
    void this.#brand;
    requireArguments(arguments.length, 1, "Performance.measure");
    return load("user-timing").measure(`${measureName}`, startOrMeasureOptions, endMark);
  }
  clearMeasures(measureName = undefined) {
    void this.#brand;
    load("user-timing").clear("measure", measureName === undefined ? undefined : `${measureName}`);
  }
  /** There are no resource entries here, so there is nothing to clear and no buffer to fill. */
  clearResourceTimings() { void this.#brand; }
  setResourceTimingBufferSize(maxSize) {
    void this.#brand;
    requireArguments(arguments.length, 1, "Performance.setResourceTimingBufferSize");
  }
  getEntries() { return (this.#brand, load("user-timing").selectAll()); }
  getEntriesByType(type) {
    void this.#brand;
    requireArguments(arguments.length, 1, "Performance.getEntriesByType");
    return load("user-timing").selectAll(undefined, `${type}`);
  }
  getEntriesByName(name, type = undefined) {
    void this.#brand;
    requireArguments(arguments.length, 1, "Performance.getEntriesByName");
    return load("user-timing").selectAll(`${name}`, type === undefined ? undefined : `${type}`);
  }
}
defineInterface(Performance, "Performance");

export const performance = new Performance(TOKEN);
/** @returns {number} milliseconds since the isolate started */
export const sinceOrigin = () => DateNow() - origin;
