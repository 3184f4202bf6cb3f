/** PerformanceEntry, PerformanceMark and PerformanceMeasure (https://w3c.github.io/user-timing/). */
import { load } from "../lazy.js";
import { sinceOrigin } from "../performance.js";
import { NumberIsFinite, TypeError_ } from "../primordials.js";
import { defineInterface, requireArguments, toDictionary } from "../webidl.js";

const TOKEN = {};
let lastId = 0;

export class PerformanceEntry {
  #name; #entryType; #startTime; #duration; #id = ++lastId;
  constructor(token = undefined, name = undefined, entryType = undefined, startTime = undefined, duration = undefined) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#name = name;
    this.#entryType = entryType;
    this.#startTime = startTime;
    this.#duration = duration;
  }
  get id() { return this.#id; }
  get name() { return this.#name; }
  get entryType() { return this.#entryType; }
  get startTime() { return this.#startTime; }
  get duration() { return this.#duration; }
  get navigationId() { return (this.#id, 0); }
  toJSON() {
    return {
      id: this.#id, name: this.#name, entryType: this.#entryType, startTime: this.#startTime, duration: this.#duration, navigationId: 0,
    };
  }
}
defineInterface(PerformanceEntry, "PerformanceEntry");

/** @param {any} value @param {string} what @returns {number} a DOMHighResTimeStamp */
export function toTime(value, what) {
  const time = +value;
  if (!NumberIsFinite(time)) throw new TypeError_(`${what} is not a finite number.`);
  return time;
}

const clone = (detail) => (detail === undefined || detail === null ? null : load("structured-clone").structuredClone(detail));

export class PerformanceMark extends PerformanceEntry {
  #detail;
  constructor(markName, markOptions = undefined) {
    requireArguments(arguments.length, 1, "PerformanceMark constructor");
    const name = `${markName}`;
    const { detail, startTime } = toDictionary(markOptions, "PerformanceMarkOptions");
    const time = startTime === undefined ? sinceOrigin() : toTime(startTime, "startTime");
    if (time < 0) throw new TypeError_("startTime is negative.");
    super(TOKEN, name, "mark", time, 0);
    this.#detail = clone(detail);
  }
  get detail() { return this.#detail; }
}
defineInterface(PerformanceMark, "PerformanceMark");

export class PerformanceMeasure extends PerformanceEntry {
  #detail;
  constructor(token = undefined, name = undefined, start = undefined, duration = undefined, detail = undefined) {
    super(token, name, "measure", start, duration);
    this.#detail = clone(detail);
  }
  get detail() { return this.#detail; }
}
defineInterface(PerformanceMeasure, "PerformanceMeasure");

/** @param {string} name @param {number} start @param {number} duration @param {any} detail */
export const makeMeasure = (name, start, duration, detail) => new PerformanceMeasure(TOKEN, name, start, duration, detail);
