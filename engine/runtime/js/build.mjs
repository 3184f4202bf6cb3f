// Builds the bundles that the engine evaluates in V8:  node build.mjs OUT
//
//   OUT/runtime.js     src/main.js: evaluated once in every isolate, so it stays small
//   OUT/tools.js       tools/main.js: the compiler, evaluated in one isolate a process
//   OUT/lazy/NAME.js   src/lazy/NAME.js: a library pulled when a worker first touches it
//   OUT/wasm/NAME.wasm the WebAssembly of such a library
//   OUT/STAMP          SHA-256 of everything here; hatch_build.py rebuilds when it differs
//
// A lazy bundle is the text of `(function (__core) { … return exports })`. What it imports from a
// file that runtime.js already contains comes out of `__core`, so that classes and brands exist once.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { buildVendored, exportsOfBundles, linkBundles, nodeBundles, nodeNames, refuseCycles, usedCodes } from "./node-bundles.mjs";
import { extractNodeLib } from "./node-lib.mjs";
import { patches } from "./patches.mjs";

const ROOT = path.dirname(fileURLToPath(import.meta.url));
const SRC = path.join(ROOT, "src");
const ENTRY = path.join(SRC, "main.js");
const REGISTRY = "svc:core";

/** @type {esbuild.BuildOptions} */
const COMMON = {
  bundle: true,
  write: false,
  metafile: true,
  format: "iife",
  target: "esnext",
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["import", "default"], // not "browser": @exodus/bytes would take TextDecoder for native
  charset: "ascii",
  legalComments: "none",
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: true, // names that show are set by webidl.js defineInterface, or kept (lazy bundles)
  lineLimit: 400, // V8 quotes the whole source line in an error
  logLevel: "warning",
  absWorkingDir: ROOT,
};

/** The path of a file below src/, with forward slashes: the key in the core registry. */
const key = (file) => path.relative(SRC, file).split(path.sep).join("/");

/**
 * `import { core } from "svc:core"`: by file, a function that gives the names lazy bundles import from it.
 * @param {Map<string, Set<string>>} wanted absolute path -> names
 * @returns {esbuild.Plugin}
 */
function registry(wanted) {
  const files = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1));
  const imports = files.map(([file, names], i) =>
    `import {${[...names].map((name) => `${name} as m${i}_${name}`)}} from ${JSON.stringify(file)};`);
  const entries = files.map(([file, names], i) =>
    `${JSON.stringify(key(file))}: () => ({${[...names].map((name) => `${name}: m${i}_${name}`)}})`);
  const contents = `${imports.join("\n")}\nexport const core = {__proto__: null, ${entries.join(",\n")}};`;
  return {
    name: "core-registry",
    setup(build) {
      build.onResolve({ filter: /^svc:core$/ }, () => ({ path: REGISTRY, namespace: "registry" }));
      build.onLoad({ filter: /.*/, namespace: "registry" }, () => ({ contents, resolveDir: SRC }));
    },
  };
}

/**
 * In a lazy bundle: files of the core come from `__core`, others are bundled.
 * @param {Set<string>} core absolute paths
 * @param {Map<string, Set<string>>} wanted filled with the names asked for
 * @returns {esbuild.Plugin}
 */
function external(core, wanted) {
  return {
    name: "core-external",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, async (args) => {
        const file = path.resolve(args.resolveDir, args.path);
        if (!core.has(file)) return undefined;
        const names = importedNames(await readFile(args.importer, "utf8"), args.path);
        wanted.set(file, new Set([...(wanted.get(file) ?? []), ...names]));
        // One module an importer: each takes the names it uses.
        return { path: file, namespace: "core", suffix: `?${names.join(",")}` };
      });
      build.onLoad({ filter: /.*/, namespace: "core" }, (args) => {
        const names = args.suffix.slice(1);
        return { contents: `const {${names}} = __core[${JSON.stringify(key(args.path))}](); export {${names}};` };
      });
    },
  };
}

/** The names a file of ours takes from another, or passes on. @param {string} source @param {string} specifier */
function importedNames(source, specifier) {
  const names = [];
  for (const [, list, from] of source.matchAll(/^(?:import|export) \{([^}]*)\} from "([^"]+)";/gm)) {
    if (from !== specifier) continue;
    for (const one of list.split(",")) if (one.trim() !== "") names.push(one.trim().split(/\s+as\s+/)[0]);
  }
  if (names.length === 0) throw new Error(`no names in the import of ${specifier}: write \`import { … } from\``);
  return names;
}

/** Absolute paths of our own files in a build. */
const inputs = (result) =>
  Object.keys(result.metafile.inputs)
    .filter((name) => name.startsWith("src/"))
    .map((name) => path.join(ROOT, name));

const text = (result) => result.outputFiles[0].text;

async function buildLazy(core, wanted, { name, file }, link, virtual) {
  const useCore = (used, names) => wanted.set(used, new Set([...(wanted.get(used) ?? []), ...names]));
  const result = await esbuild.build({
    ...COMMON,
    entryPoints: [file],
    globalName: "__exports",
    keepNames: true,
    plugins: [external(core, wanted), virtual, link(file, useCore), patches],
    banner: { js: "(function(__core){" },
    footer: { js: `return __exports})\n//# sourceURL=internal:${name}` },
  });
  return text(result);
}

/** By the name the runtime asks for: a package's file. */
const WASM = { "html-rewriter": "html-rewriter-wasm/dist/html_rewriter_bg.wasm" };

async function copyWasm(out) {
  await mkdir(path.join(out, "wasm"), { recursive: true });
  await Promise.all(Object.entries(WASM).map(([name, file]) =>
    copyFile(path.join(ROOT, "node_modules", file), path.join(out, "wasm", `${name}.wasm`))));
}

async function lazyNames() {
  const files = await readdir(path.join(SRC, "lazy")).catch(() => []);
  return files.filter((file) => file.endsWith(".js")).map((file) => file.slice(0, -3)).sort();
}

/** @returns {Promise<{name: string, file: string, module?: string | null}[]>} every lazy bundle */
async function lazyBundles() {
  const plain = (await lazyNames()).map((name) => ({ name, file: path.join(SRC, "lazy", `${name}.js`) }));
  // Node's modules are added beside the rest: without their folder everything else still builds.
  return existsSync(path.join(SRC, "node")) ? [...plain, ...(await nodeBundles())] : plain;
}

/** The digest hatch_build.py computes too: path NUL content NUL of every file, sorted by path. */
async function stamp() {
  const names = (await readdir(ROOT, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .filter((name) => !name.split("/").some((part) => part === "node_modules" || part === ".node-lib"))
    .sort();
  const hash = createHash("sha256");
  for (const name of names) {
    hash.update(`${name}\0`).update(await readFile(path.join(ROOT, name))).update("\0");
  }
  return hash.digest("hex");
}

async function main(out) {
  await extractNodeLib();
  const digest = await stamp();
  const runtime = (plugins) => esbuild.build({
    ...COMMON, entryPoints: [ENTRY], plugins, footer: { js: "//# sourceURL=internal:runtime" },
  });
  const core = new Set(inputs(await runtime([registry(new Map()), patches])));
  const wanted = new Map();
  const bundles = await lazyBundles();
  const names = bundles.map((bundle) => bundle.name);
  const exported = await exportsOfBundles(COMMON, bundles.map((bundle) => bundle.file));
  const edges = new Map();
  const link = linkBundles(bundles, exported, edges);
  const virtual = nodeNames(bundles, exported);
  const byFile = new Map(bundles.map((bundle) => [bundle.file, bundle.name]));
  const codes = await usedCodes(bundles);
  const lazy = await Promise.all(bundles.map((bundle) => (bundle.vendored
    ? buildVendored(COMMON, bundle, byFile, exported, codes)
    : buildLazy(core, wanted, bundle, link, virtual))));
  refuseCycles(edges);
  const main = await runtime([registry(wanted), patches]);
  const tools = await esbuild.build({
    ...COMMON, entryPoints: [path.join(ROOT, "tools/main.js")], plugins: [virtual, patches],
    footer: { js: "//# sourceURL=internal:tools" },
  });
  await mkdir(path.join(out, "lazy"), { recursive: true });
  for (const old of await readdir(path.join(out, "lazy"))) {
    if (!names.includes(old.slice(0, -3))) await rm(path.join(out, "lazy", old));
  }
  await copyWasm(out);
  await Promise.all([
    writeFile(path.join(out, "runtime.js"), text(main)),
    writeFile(path.join(out, "tools.js"), text(tools)),
    ...names.map((name, i) => writeFile(path.join(out, "lazy", `${name}.js`), lazy[i])),
  ]);
  await writeFile(path.join(out, "STAMP"), digest);
}

if (process.argv.length !== 3) {
  console.error("usage: node build.mjs OUT");
  process.exit(2);
}
await main(path.resolve(process.argv[2]));
