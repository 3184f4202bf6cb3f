/** node:module (https://nodejs.org/docs/latest/api/module.html): createRequire and the names; there are no files to load. */
import errors from "nodelib:internal/errors";
import { builtinOf, requireFrom } from "../node.js";
import { nodeModules } from "./internal/names.js";
import { notImplemented, notImplementedError } from "./internal/not-implemented.js";

const { ERR_INVALID_ARG_VALUE } = errors.codes;
const PREFIXED = ["sea", "sqlite", "test", "test/reporters"];

export const builtinModules = nodeModules.map((id) => (PREFIXED.includes(id) ? `node:${id}` : id));

/** @param {string} id @returns {boolean} */
export function isBuiltin(id) {
  const bare = `${id}`.replace(/^node:/, "");
  return nodeModules.includes(bare) && (bare !== id || !PREFIXED.includes(bare));
}

/**
 * @param {string | URL} filename an absolute path or a file: URL; relative requires are resolved from it
 * @returns {(id: string) => any} of Node's modules and the script's own
 */
export function createRequire(filename) {
  const text = `${filename}`;
  if (!/^(?:\/|file:\/\/)/.test(text)) {
    throw new ERR_INVALID_ARG_VALUE("filename", filename, "must be a file URL object, file URL string, or absolute path string");
  }
  const importer = decodeURIComponent(text.replace(/^file:\/\//, "")).replace(/^\/(?:bundle\/)?/, "");
  const require = (id) => {
    if (typeof id !== "string" || id === "") throw new ERR_INVALID_ARG_VALUE("id", id, "must be a non-empty string");
    return builtinOf(id) ?? requireFrom(id, importer);
  };
  require.resolve = Object.assign((id) => id, { paths: () => null });
  require.cache = Object.create(null);
  require.extensions = Object.create(null);
  require.main = undefined;
  return require;
}

const missing = (name) => notImplemented(`module.${name}`);

export class SourceMap {
  constructor() { throw notImplementedError("module.SourceMap"); }
}
export const constants = Object.freeze({
  compileCacheStatus: Object.freeze({ __proto__: null, FAILED: 0, ENABLED: 1, ALREADY_ENABLED: 2, DISABLED: 3 }),
});
export const enableCompileCache = () => ({ status: constants.compileCacheStatus.DISABLED });
export const getCompileCacheDir = () => undefined;
export const findSourceMap = missing("findSourceMap");
export const flushCompileCache = () => {};
export const syncBuiltinESMExports = () => {};
export const register = missing("register"), registerHooks = missing("registerHooks"), runMain = missing("runMain");
export const findPackageJSON = missing("findPackageJSON"), stripTypeScriptTypes = missing("stripTypeScriptTypes");
export const _cache = Object.create(null), _extensions = Object.create(null), _pathCache = Object.create(null), globalPaths = [];
export const _debug = missing("_debug"), _findPath = missing("_findPath"), _initPaths = missing("_initPaths");
export const _load = (id) => createRequire("/")(id);
export const _nodeModulePaths = missing("_nodeModulePaths"), _preloadModules = missing("_preloadModules");
export const _resolveFilename = missing("_resolveFilename"), _resolveLookupPaths = missing("_resolveLookupPaths");

/** Modules are not made by hand here. */
export function Module(id = "") {
  this.id = id;
  this.exports = {};
}
Object.assign(Module, {
  _cache, _debug, _extensions, _findPath, _initPaths, _load, _nodeModulePaths, _pathCache, _preloadModules, _resolveFilename,
  _resolveLookupPaths, builtinModules, constants, createRequire, enableCompileCache, findPackageJSON, findSourceMap, flushCompileCache,
  getCompileCacheDir, globalPaths, isBuiltin, Module, register, registerHooks, runMain, SourceMap, stripTypeScriptTypes, syncBuiltinESMExports,
});
export default Module;
