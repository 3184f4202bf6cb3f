/**
 * lol-html (https://github.com/cloudflare/lol-html) as WebAssembly, from html-rewriter-wasm. A rewriter that
 * awaits a handler leaves its frames on the memory's one stack, so each transform has an instance of its own.
 */
import { createLibrary } from "html-rewriter-wasm";
import { hostCallSync } from "../channel.js";
import { TextDecoder } from "../encoding/text-decoder.js";
import { TextEncoder } from "../encoding/text-encoder.js";
import { ArrayPrototypePop, ArrayPrototypePush } from "../primordials.js";
import { WasmInstance, WasmModule } from "../wasm.js";

/** Idle instances kept: one has 1.2 MB of memory. */
const KEPT = 2;
/** @type {WebAssembly.Module | null} */
let module = null;
/** @type {any[]} */
const idle = [];

/** @returns {any} an instance's classes; nobody else uses it until it is given back */
export function takeInstance() {
  if (idle.length > 0) return ArrayPrototypePop(idle);
  module ??= new WasmModule(hostCallSync("source", "wasm", ["html-rewriter"]).bytes);
  return createLibrary(module, WasmInstance, TextDecoder, TextEncoder);
}

/** @param {any} instance one whose rewriters have ended well: what an error has interrupted is left to the garbage collector */
export function giveBack(instance) {
  if (idle.length < KEPT) ArrayPrototypePush(idle, instance);
}
