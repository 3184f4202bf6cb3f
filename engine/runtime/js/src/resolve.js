/** How a specifier finds a module of the same script. Used when it is compiled and by dynamic import. */

/** TypeScript is written with the names its output would have. */
const TYPESCRIPT = { __proto__: null, ".js": [".ts", ".tsx"], ".mjs": [".mts"], ".cjs": [".cts"], ".jsx": [".tsx"] };
const SUFFIXES = [".js", ".mjs", ".ts", ".mts", ".tsx", ".jsx", ".cjs", ".json"];

/** "./a/../b.js" → "b.js" @param {string} path @returns {string} */
export function normalizePath(path) {
  const result = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && result.length > 0 && result.at(-1) !== "..") result.pop();
    else result.push(part);
  }
  return result.join("/");
}

/**
 * A resolver over the names of a script's modules.
 * @param {string[]} names
 * @returns {(specifier: string, importer: string) => string | null} a name of `names`, or null
 */
export function createResolver(names) {
  const byPath = new Map();
  for (const name of names) if (!byPath.has(normalizePath(name))) byPath.set(normalizePath(name), name);
  const exact = new Set(names);

  const at = (path) => {
    const found = byPath.get(path);
    if (found !== undefined) return found;
    const dot = /\.[^./]+$/.exec(path)?.[0] ?? "";
    for (const other of TYPESCRIPT[dot] ?? []) {
      const name = byPath.get(path.slice(0, -dot.length) + other);
      if (name !== undefined) return name;
    }
    for (const suffix of SUFFIXES) {
      const name = byPath.get(path + suffix);
      if (name !== undefined) return name;
    }
    return null;
  };

  return (specifier, importer) => {
    const text = specifier.startsWith("file:///") ? specifier.slice(7) : specifier;
    if (text.startsWith("/")) return at(normalizePath(text));
    if (/^\.\.?(?:\/|$)/.test(text)) {
      const folder = normalizePath(importer).replace(/[^/]*$/, "");
      return at(normalizePath(folder + text)) ?? (exact.has(text) ? text : null);
    }
    // A bare name is that of a module, as wrangler uploads them ("abc123-data.wasm", "some-package").
    if (exact.has(text)) return text;
    return at(normalizePath(normalizePath(importer).replace(/[^/]*$/, "") + text)) ?? at(normalizePath(text));
  };
}
