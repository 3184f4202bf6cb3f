/**
 * A script's modules to a Program: what linker.js in an isolate instantiates.
 *
 * @typedef {{name: string, type: string, text?: string, base64?: string}} Source
 * @typedef {object} CompiledModule
 * @property {string} name
 * @property {"esm" | "commonjs" | "script" | "text" | "data" | "json" | "wasm"} type
 * @property {string} [code] a script to evaluate (esm, commonjs, script) or the text itself (text, json)
 * @property {string} [data] base64 (data, wasm)
 * @property {string[]} deps module names, or names of builtin modules
 * @property {number[]} stars @property {string[]} exports @property {boolean} tla @property {string[]} dynamic
 * @property {number} headLen @property {[number, number, number][]} shifts
 */
import { builtinNames } from "../src/builtin-names.js";
import { createResolver } from "../src/resolve.js";
import { builtinNamed, importsAsyncHooks, nodeCompatibility, nodeHint, nodeNamesOf, usesWithEnv } from "./node.js";
import { lineAndColumn, parse, Diagnostic } from "./parse.js";
import { transformCommonJs, transformModule } from "./transform.js";
import { needsTypeScript, toJavaScript } from "./typescript.js";

const EMPTY = { deps: [], stars: [], exports: [], forwards: {}, tla: false, dynamic: [], headLen: 0, shifts: [] };

/** Transformed modules by what they were made from: an edit of one module does not pay for the others. */
const cache = new Map();
const CACHE_CHARACTERS = 4_000_000;
let cached = 0;

/**
 * @param {{modules: Source[], main: string, date?: string, flags?: string[]}} input
 * @returns {{program: {main: string, format: string, node?: object, modules: CompiledModule[]}} | {diagnostics: Diagnostic[]}}
 */
export function compileProgram({ modules, main, date = "", flags = [] }) {
  const diagnostics = [];
  const node = nodeCompatibility(date, flags);
  const tracked = (node !== null && modules.some(importsAsyncHooks)) || modules.some(usesWithEnv);
  const compiled = [];
  for (const source of modules) {
    if (source.type === "sourcemap") continue;
    try {
      compiled.push({ name: source.name, type: source.type, ...compileModule(source, tracked) });
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
      diagnostics.push(error);
    }
  }
  const entry = modules.find((module) => module.name === main);
  if (entry === undefined) diagnostics.push(new Diagnostic(main, 1, 1, `The main module '${main}' is not among the modules.`));
  if (diagnostics.length === 0) link(compiled, diagnostics, node);
  if (diagnostics.length > 0) return { diagnostics };
  const format = entry.type === "script" ? "service-worker" : "modules";
  const output = compiled.map(({ forwards: _, dynamic, ...module }) => ({ ...module, dynamic: dynamic.map((one) => one.specifier) }));
  return { program: { main, format, ...(node === null ? {} : { node }), modules: output } };
}

function compileModule({ name, type, text, base64 }, tracked) {
  switch (type) {
    case "esm": case "commonjs": case "script": return transformCached(name, type, text, tracked);
    case "json": checkJson(name, text); return { ...EMPTY, code: text, exports: ["default"] };
    case "text": return { ...EMPTY, code: text, exports: ["default"] };
    case "data": case "wasm": return { ...EMPTY, data: base64, exports: ["default"] };
    default: throw new Diagnostic(name, 1, 1, `Unknown module type '${type}'.`);
  }
}

function transformCached(name, type, text, tracked) {
  const key = `${type}\0${name}\0${tracked}\0${text}`;
  const found = cache.get(key);
  if (found !== undefined) {
    cache.delete(key); // to the end: the least recently used are first
    cache.set(key, found);
    return { ...found, deps: found.deps.map((dep) => ({ ...dep })) };
  }
  const result = transform(name, type, text, tracked);
  cache.set(key, result);
  cached += key.length + result.code.length;
  for (const [old, value] of cache) {
    if (cached <= CACHE_CHARACTERS) break;
    cache.delete(old);
    cached -= old.length + value.code.length;
  }
  return result;
}

function transform(name, type, text, tracked) {
  const source = needsTypeScript(name) ? toJavaScript(text, name, type) : text;
  try {
    if (type === "esm") return transformModule(source, name, tracked);
    if (type === "commonjs") return transformCommonJs(source, name, tracked);
    parse(source, name, "script");
    return { ...EMPTY, code: source };
  } catch (error) {
    if (error instanceof Diagnostic && !needsTypeScript(name)) hintTypeScript(error, text, name);
    throw error;
  }
}

/** A .js file that would be right as TypeScript or JSX is most likely meant to be. */
function hintTypeScript(error, text, name) {
  for (const suffix of [".ts", ".tsx"]) {
    try {
      parse(toJavaScript(text, `hint${suffix}`, "esm"), name, "module");
      error.message += ` (this is ${suffix === ".ts" ? "TypeScript" : "TypeScript or JSX"}: name the module *${suffix})`;
      return;
    } catch (other) {
      if (!(other instanceof Diagnostic)) throw other;
    }
  }
}

function checkJson(name, text) {
  try {
    JSON.parse(text);
  } catch (error) {
    const at = /position (\d+)/.exec(error.message);
    const { line, column } = at ? lineAndColumn(text, Number(at[1])) : lineAndColumn(text, text.length);
    throw new Diagnostic(name, line, column, `SyntaxError: ${error.message.replace(/ \(line \d+ column \d+\)$/, "")}`);
  }
}

/** Resolve every import, and check that the names asked for exist. Replaces deps by module names. */
function link(modules, diagnostics, node) {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const resolve = createResolver([...byName.keys()]);
  const asked = [];
  for (const module of modules) {
    const targets = [];
    for (const { specifier, line, column, names } of module.deps) {
      const target = specifier in builtinNames ? specifier : builtinNamed(specifier, node, (one) => resolve(one, module.name));
      if (target === null) {
        diagnostics.push(new Diagnostic(module.name, line, column, `No such module "${specifier}".${nodeHint(specifier, node) ?? unknownHint(specifier)}`));
      }
      targets.push(target);
      asked.push({ module, target, specifier, names });
    }
    module.deps = targets;
  }
  if (diagnostics.length > 0) return;
  for (const { module, target, specifier, names } of asked) {
    for (const { name, line, column } of names) {
      const found = provides(byName, target, name);
      if (found === true) continue;
      const problem = found === false
        ? `The requested module '${specifier}' does not provide an export named '${name}'`
        : `The requested module '${specifier}' contains conflicting star exports for name '${name}'`;
      diagnostics.push(new Diagnostic(module.name, line, column, `SyntaxError: ${problem}`));
    }
  }
}

const unknownHint = (specifier) => {
  if (/^(?:node|cloudflare):/.test(specifier)) return " This runtime does not have it.";
  return /^[./]/.test(specifier) ? "" : " Packages must be bundled, or added as a module of that name.";
};

/**
 * ResolveExport (https://tc39.es/ecma262/#sec-resolveexport).
 * @returns {boolean | "ambiguous"}
 */
function provides(modules, target, name) {
  const found = origin(modules, target, name, new Set());
  return found === "ambiguous" ? found : found !== null;
}

/** Where a name comes from, as text; null when nowhere. */
function origin(modules, target, name, seen) {
  const builtin = builtinNames[target] ?? nodeNamesOf(target);
  if (builtin !== undefined) return builtin.includes(name) || name === "default" ? `${target}\0${name}` : null;
  const module = modules.get(target);
  if (module.type === "commonjs") return `${target}\0${name}`; // known only when it has run
  const key = `${target}\0${name}`;
  if (seen.has(key)) return null;
  seen.add(key);
  if (module.exports.includes(name)) {
    const forward = module.forwards[name];
    if (forward === undefined) return key;
    return forward.name === null ? `${module.deps[forward.dep]}\0*` : origin(modules, module.deps[forward.dep], forward.name, seen);
  }
  if (name === "default") return null;
  let result = null;
  for (const star of module.stars) {
    const found = origin(modules, module.deps[star], name, seen);
    if (found === "ambiguous") return found;
    if (found !== null && result !== null && found !== result) return "ambiguous";
    result ??= found;
  }
  return result;
}
