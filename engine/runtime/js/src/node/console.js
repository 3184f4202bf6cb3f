/** node:console (https://nodejs.org/docs/latest/api/console.html): the global console; Console writes to streams. */
import { notImplemented } from "./internal/not-implemented.js";
import { formatWithOptions, inspect } from "./internal/util/inspect.js";

const { console } = globalThis;
const LEVELS = { log: "stdout", debug: "stdout", info: "stdout", dirxml: "stdout", error: "stderr", warn: "stderr" };

/** @param {any} options streams, or {stdout, stderr, inspectOptions, groupIndentation} @param {any} [stderr] */
export function Console(options, stderr) {
  if (new.target === undefined) return new Console(options, stderr);
  const given = typeof options?.write === "function" ? { stdout: options, stderr } : options;
  if (typeof given?.stdout?.write !== "function") throw new TypeError("Console expects a writable stream instance for stdout");
  const streams = { stdout: given.stdout, stderr: given.stderr ?? given.stdout };
  const counts = new Map(), clocks = new Map();
  let indent = "";
  const write = (stream, args) => {
    const text = formatWithOptions(given.inspectOptions ?? {}, ...args);
    streams[stream].write(`${indent}${text.replaceAll("\n", `\n${indent}`)}\n`);
  };
  for (const [name, stream] of Object.entries(LEVELS)) this[name] = (...args) => write(stream, args);
  this.dir = (value, extra) => write("stdout", [inspect(value, { customInspect: false, ...extra })]);
  this.trace = (...args) => write("stderr", [new Error(formatWithOptions({}, ...args)).stack.replace(/^Error/, "Trace")]);
  this.assert = (condition, ...args) => {
    if (!condition) write("stderr", [args.length === 0 ? "Assertion failed" : `Assertion failed: ${formatWithOptions({}, ...args)}`]);
  };
  this.count = (label = "default") => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    write("stdout", [`${label}: ${counts.get(label)}`]);
  };
  this.countReset = (label = "default") => { counts.delete(label); };
  this.group = (...args) => {
    if (args.length > 0) write("stdout", args);
    indent += " ".repeat(given.groupIndentation ?? 2);
  };
  this.groupCollapsed = this.group;
  this.groupEnd = () => { indent = indent.slice(given.groupIndentation ?? 2); };
  this.time = (label = "default") => { clocks.set(label, performance.now()); };
  this.timeLog = (label = "default", ...args) => { write("stdout", [`${label}: ${performance.now() - clocks.get(label)}ms`, ...args]); };
  this.timeEnd = (label = "default") => {
    this.timeLog(label);
    clocks.delete(label);
  };
  this.table = (value) => write("stdout", [value]);
  this.clear = () => {};
  return this;
}
console.Console ??= Console;

export const {
  assert, clear, count, countReset, debug, dir, dirxml, error, group, groupCollapsed, groupEnd, info, log, profile, profileEnd, table,
  time, timeEnd, timeLog, timeStamp, trace, warn,
} = console;
/** V8's inspector has contexts and tasks; Workers does not. */
export const context = notImplemented("console.context");
export const createTask = notImplemented("console.createTask");
export default console;
