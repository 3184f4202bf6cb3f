// What esbuild replaces inside third-party packages while it bundles them.
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(fileURLToPath(import.meta.url));

/**
 * Imports that are answered by a file of ours, by the package that imports them:
 * whatwg-url needs the encodings only to percent-encode queries of legacy documents, and tr46's
 * 240 KB of tables only for hosts that are not ASCII.
 */
const REPLACED = {
  "whatwg-url": {
    "@exodus/bytes/encoding.js": null,
    "@exodus/bytes/whatwg.js": "src/url/percent-encoding.js",
    "./encoding": "src/url/encoding.js", // takes TextEncoder from the global scope, where user code has been
    tr46: "src/url/to-ascii.js",
  },
};

/** @type {import("esbuild").Plugin} */
export const patches = {
  name: "patches",
  setup(build) {
    for (const [importer, table] of Object.entries(REPLACED)) {
      build.onResolve({ filter: /./ }, (args) => {
        const inside = args.importer.split(path.sep).join("/").includes(`/node_modules/${importer}/`);
        if (!inside || !Object.hasOwn(table, args.path)) return undefined;
        const file = table[args.path];
        return file === null ? { path: "nothing", namespace: "nothing" } : { path: path.join(ROOT, file) };
      });
    }
    build.onLoad({ filter: /./, namespace: "nothing" }, () => ({ contents: "" }));
  },
};
