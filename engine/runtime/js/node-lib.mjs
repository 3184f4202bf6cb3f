// Files of Node's own lib/ that its modules here are built on. They are not in the repository: the Node
// program that runs the build carries them, as text, and gives them out.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The release line whose internals src/node/internal stands in for. */
const MAJOR = 20;

/** What npm has no faithful copy of: both `path`s, the legacy `url`, `assert` with its diffs, the error codes. */
const FILES = [
  "assert", "buffer", "diagnostics_channel", "events", "internal/assert", "internal/assert/assertion_error",
  "internal/assert/calltracker", "internal/buffer", "internal/constants", "internal/errors",
  "internal/events/abort_listener", "internal/fixed_queue", "internal/mime", "internal/querystring",
  "internal/util/comparisons", "internal/util/parse_args/parse_args", "internal/util/parse_args/utils",
  "internal/validators", "path", "querystring", "url", "zlib",
];

/** Where they are while a build runs. */
export const NODE_LIB = path.join(path.dirname(fileURLToPath(import.meta.url)), ".node-lib");

/** Write them out. Another release of Node has other internals: it is refused. */
export async function extractNodeLib() {
  const found = Number(process.versions.node.split(".")[0]);
  if (found !== MAJOR) {
    throw new Error(`build.mjs takes lib/ files from the Node it runs on: use Node ${MAJOR}, this is ${process.version}`);
  }
  process.removeAllListeners("warning"); // process.binding is deprecated, and the only way to them
  const sources = process.binding("natives");
  for (const file of FILES) await keep(`${file}.js`, sources[file]);
  await keep("package.json", '{"type": "commonjs"}\n');
}

/** Write a file unless it is there already: builds may run side by side. */
async function keep(name, text) {
  const target = path.join(NODE_LIB, name);
  if ((await readFile(target, "utf8").catch(() => null)) === text) return;
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
}
