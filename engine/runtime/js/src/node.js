/**
 * The little of `nodejs_compat` that is always here: Node's modules (src/node) are lazy bundles, and only
 * a program compiled with the flag finds them.
 */
import { defineLazyProperty, load } from "./lazy.js";
import {
  ArrayPrototypeIncludes, ArrayPrototypePush, globalThis_, StringPrototypeReplaceAll, StringPrototypeSlice, StringPrototypeStartsWith,
} from "./primordials.js";

/** @type {{level: 1 | 2, env: boolean, server: boolean, files: boolean, als: boolean} | null} what tools/node.js found */
let compatibility = null;
let requireModule = null;
/** @type {any[]} */
let modules = [];
/** Forgets the AsyncLocalStorage context of what ran before; null while nobody uses one. */
let leaveContext = null;

const GLOBALS = { __proto__: null, Buffer: "node-buffer", clearImmediate: "node-timers", setImmediate: "node-timers" };

/**
 * @param {{level: 1 | 2, env: boolean, server: boolean, files: boolean, als: boolean}} node the program's
 * @param {(specifier: string, importer: string) => any} require
 * @param {any[]} all the program's modules
 */
export function enableNode(node, require, all) {
  compatibility = node;
  modules = all;
  requireModule = require;
  if (node.level < 2) return;
  for (const name in GLOBALS) defineLazyProperty(globalThis_, name, () => load(GLOBALS[name])[name], false);
  defineLazyProperty(globalThis_, "process", () => load("node-process").default, false);
  defineLazyProperty(globalThis_, "global", () => globalThis_, false);
}

/** Whether the program's date and flags bring a part of Node. @param {"server" | "files"} part */
export const nodeHas = (part) => compatibility?.[part] === true;

/** The program's modules as they were compiled. */
export const programModules = () => modules;

/** Whether process.env has the variables. */
export const hasProcessEnv = () => compatibility?.env === true;

/** require() of the program's own modules, for module.createRequire. */
export const requireFrom = (specifier, importer) => requireModule(specifier, importer);

/** @param {string} specifier "node:buffer", or "buffer" @returns {object | undefined} what the module exports */
export function nodeNamespace(specifier) {
  if (compatibility === null) return undefined;
  const prefixed = StringPrototypeStartsWith(specifier, "node:");
  if (!prefixed && compatibility.level < 2) return undefined;
  const id = prefixed ? StringPrototypeSlice(specifier, 5) : specifier;
  if (compatibility.als ? id !== "async_hooks" : !ArrayPrototypeIncludes(load("node-internal-names").nodeModules, id)) return undefined;
  return load(`node-${StringPrototypeReplaceAll(StringPrototypeReplaceAll(id, "/", "-"), "_", "-")}`);
}

/** process.getBuiltinModule: what require() would give. @param {string} specifier @returns {any} */
export const builtinOf = (specifier) => nodeNamespace(specifier)?.default;

/** What modules with CONTEXT_PARAMETERS (tools/await.js) get, added to `list`. @param {any[]} list */
export function pushContextFunctions(list) {
  const functions = load("node-internal-async-context").contextFunctions();
  for (let i = 0; i < functions.length; i++) ArrayPrototypePush(list, functions[i]);
}

/** @param {() => void} leave called before each thing that the host sends */
export function onEnterFrame(leave) { leaveContext = leave; }

/** Something of the host comes in: it has no context. */
export function enterFrame() { if (leaveContext !== null) leaveContext(); }
