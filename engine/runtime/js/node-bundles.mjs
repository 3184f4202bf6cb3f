// The lazy bundles of Node's modules (src/node, node-lib.mjs): a file a bundle. What one file imports from
// another comes from the other's bundle when it runs, so that Buffer or Readable exist once in an isolate.
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import * as esbuild from "esbuild";
import { NODE_LIB } from "./node-lib.mjs";
import { withoutPrimordials } from "./primordials.mjs";

const ROOT = path.dirname(fileURLToPath(import.meta.url));
const OWN = path.join(ROOT, "src", "node");

/**
 * @typedef {object} Bundle
 * @property {string} name
 * @property {string} file
 * @property {string | null} [module] what a worker imports, without "node:"; undefined: none of Node's
 * @property {boolean} [vendored] whether it is a file of Node's own
 */

const slashes = (file) => file.split(path.sep).join("/");

async function scriptsBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => slashes(path.relative(folder, path.join(entry.parentPath, entry.name))).slice(0, -3))
    .sort();
}

/** @returns {Promise<Bundle[]>} */
export async function nodeBundles() {
  const flat = (prefix, id) => `${prefix}-${id.replaceAll("/", "-").replaceAll("_", "-")}`;
  const own = (await scriptsBelow(OWN)).map((id) => ({
    name: flat("node", id), file: path.join(OWN, `${id}.js`), module: id.startsWith("internal/") ? null : id,
  }));
  const vendored = (await scriptsBelow(NODE_LIB)).map((id) => ({
    name: flat("nodelib", id), file: path.join(NODE_LIB, `${id}.js`), module: null, vendored: true,
  }));
  return [...own, ...vendored];
}

/** Where `specifier` leads from Node's code or a package: to a file of ours, else undefined. */
function find(specifier, importer) {
  const vendored = /^nodelib:(.+)$/.exec(specifier);
  if (vendored !== null) return path.join(NODE_LIB, `${vendored[1]}.js`);
  // Packages write "buffer/" for the npm package of that name: theirs are ours too.
  const id = specifier.replace(/^node:/, "").replace(/\/$/, "");
  if (/^\.\.?\//.test(id)) {
    const file = path.resolve(path.dirname(importer), id);
    return file.startsWith(OWN) ? file : undefined;
  }
  if (!/^[a-z_][a-z0-9_]*(?:\/[a-z0-9_]+)*$/.test(id)) return undefined;
  for (const folder of [OWN, NODE_LIB]) if (existsSync(path.join(folder, `${id}.js`))) return path.join(folder, `${id}.js`);
  return undefined;
}

/**
 * Imports of other bundles' files become what `load` gives.
 * @param {Bundle[]} bundles all lazy ones
 * @param {Map<string, string[]>} names file → its exports
 * @param {Map<string, Set<string>>} edges filled: file → the files that must be loaded before it
 * @returns {(from: string, useCore: (file: string, names: string[]) => void) => esbuild.Plugin}
 */
export function linkBundles(bundles, names, edges) {
  const byFile = new Map(bundles.map((bundle) => [bundle.file, bundle.name]));
  const lazy = path.join(ROOT, "src", "lazy.js");
  return (from, useCore) => ({
    name: "link-bundles",
    setup(build) {
      build.onResolve({ filter: /./ }, (args) => {
        if (args.kind === "entry-point" || args.namespace !== "file") return undefined;
        const file = find(args.path, args.importer) ?? path.resolve(args.resolveDir, args.path);
        if (file === from || !byFile.has(file)) return undefined;
        useCore(lazy, ["load"]);
        if (args.kind === "import-statement") edges.set(from, (edges.get(from) ?? new Set()).add(file));
        return { path: file, namespace: args.kind === "require-call" ? "bundle-required" : "bundle-imported" };
      });
      const get = (file) => `__core["lazy.js"]().load(${JSON.stringify(byFile.get(file))})`;
      build.onLoad({ filter: /./, namespace: "bundle-required" }, ({ path: file }) => {
        const own = names.get(file)?.includes("default") ? ".default" : "";
        return { contents: `module.exports=${get(file)}${own}` };
      });
      build.onLoad({ filter: /./, namespace: "bundle-imported" }, ({ path: file }) => {
        const exports = names.get(file) ?? [];
        if (exports.length === 0) return { contents: `module.exports=${get(file)}` };
        const pairs = exports.map((name, i) => [name, `e${i}`]);
        return {
          contents: `const {${pairs.map(([a, b]) => `${a}:${b}`)}}=${get(file)};export {${pairs.map(([a, b]) => `${b} as ${a}`)}};`,
        };
      });
    },
  });
}

/** What Node's files call of `process`; other mentions are in the text of errors. */
const USES_PROCESS = /(?<![`'"\w.])process\.(binding|cwd|emitWarning|env|_exiting|nextTick|stderr)\b/g;

/**
 * The bundle of a file of Node's: a function that gives its `module.exports`. Its code is at the function's top,
 * not in another that V8 would skip first and compile later.
 * @param {esbuild.BuildOptions} common
 * @param {Bundle} bundle
 * @param {Map<string, string>} byFile
 * @param {Map<string, string[]>} names
 * @param {Set<string>} codes the errors that anything uses
 * @returns {Promise<string>}
 */
export async function buildVendored(common, { name, file }, byFile, names, codes) {
  let text = (await readFile(file, "utf8")).replace(/^'use strict';$/m, "");
  if (file.endsWith("errors.js")) text = withoutUnusedCodes(text, codes);
  text = text
    .replace(/\bprocess\.platform\b/g, '"linux"')
    .replace(USES_PROCESS, "require('process').$1")
    .replace(/\binternalBinding\(/g, "require('internal/binding').internalBinding(")
    .replace(/\brequire\('([^']+)'\)/g, (_, id) => {
      const found = find(id, file);
      if (found === undefined || !byFile.has(found)) throw new Error(`${file}: nothing is ${id}`);
      return `__load(${JSON.stringify(byFile.get(found))})${names.get(found)?.includes("default") ? ".default" : ""}`;
    });
  const { charset, legalComments, minifySyntax, minifyWhitespace, target, lineLimit } = common;
  // Assigned, since a function that nobody uses would be dropped.
  const { code } = await esbuild.transform(
    `__bundle=(function(__core){"use strict";const __load=__core["lazy.js"]().load,module={exports:{}};let exports=module.exports;${
      withoutPrimordials(text)}\nreturn module.exports})`,
    { charset, legalComments, minifySyntax, minifyWhitespace, target, lineLimit },
  );
  return `(${code.trim().slice("__bundle=".length).replace(/;$/, "")})\n//# sourceURL=internal:${name}\n`;
}

/** Node's 350 codes, of which most are of modules that are not here. @param {string} text @param {Set<string>} used */
function withoutUnusedCodes(text, used) {
  const { body } = parse(text, { ecmaVersion: "latest", sourceType: "script" });
  const drop = body.filter(({ type, expression }) =>
    type === "ExpressionStatement" && expression.callee?.name === "E" && !used.has(expression.arguments[0].value));
  for (const { start, end } of drop.reverse()) text = text.slice(0, start) + text.slice(end);
  return text;
}

/** The codes of errors that anything mentions. @param {Bundle[]} bundles @returns {Promise<Set<string>>} */
export async function usedCodes(bundles) {
  const used = new Set();
  for (const { file } of bundles.filter((bundle) => bundle.module !== undefined)) {
    const text = await readFile(file, "utf8");
    const mentions = file.endsWith("errors.js") ? text.replace(/^E\('ERR_\w+'/gm, "") : text;
    for (const [code] of mentions.matchAll(/\bERR_[A-Z0-9_]+/g)) used.add(code);
  }
  return used;
}

/**
 * Export names of each file; those of CommonJS files are none.
 * @param {esbuild.BuildOptions} common
 * @param {string[]} files
 * @returns {Promise<Map<string, string[]>>}
 */
export async function exportsOfBundles(common, files) {
  const known = new Set(files);
  const inside = slashes(path.join(ROOT, "src"));
  const { metafile } = await esbuild.build({
    ...common, format: "esm", entryPoints: files.filter((file) => !file.startsWith(NODE_LIB)), outdir: path.join(ROOT, "none"), outbase: ROOT,
    plugins: [{
      name: "others-external",
      setup(build) {
        build.onResolve({ filter: /./ }, (args) => {
          if (args.kind === "entry-point") return undefined;
          if (args.path.startsWith("svc:")) return { path: args.path, external: true };
          const relative = args.path.startsWith(".") ? path.resolve(args.resolveDir, args.path) : "";
          const file = find(args.path, args.importer) ?? relative;
          return known.has(file) || slashes(file).startsWith(inside) ? { path: file, external: true } : undefined;
        });
      },
    }],
  });
  return new Map(Object.values(metafile.outputs).map((output) => [path.join(ROOT, output.entryPoint), output.exports]));
}

/** Two bundles that need each other first could not be loaded. @param {Map<string, Set<string>>} edges */
export function refuseCycles(edges) {
  const done = new Set();
  const visit = (file, trail) => {
    if (trail.includes(file)) throw new Error(`A cycle of bundles: ${[...trail, file].map((one) => path.basename(one)).join(" → ")}`);
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
}

/**
 * `import { nodeNames } from "svc:node-names"`: what each of Node's modules exports.
 * @param {Bundle[]} bundles
 * @param {Map<string, string[]>} names
 * @returns {esbuild.Plugin}
 */
export function nodeNames(bundles, names) {
  const table = Object.fromEntries(bundles.filter(({ module }) => module).map(({ module, file }) => [module, names.get(file)]));
  return {
    name: "node-names",
    setup(build) {
      build.onResolve({ filter: /^svc:node-names$/ }, () => ({ path: "names", namespace: "node-names" }));
      build.onLoad({ filter: /./, namespace: "node-names" }, () => ({
        contents: `export const nodeNames = ${JSON.stringify(table)}; export const nodeModules = ${JSON.stringify(Object.keys(table))};`,
      }));
    },
  };
}
