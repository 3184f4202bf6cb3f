// The lazy bundles of Node's modules (src/node, vendor/node): a file a bundle. What one file imports from
// another comes from the other's bundle when it runs, so that Buffer or Readable exist once in an isolate.
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { withoutPrimordials } from "./primordials.mjs";

const ROOT = path.dirname(fileURLToPath(import.meta.url));
const OWN = path.join(ROOT, "src", "node");
const VENDOR = path.join(ROOT, "vendor", "node", "lib");

/** @typedef {{name: string, file: string, module: string | null}} Bundle module: what a worker imports, without "node:" */

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
  const vendored = (await scriptsBelow(VENDOR)).map((id) => ({
    name: flat("nodelib", id), file: path.join(VENDOR, `${id}.js`), module: null,
  }));
  return [...own, ...vendored];
}

/** Where `specifier` leads from Node's code or a package: to a file of ours, else undefined. */
function find(specifier, importer) {
  const vendored = /^nodelib:(.+)$/.exec(specifier);
  if (vendored !== null) return path.join(VENDOR, `${vendored[1]}.js`);
  const fromPackage = /[\\/]node_modules[\\/]/.test(importer);
  // Packages write "buffer/" for the npm package of that name: theirs are ours too.
  const id = specifier.replace(/^node:/, "").replace(/\/$/, fromPackage ? "" : "/");
  if (/^\.\.?\//.test(id)) {
    const file = path.resolve(path.dirname(importer), id);
    return file.startsWith(OWN) ? file : undefined;
  }
  if (!/^[a-z_][a-z0-9_]*(?:\/[a-z0-9_]+)*$/.test(id)) return undefined;
  for (const folder of [OWN, VENDOR]) if (existsSync(path.join(folder, `${id}.js`))) return path.join(folder, `${id}.js`);
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
      build.onLoad({ filter: /[\\/]vendor[\\/]node[\\/]lib[\\/]/ }, async ({ path: file }) => ({ contents: await vendoredText(file) }));
    },
  });
}

/** Node's source, with the three names its modules find in scope. */
async function vendoredText(file) {
  const text = await readFile(file, "utf8");
  const process = /\bprocess\./.test(text) ? 'const process=require("process");' : "";
  const binding = /\binternalBinding\(/.test(text) ? 'const internalBinding=require("internal/binding").internalBinding;' : "";
  return `${process}${binding}${withoutPrimordials(text)}`;
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
    ...common, format: "esm", entryPoints: files.filter((file) => !file.startsWith(VENDOR)), outdir: path.join(ROOT, "none"), outbase: ROOT,
    plugins: [{
      name: "others-external",
      setup(build) {
        build.onResolve({ filter: /./ }, (args) => {
          if (args.kind === "entry-point") return undefined;
          if (args.path.startsWith("svc:")) return { path: args.path, external: true };
          const file = find(args.path, args.importer) ?? path.resolve(args.resolveDir, args.path);
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
