/**
 * node:process (https://nodejs.org/docs/latest/api/process.html) as Workers has it: the variables, a clock,
 * nextTick, an event emitter; nothing of a real process.
 */
import { moduleEnv } from "../env.js";
import { load } from "../lazy.js";
import { builtinOf, hasProcessEnv } from "../node.js";
import { ObjectDefineProperty, ReflectApply } from "../primordials.js";
import { sinceOrigin } from "../performance.js";
import { report } from "../timers.js";
import { bind, promiseThen } from "./internal/async-context.js";
import { notImplemented } from "./internal/not-implemented.js";

const VERSION = "22.19.0";

/** Text variables and secrets as they are, JSON ones as text (compatibility flag nodejs_compat_populate_process_env). */
function variables() {
  const env = {};
  if (!hasProcessEnv()) return env;
  const given = moduleEnv();
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (typeof value === "string") env[name] = value;
    else if (value === null || typeof value !== "object" || isData(value)) env[name] = JSON.stringify(value);
  }
  return env;
}
const isData = (value) => Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;

/** What is assigned becomes text, as in a real environment. */
const environment = (target) => new Proxy(target, {
  set: (object, name, value) => Reflect.set(object, name, typeof name === "symbol" ? value : `${value}`),
  defineProperty: (object, name, descriptor) =>
    Reflect.defineProperty(object, name, "value" in descriptor ? { ...descriptor, value: `${descriptor.value}` } : descriptor),
});

function hrtime(before) {
  const now = sinceOrigin();
  const seconds = Math.trunc(now / 1000), nanoseconds = Math.round((now % 1000) * 1e6);
  if (before === undefined) return [seconds, nanoseconds];
  const difference = [seconds - before[0], nanoseconds - before[1]];
  return difference[1] < 0 ? [difference[0] - 1, difference[1] + 1e9] : difference;
}
hrtime.bigint = () => BigInt(Math.round(sinceOrigin() * 1e6));

/** Before any promise's reaction that is not queued yet; as Workers does it, a microtask. */
function nextTick(callback, ...args) {
  if (typeof callback !== "function") {
    const { ERR_INVALID_ARG_TYPE } = load("nodelib-internal-errors").codes;
    throw new ERR_INVALID_ARG_TYPE("callback", "Function", callback);
  }
  const run = bind(callback);
  promiseThen(Promise.resolve(), () => {
    try {
      ReflectApply(run, undefined, args);
    } catch (error) {
      report(error);
    }
  });
}

/** "DeprecationWarning: text" to console.warn, and the event "warning". */
function emitWarning(warning, typeOrOptions, code) {
  const options = typeof typeOrOptions === "object" && typeOrOptions !== null ? typeOrOptions : { type: typeOrOptions, code };
  const error = warning instanceof Error ? warning : Object.assign(new Error(warning), { name: options.type ?? "Warning" });
  if (options.code !== undefined && error.code === undefined) error.code = options.code;
  if (options.detail !== undefined) error.detail = options.detail;
  if (error.name === "DeprecationWarning" && process.noDeprecation) return;
  nextTick(() => {
    console.warn(`(node:1) ${error.code === undefined ? "" : `[${error.code}] `}${error.name}: ${error.message}`);
    process.emit("warning", error);
  });
}

class ProcessExit extends Error {
  constructor(code) {
    super(`The worker called process.exit(${code}).`);
    this.name = "ProcessExit";
    this.code = code;
  }
}

/** stdout and stderr: what is written shows as lines of the console. */
function output(fd, write) {
  let stream;
  return () => (stream ??= makeOutput(fd, write));
}
function makeOutput(fd, print) {
  const { Writable } = load("node-stream").default;
  const { Buffer } = load("node-buffer");
  let rest = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, encoding, done) {
      const lines = (rest + (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString())).split("\n");
      rest = lines.pop();
      for (const line of lines) print(line);
      done();
    },
    final(done) {
      if (rest !== "") print(rest);
      done();
    },
  });
  return Object.assign(stream, { fd, isTTY: false, columns: 80, rows: 24 });
}

const memory = { rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 };

const process = Object.create(Object.create({ constructor: { name: "process" } }), {
  [Symbol.toStringTag]: { value: "process", configurable: true },
});
let environmentProxy;
Object.assign(process, {
  title: "workerd", version: `v${VERSION}`, versions: { node: VERSION }, arch: "x64", platform: "linux",
  release: { name: "node", lts: "Jod", sourceUrl: "", headersUrl: "" }, argv: ["workerd"], argv0: "workerd", execArgv: [], execPath: "",
  pid: 1, ppid: 0, exitCode: undefined, debugPort: 0, noDeprecation: false, throwDeprecation: false, traceDeprecation: false,
  features: {
    inspector: false, debug: false, uv: false, ipv6: true, tls_alpn: true, tls_sni: true, tls_ocsp: true, tls: true,
    cached_builtins: true, require_module: true, typescript: false,
  },
  config: { target_defaults: {}, variables: {} }, allowedNodeEnvironmentFlags: new Set(), report: undefined, _exiting: false,
  nextTick, hrtime, emitWarning,
  cwd: () => workingDirectory,
  chdir(directory) { workingDirectory = load("nodelib-path").resolve(workingDirectory, directory); },
  umask: () => 0o22,
  uptime: () => sinceOrigin() / 1000,
  memoryUsage: Object.assign(() => ({ ...memory }), { rss: () => 0 }),
  constrainedMemory: () => 0, availableMemory: () => 0,
  cpuUsage: () => ({ user: 0, system: 0 }),
  resourceUsage: () => ({ userCPUTime: 0, systemCPUTime: 0, maxRSS: 0 }),
  getuid: () => 0, geteuid: () => 0, getgid: () => 0, getegid: () => 0, getgroups: () => [],
  getActiveResourcesInfo: () => [], _getActiveHandles: () => [], _getActiveRequests: () => [],
  getBuiltinModule: (id) => builtinOf(`${id}`),
  exit(code = process.exitCode ?? 0) { throw new ProcessExit(code); },
  reallyExit: (code) => process.exit(code),
  abort() { throw new ProcessExit("abort"); },
  hasUncaughtExceptionCaptureCallback: () => false,
  setUncaughtExceptionCaptureCallback() {}, setSourceMapsEnabled() {}, ref() {}, unref() {},
});
for (const name of ["binding", "dlopen", "kill", "loadEnvFile", "setegid", "seteuid", "setgid", "setgroups", "setuid", "initgroups", "openStdin"]) {
  process[name] = notImplemented(`process.${name}`);
}
let workingDirectory = "/bundle";

const lazy = (name, get, set) => ObjectDefineProperty(process, name, {
  __proto__: null, get, enumerable: true, configurable: true,
  set: set ?? ((value) => ObjectDefineProperty(process, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true })),
});
lazy("env", () => (environmentProxy ??= environment(variables())), (value) => { environmentProxy = value; });
lazy("stdout", output(1, (line) => console.log("%s", line)));
lazy("stderr", output(2, (line) => console.error("%s", line)));
lazy("stdin", () => {
  const { Readable } = load("node-stream").default;
  const stdin = Object.assign(new Readable({ read() { this.push(null); } }), { fd: 0, isTTY: false });
  ObjectDefineProperty(process, "stdin", { __proto__: null, value: stdin, writable: true, enumerable: true, configurable: true });
  return stdin;
});

// process is an EventEmitter; the class comes when somebody listens.
const EMITTER = [
  "on", "once", "off", "addListener", "removeListener", "removeAllListeners", "prependListener", "prependOnceListener", "emit",
  "listeners", "rawListeners", "listenerCount", "eventNames", "setMaxListeners", "getMaxListeners",
];
let emitting = false;
const ADDERS = ["on", "once", "addListener", "prependListener", "prependOnceListener"];
/** Node's names for what the global scope is told; as in Node, a listener is answer enough. */
const FORWARDED = {
  __proto__: null,
  unhandledRejection: ["unhandledrejection", (event) => {
    if (process.emit("unhandledRejection", event.reason, event.promise)) event.preventDefault();
  }],
  rejectionHandled: ["rejectionhandled", (event) => process.emit("rejectionHandled", event.promise)],
};
for (const name of EMITTER) {
  ObjectDefineProperty(process, name, {
    __proto__: null, writable: true, configurable: true, enumerable: false,
    value(...args) {
      if (!emitting && name === "emit") return false;
      const { EventEmitter } = load("node-events");
      if (!emitting) EventEmitter.call(process);
      emitting = true;
      // The same listener again does nothing.
      if (ADDERS.includes(name) && FORWARDED[args[0]] !== undefined) globalThis.addEventListener(...FORWARDED[args[0]]);
      return ReflectApply(EventEmitter.prototype[name], process, args);
    },
  });
}

export default process;
export const {
  abort, allowedNodeEnvironmentFlags, arch, argv, argv0, availableMemory, chdir, config, constrainedMemory, cpuUsage, cwd, debugPort,
  execArgv, execPath, exit, features, getActiveResourcesInfo, getBuiltinModule, getegid, geteuid, getgid, getgroups, getuid,
  hasUncaughtExceptionCaptureCallback, initgroups, kill, loadEnvFile, memoryUsage, pid, platform, ppid, release, resourceUsage,
  setSourceMapsEnabled, setUncaughtExceptionCaptureCallback, setegid, seteuid, setgid, setgroups, setuid, title, umask, uptime,
  version, versions, on, once, off, addListener, removeListener, removeAllListeners, prependListener, prependOnceListener, emit,
  listeners, rawListeners, listenerCount, eventNames, setMaxListeners, getMaxListeners, binding, dlopen, env,
} = process;
export { emitWarning, hrtime, nextTick };
