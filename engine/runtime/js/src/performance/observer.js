/** PerformanceObserver (https://w3c.github.io/performance-timeline/#the-performanceobserver-interface). */
import { DOMException } from "../dom-exception.js";
import {
  ArrayPrototypeIncludes, ArrayPrototypePush, ArrayPrototypeSlice, ArrayPrototypeSplice, ArrayPrototypeIndexOf, ObjectFreeze,
  PromisePrototypeThen, PromiseResolve, ReflectApply, TypeError_,
} from "../primordials.js";
import { isStarted } from "../events.js";
import { report, setTimeout } from "../timers.js";
import { defineInterface, isObject, requireArguments, toDictionary, toSequence } from "../webidl.js";
import { droppedOf, onEntry, select, selectAll } from "./timeline.js";

const TOKEN = {};
const TYPES = ObjectFreeze(["mark", "measure"]);
/** @type {PerformanceObserver[]} those that observe something */
const registered = [];
let queued = false;
let offer, deliver;

export class PerformanceObserverEntryList {
  #entries;
  constructor(token = undefined, entries = undefined) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#entries = entries;
  }
  getEntries() { return select(this.#entries, undefined, undefined); }
  getEntriesByType(type) {
    requireArguments(arguments.length, 1, "PerformanceObserverEntryList.getEntriesByType");
    return select(this.#entries, undefined, `${type}`);
  }
  getEntriesByName(name, type = undefined) {
    requireArguments(arguments.length, 1, "PerformanceObserverEntryList.getEntriesByName");
    return select(this.#entries, `${name}`, type === undefined ? undefined : `${type}`);
  }
}
defineInterface(PerformanceObserverEntryList, "PerformanceObserverEntryList");

export class PerformanceObserver {
  #callback; #buffer = []; #types = []; #kind = ""; #first = true;
  constructor(callback) {
    requireArguments(arguments.length, 1, "PerformanceObserver constructor");
    if (typeof callback !== "function") throw new TypeError_("PerformanceObserver: the callback is not a function.");
    this.#callback = callback;
  }
  static get supportedEntryTypes() { return TYPES; }
  static {
    offer = (self, entry) => {
      if (ArrayPrototypeIncludes(self.#types, entry.entryType)) ArrayPrototypePush(self.#buffer, entry);
    };
    deliver = (self) => {
      if (self.#buffer.length === 0) return;
      const options = {};
      if (self.#first) {
        options.droppedEntriesCount = 0;
        for (let i = 0; i < self.#types.length; i++) options.droppedEntriesCount += droppedOf(self.#types[i]);
      }
      self.#first = false;
      const entries = new PerformanceObserverEntryList(TOKEN, self.takeRecords());
      ReflectApply(self.#callback, self, [entries, self, options]);
    };
  }
  observe(options = undefined) {
    const { buffered, entryTypes, type } = toDictionary(options, "PerformanceObserverInit");
    const several = entryTypes === undefined ? undefined : toTypes(entryTypes);
    const single = type === undefined ? undefined : `${type}`;
    if (several === undefined && single === undefined) throw new TypeError_("observe needs entryTypes or type.");
    if (several !== undefined && (single !== undefined || buffered !== undefined)) {
      throw new TypeError_("observe with entryTypes takes no type or buffered.");
    }
    const kind = several === undefined ? "single" : "multiple";
    if (this.#kind !== "" && this.#kind !== kind) {
      throw new DOMException("An observer takes either entryTypes or type, not both in turn.", "InvalidModificationError");
    }
    this.#kind = kind;
    this.#first = true;
    if (several !== undefined) {
      if (several.length === 0) return;
      this.#types = several;
    } else {
      if (!ArrayPrototypeIncludes(TYPES, single)) return;
      if (!ArrayPrototypeIncludes(this.#types, single)) ArrayPrototypePush(this.#types, single);
    }
    if (!ArrayPrototypeIncludes(registered, this)) ArrayPrototypePush(registered, this);
    if (!buffered) return;
    const past = selectAll(undefined, single);
    for (let i = 0; i < past.length; i++) ArrayPrototypePush(this.#buffer, past[i]);
    if (past.length > 0) queue();
  }
  disconnect() {
    this.#buffer = [];
    this.#types = [];
    this.#kind = "";
    const at = ArrayPrototypeIndexOf(registered, this);
    if (at >= 0) ArrayPrototypeSplice(registered, at, 1);
  }
  takeRecords() {
    const records = this.#buffer;
    this.#buffer = [];
    return records;
  }
}
defineInterface(PerformanceObserver, "PerformanceObserver");

function toTypes(value) {
  if (!isObject(value)) throw new TypeError_("entryTypes is not a sequence.");
  const list = toSequence(value);
  const types = [];
  for (let i = 0; i < list.length; i++) if (ArrayPrototypeIncludes(TYPES, `${list[i]}`)) ArrayPrototypePush(types, `${list[i]}`);
  return types;
}

function queue() {
  if (queued) return;
  queued = true;
  if (isStarted()) setTimeout(run, 0);
  else PromisePrototypeThen(PromiseResolve(), run); // a global scope has no timers
}

function run() {
  queued = false;
  const observers = ArrayPrototypeSlice(registered);
  for (let i = 0; i < observers.length; i++) {
    try {
      deliver(observers[i]);
    } catch (error) {
      report(error);
    }
  }
}

onEntry((entry) => {
  if (registered.length === 0) return;
  for (let i = 0; i < registered.length; i++) offer(registered[i], entry);
  queue();
});
