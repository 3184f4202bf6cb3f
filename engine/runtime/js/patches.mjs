// What esbuild replaces inside third-party packages while it bundles them.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(fileURLToPath(import.meta.url));

/**
 * Imports that are answered by a file of ours, by the package that imports them:
 * whatwg-url needs the encodings only to percent-encode queries of legacy documents, and tr46's
 * 240 KB of tables only for hosts that are not ASCII.
 */
const REPLACED = {
  "readable-stream": { "abort-controller": null }, // it takes the global one
  memfs: { "./print": null }, // draws trees
  "whatwg-url": {
    "@exodus/bytes/encoding.js": null,
    "@exodus/bytes/whatwg.js": "src/url/percent-encoding.js",
    "./encoding": "src/url/encoding.js", // takes TextEncoder from the global scope, where user code has been
    tr46: "src/url/to-ascii.js",
  },
};

/** Where node-inspect-extracted's primordials copy a property of a global: twice, as webpack has shortened it. */
const COPY = /for\(const l of o\(t\)\)\{const o=f\(l\),s=r\(t,l\);/g;

/**
 * node-inspect-extracted binds every method of every global while it loads: three quarters of its 40 ms and half of
 * its memory. Only those are bound now whose names its source has.
 * @param {string} source
 */
function boundWhenNamed(source) {
  if (source.match(COPY)?.length !== 3) throw new Error("node-inspect-extracted has changed: look at its primordials again");
  const names = new Set();
  for (const [word] of source.matchAll(/\b[A-Z][A-Za-z0-9]+[A-Z][A-Za-z0-9]*\b/g)) {
    names.add(word).add(word.replace(/Apply$/, "")).add(word.replace(/Get(?=[A-Z])/, ""));
  }
  return `const __named={__proto__:null,${[...names].map((name) => `${name}:1`)}};`
    + source.replace(COPY, "for(const l of o(t)){const o=f(l);if(!__named[i+o])continue;const s=r(t,l);");
}

/** html-rewriter-wasm as functions that make one instance: it is CommonJS for Node, reads its own file, and is one for all. */
const REWRITER = {
  "html-rewriter-wasm/dist/asyncify.js": (source) => `export function createAsyncify() {
    const assert = (ok) => { if (!ok) throw new Error("HTMLRewriter: lol-html is in the wrong state."); };
    assert.strictEqual = (a, b) => assert(a === b);
    ${cut(source, 'const assert = require("assert");', "module.exports = {")}
    return { awaitPromise, setWasmExports, wrap };
  }`,
  "html-rewriter-wasm/dist/html_rewriter.js": (source) => `import { createAsyncify } from "./asyncify.js";
  export function createLibrary(wasmModule, Instance, TextDecoder, TextEncoder) {
    const module = { exports: {} };
    const { awaitPromise, setWasmExports, wrap } = createAsyncify();
    let dropped;
    ${cut(source, /const \{ awaitPromise[^\n]*\n[^\n]*String\.raw`util`\);/, "const path = require('path')")
    .replace(/(__wbindgen_object_drop_ref = function\(arg0\) \{\s*)takeObject/, "$1dropped = takeObject")
    .replace("handler.bind(this)", "handler")}
    wasm = new Instance(wasmModule, imports).exports;
    setWasmExports(wasm);
    // What WebAssembly has let go since it was last asked: Rust drops a closure when another takes its place.
    module.exports.takeDropped = () => { const last = dropped; dropped = undefined; return last; };
    return module.exports;
  }`,
};

/** A source without one of its parts, and without what follows another. */
function cut(source, part, end) {
  const at = source.indexOf(end);
  if (at < 0 || source.replace(part, "") === source) throw new Error("html-rewriter-wasm has changed: look at REWRITER in patches.mjs");
  return source.slice(0, at).replace(part, "");
}

/**
 * Text replaced in a package's file. Node asks V8 for the properties of an array that are no index; the
 * extracted library lists them all, which takes gigabytes for an array of some millions. V8 skips the
 * indices when only symbols are asked for, so of a very long array those are shown.
 */
const EDITED = {
  "whatwg-url/lib/url-state-machine.js": [
    [
      "module.exports.basicURLParse = function (input, options = {}) {\n",
      `const { plainRecord } = require("../../../src/url/record.js");
      module.exports.basicURLParse = function (input, options = {}) {
        if (options.stateOverride === undefined && options.url === undefined) {
          const plain = plainRecord(input);
          if (plain !== null) return plain;
        }\n`,
    ],
  ],
  "web-streams-polyfill/dist/ponyfill.mjs": [
    // A chunk that a pipe was waiting for is written in a microtask: enqueue() itself runs no sink.
    [
      "_chunkSteps(t){this._state._currentWrite=f(Yt(this._state._writer,t),void 0,e),this._resolvePromise(!1)}",
      "_chunkSteps(t){y(()=>{this._state._currentWrite=f(Yt(this._state._writer,t),void 0,e),this._resolvePromise(!1)})}",
    ],
    // The iterator's prototype inherits from %AsyncIteratorPrototype%, which has Symbol.asyncIterator.
    [
      "return(e){return ve(this)?this._asyncIteratorImpl.return(e):d(we(\"return\"))},[_e](){return this}};",
      "return(e){return ve(this)?this._asyncIteratorImpl.return(e):d(we(\"return\"))}};",
    ],
    [
      "Object.defineProperty(ge,_e,{enumerable:!1});",
      "Object.setPrototypeOf(ge,Object.getPrototypeOf(Object.getPrototypeOf(async function*(){}).prototype));",
    ],
  ],
  // urlpattern-polyfill is of an older draft of the standard.
  "urlpattern-polyfill/dist/urlpattern.js": [
    // Names are of code points.
    ["let i=e.substr(s,1);", "let i=String.fromCodePoint(e.codePointAt(s));"],
    ["{f+=e[s++];continue}break}", "{f+=i,s+=i.length;continue}break}"],
    ['p.value.length>0?p.value[0]:""', 'p.value.length>0?String.fromCodePoint(p.value.codePointAt(0)):""'],
    ['e.ignoreCase?"ui":"u"', 'e.ignoreCase?"vi":"v"'],
    // A scheme begins with a letter; what is no URL's scheme is refused.
    ["if(/^[-+.A-Za-z0-9]*$/.test(e))", "if(/^[A-Za-z][-+.A-Za-z0-9]*$/.test(e))"],
    ['case"wws":', 'case"wss":'],
    // The URL parser's port state: digits, and what follows them is not looked at.
    [
      'if(e===""||/^[0-9]*$/.test(e)&&parseInt(e)<=65535)return e;',
      String.raw`if(e==="")return e;const d=/^[0-9]+/.exec(e.replace(/[\t\n\r]/g,""));if(d!==null&&+d[0]<=65535)return""+ +d[0];`,
    ],
    ['z(t)===e&&(e=""),r||e===""?e:G(e)', 'z(t)===(r||e===""?e:e=G(e))?"":e'],
    // Its hostname state: up to where a path, a query or a fragment begins.
    [
      String.raw`if(/[\t\n\r #%/:<>?@[\]^\\|]/g.test(e))`,
      String.raw`e=e.replace(/[\t\n\r]/g,"").replace(/[/?#\\][^]*$/,"");const t=e===""||/[ :<>@[\]^|]/.test(e)?null:URL.parse("https://"+e);if(t===null)`,
    ],
    ['let t=new URL("https://example.com");return t.hostname=e,t.hostname', "return t.hostname"],
    // null is an empty dictionary, and what is no object is a string.
    ['n=r,typeof t=="string"){let i', 'n=r,t===null&&(t={}),typeof t!="object"&&(t=""+t),typeof t=="string"){let i'],
  ],
  "node-inspect-extracted/dist/inspect.js": [
    [
      "getOwnNonIndexProperties:function(t,e=2){const n=a(t),r=[];",
      "getOwnNonIndexProperties:function(t,e=2){const n=t.length>1e5?{}:a(t),r=[];",
    ],
    boundWhenNamed,
  ],
  // What Workers has not: the error that Workers throws, which names the functions of some modules without the module.
  "unenv/dist/runtime/_internal/utils.mjs": [
    [
      "return new Error(`[unenv] ${name} is not implemented yet!`);",
      `const error = new Error("The " + name.replace(/^(?:inspector|perf_hooks|repl|v8|vm|wasi|worker_threads)\\./, "") + " method is not implemented");
      error.code = "ERR_METHOD_NOT_IMPLEMENTED";
      return error;`,
    ],
    ["throw new Error(`[unenv] ${name} is not implemented yet!`);", "throw createNotImplementedError(name);"],
  ],
  ...Object.fromEntries(Object.entries(REWRITER).map(([name, change]) => [name, [change]])),
};

async function edit(file, list) {
  let contents = await readFile(file, "utf8");
  for (const each of list) {
    if (typeof each === "function") {
      contents = each(contents);
      continue;
    }
    const [old, text] = each;
    if (!contents.includes(old)) throw new Error(`${file} has changed (no ${old}): look at EDITED in patches.mjs`);
    contents = contents.replace(old, () => text);
  }
  return { contents, loader: "js" };
}

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
    for (const [name, list] of Object.entries(EDITED)) {
      const filter = new RegExp(`/node_modules/${name.replaceAll(".", "\\.")}$`.replaceAll("/", "[/\\\\]"));
      build.onLoad({ filter }, (args) => edit(args.path, list));
    }
    build.onLoad({ filter: /./, namespace: "nothing" }, () => ({ contents: "" }));
  },
};
