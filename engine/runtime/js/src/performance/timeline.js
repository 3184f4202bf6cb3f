/** The performance timeline (https://w3c.github.io/performance-timeline/) and its marks and measures. */
import { DOMException } from "../dom-exception.js";
import { sinceOrigin } from "../performance.js";
import { ArrayPrototypePush, TypeError_ } from "../primordials.js";
import { isObject } from "../webidl.js";
import { makeMeasure, PerformanceMark, toTime } from "./entry.js";

/** @typedef {import("./entry.js").PerformanceEntry} PerformanceEntry */

/** The standard has no limit; what nobody clears must not fill the isolate. */
const MOST = 100_000;
/** @type {PerformanceEntry[]} in order of arrival */
let entries = [];
/** How many of a kind did not find room. */
const dropped = { __proto__: null, mark: 0, measure: 0 };
let observe = () => {};

/** @param {(entry: PerformanceEntry) => void} observer told of every entry */
export function onEntry(observer) { observe = observer; }

/** @param {string} type @returns {number} */
export const droppedOf = (type) => dropped[type];

function add(entry) {
  observe(entry);
  if (entries.length < MOST) ArrayPrototypePush(entries, entry);
  else dropped[entry.entryType]++;
  return entry;
}

/**
 * Entries by time, those of the same time as they came.
 * @param {PerformanceEntry[]} list @param {string | undefined} name @param {string | undefined} type
 * @returns {PerformanceEntry[]}
 */
export function select(list, name, type) {
  const found = [];
  for (let i = 0; i < list.length; i++) {
    const entry = list[i];
    if ((name === undefined || entry.name === name) && (type === undefined || entry.entryType === type)) ArrayPrototypePush(found, entry);
  }
  return found.sort((a, b) => a.startTime - b.startTime);
}

/** The timeline's. @param {string} [name] @param {string} [type] */
export const selectAll = (name, type) => select(entries, name, type);

/** @param {string} name @param {any} options */
export const mark = (name, options) => add(new PerformanceMark(name, options));

/** @param {string} type @param {string | undefined} name every one when undefined */
export function clear(type, name) {
  const kept = [];
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    if (entry.entryType !== type || (name !== undefined && entry.name !== name)) ArrayPrototypePush(kept, entry);
  }
  entries = kept;
}

function timeOf(given) {
  if (typeof given === "number") {
    if (given < 0) throw new TypeError_("A timestamp is negative.");
    return given;
  }
  for (let i = entries.length - 1; i >= 0; i--) {
    if (entries[i].entryType === "mark" && entries[i].name === given) return entries[i].startTime;
  }
  throw new DOMException(`The mark "${given}" does not exist.`, "SyntaxError");
}

const stampOrMark = (value, what) => (value === undefined ? undefined : typeof value === "number" ? toTime(value, what) : `${value}`);

/** @param {string} name @param {any} given a mark's name or PerformanceMeasureOptions @param {any} endMark */
export function measure(name, given, endMark) {
  const isOptions = given === undefined || given === null || isObject(given);
  let { detail, duration, end, start } = isOptions && isObject(given) ? given : { __proto__: null };
  duration = duration === undefined ? undefined : toTime(duration, "duration");
  end = stampOrMark(end, "end");
  start = stampOrMark(start, "start");
  if (detail !== undefined || duration !== undefined || end !== undefined || start !== undefined) {
    if (endMark !== undefined) throw new TypeError_("measure takes options or an end mark, not both.");
    if (start === undefined && end === undefined) throw new TypeError_("The options have neither start nor end.");
    if (start !== undefined && duration !== undefined && end !== undefined) {
      throw new TypeError_("The options have start, duration and end.");
    }
  }
  let until;
  if (endMark !== undefined) until = timeOf(`${endMark}`);
  else if (end !== undefined) until = timeOf(end);
  else if (start !== undefined && duration !== undefined) until = timeOf(start) + duration;
  else until = sinceOrigin();
  let from = 0;
  if (start !== undefined) from = timeOf(start);
  else if (duration !== undefined && end !== undefined) from = until - duration;
  else if (!isOptions) from = timeOf(`${given}`);
  return add(makeMeasure(name, from, until - from, detail));
}
