/** WebAssembly as the runtime uses it: user code gets another one (code-generation.js). */
export const { Module: WasmModule, Instance: WasmInstance } = WebAssembly;
