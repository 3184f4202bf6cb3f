/**
 * console.*: each line goes to the host as text, with the place in the user's files that wrote it.
 */
import { currentEvent, isExact } from "./events.js";
import { formatLog, inspect } from "./inspect.js";
import { load } from "./lazy.js";
import {
  ArrayIsArray, ArrayPrototypeSlice, DateNow, Error_, MapPrototypeDelete, MapPrototypeGet, MapPrototypeHas, MapPrototypeSet, Map_,
  ObjectCreate, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, StringPrototypeReplaceAll, SymbolToStringTag, TypeError_,
} from "./primordials.js";
import { CONSOLE, post, quote, WHOLE } from "./ring.js";

const { captureStackTrace } = Error;
/** Enough to get past our own frames and those of a logging library. */
const FRAMES = 12;
let indent = "";

/** The stack here, as text, whatever user code has done to Error. @param {Function} above */
function stackHere(above) {
  const holder = { __proto__: null, stack: "" };
  try {
    const limit = ObjectGetOwnPropertyDescriptor(Error_, "stackTraceLimit");
    if (limit === undefined || limit.writable) Error_.stackTraceLimit = FRAMES;
    captureStackTrace(holder, above);
    const { stack } = holder;
    if (limit === undefined) delete Error_.stackTraceLimit;
    else if (limit.writable) Error_.stackTraceLimit = limit.value;
    return typeof stack === "string" ? stack : "";
  } catch {
    return "";
  }
}

function write(level, text, above) {
  const event = currentEvent();
  if (indent !== "") text = indent + StringPrototypeReplaceAll(text, "\n", `\n${indent}`);
  // A stack takes as long as many a handler: only who wants the place pays for it.
  const stack = event !== null && event.places ? quote(stackHere(above)) : '""';
  post(CONSOLE, isExact() ? WHOLE : 0, event === null ? 0 : event.id, `["${level}",${quote(text)},${stack}]`, null);
}

const printer = (level) => function print() {
  write(level, formatLog(ArrayPrototypeSlice(arguments)), print);
};

const counts = new Map_();
const clocks = new Map_();

const label = (value) => (value === undefined ? "default" : `${value}`);

const methods = {
  __proto__: null,
  log: printer("log"),
  info: printer("info"),
  warn: printer("warn"),
  error: printer("error"),
  debug: printer("debug"),
  trace: function trace() {
    write("trace", formatLog(ArrayPrototypeSlice(arguments)), trace);
  },
  dir: function dir(value, options) {
    write("log", inspect(value, { __proto__: null, customInspect: false, ...options }), dir);
  },
  dirxml: printer("log"),
  table: function table(data, properties) {
    if (properties !== undefined && !ArrayIsArray(properties)) throw new TypeError_("console.table: the properties are not an array.");
    const drawn = typeof data === "object" && data !== null ? load("inspect").drawTable(data, properties) : formatLog([data]);
    write("log", drawn, table);
  },
  assert: function assert(condition) {
    if (condition) return;
    const rest = ArrayPrototypeSlice(arguments, 1);
    write("error", rest.length === 0 ? "Assertion failed" : `Assertion failed: ${formatLog(rest)}`, assert);
  },
  count: function count(name) {
    const key = label(name);
    const n = (MapPrototypeGet(counts, key) ?? 0) + 1;
    MapPrototypeSet(counts, key, n);
    write("info", `${key}: ${n}`, count);
  },
  countReset: function countReset(name) {
    const key = label(name);
    if (!MapPrototypeDelete(counts, key)) write("warn", `Count for '${key}' does not exist`, countReset);
  },
  group: function group() {
    if (arguments.length > 0) write("log", formatLog(ArrayPrototypeSlice(arguments)), group);
    indent += "  ";
  },
  groupEnd: function groupEnd() {
    let shorter = "";
    for (let i = 2; i < indent.length; i += 2) shorter += "  ";
    indent = shorter;
  },
  time: function time(name) {
    const key = label(name);
    if (MapPrototypeHas(clocks, key)) write("warn", `Timer '${key}' already exists`, time);
    else MapPrototypeSet(clocks, key, DateNow());
  },
  timeLog: function timeLog(name) {
    const key = label(name);
    const start = MapPrototypeGet(clocks, key);
    if (start === undefined) {
      write("warn", `Timer '${key}' does not exist`, timeLog);
      return;
    }
    const rest = ArrayPrototypeSlice(arguments, 1);
    write("info", `${key}: ${DateNow() - start}ms${rest.length > 0 ? ` ${formatLog(rest)}` : ""}`, timeLog);
  },
  timeEnd: function timeEnd(name) {
    const key = label(name);
    const start = MapPrototypeGet(clocks, key);
    if (start === undefined) {
      write("warn", `Timer '${key}' does not exist`, timeEnd);
      return;
    }
    MapPrototypeDelete(clocks, key);
    write("info", `${key}: ${DateNow() - start}ms`, timeEnd);
  },
  clear: function clear() {
    indent = "";
  },
  timeStamp() {},
  profile() {},
  profileEnd() {},
};
methods.groupCollapsed = methods.group;

/** @returns {object} the global `console` */
export function makeConsole() {
  // A namespace object has a prototype of its own (https://console.spec.whatwg.org/#console-namespace).
  const console = ObjectCreate({});
  for (const name in methods) {
    ObjectDefineProperty(methods[name], "name", { __proto__: null, value: name, configurable: true });
    ObjectDefineProperty(methods[name], "length", { __proto__: null, value: 0, configurable: true });
    console[name] = methods[name];
  }
  ObjectDefineProperty(console, SymbolToStringTag, { __proto__: null, value: "console", configurable: true });
  return console;
}
