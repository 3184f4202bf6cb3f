/**
 * Code from strings and from bytes, which Workers refuses to make
 * (https://developers.cloudflare.com/workers/runtime-apis/web-standards/#javascript-standards). V8 has a switch for
 * a whole isolate; here the linker and the lazy libraries need what user code may not have, so it gets other ones.
 */
import {
  Function_, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectGetPrototypeOf, PromiseReject, ReflectApply,
  ReflectConstruct, TypeError_, evaluateScript, globalThis_,
} from "./primordials.js";
import { WasmModule } from "./wasm.js";
import { isBufferSource } from "./webidl.js";

const EvalError_ = EvalError;
const { CompileError, Module } = WebAssembly;
const { imports: importsOf } = Module;
const STRINGS = "Code generation from strings disallowed for this context";
const BYTES = "Wasm code generation disallowed by embedder";

/** Whether strings become code now: at startup, where the script's compatibility settings say so. */
let allowed = false;
/** @param {boolean} now */
export function allowStrings(now) {
  allowed = now;
}

const hidden = (target, name, value) =>
  ObjectDefineProperty(target, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

/** Put a constructor that asks first in the place of one of V8's, with everything else as it was. */
function replaceConstructor(Native, make, statics) {
  const replacement = make(Native);
  ObjectDefineProperty(replacement, "name", { __proto__: null, value: Native.name, configurable: true });
  ObjectDefineProperty(replacement, "length", { __proto__: null, value: 1, configurable: true });
  ObjectDefineProperty(replacement, "prototype", { __proto__: null, value: Native.prototype, writable: false, enumerable: false, configurable: false });
  for (let i = 0; i < statics.length; i++) {
    ObjectDefineProperty(replacement, statics[i], ObjectGetOwnPropertyDescriptor(Native, statics[i]));
  }
  const fixed = Native !== Function_ && Native !== Module;
  ObjectDefineProperty(Native.prototype, "constructor", { __proto__: null, value: replacement, writable: !fixed, enumerable: false, configurable: true });
  return replacement;
}

const functionOf = (Native) => function (...source) {
  if (!allowed) throw new EvalError_(STRINGS);
  return new.target === undefined ? ReflectApply(Native, undefined, source) : ReflectConstruct(Native, source, new.target);
};

function isModule(value) {
  try {
    ReflectApply(importsOf, Module, [value]);
    return true;
  } catch {
    return false;
  }
}

/** Called once, before any user code. */
export function guardCodeGeneration() {
  const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
  for (let i = 0; i < kinds.length; i++) {
    const Native = ObjectGetPrototypeOf(kinds[i]).constructor;
    const replacement = replaceConstructor(Native, functionOf, []);
    if (Native === Function_) hidden(globalThis_, "Function", replacement);
  }
  hidden(globalThis_, "eval", {
    eval(source) {
      if (typeof source !== "string") return source;
      if (!allowed) throw new EvalError_(STRINGS);
      return evaluateScript(source);
    },
  }.eval);
  hidden(WebAssembly, "Module", replaceConstructor(WasmModule, () => function (bytes) {
    if (new.target === undefined) throw new TypeError_("WebAssembly.Module must be invoked with 'new'");
    if (isBufferSource(bytes)) throw new CompileError(`WebAssembly.Module(): ${BYTES}`);
    return new WasmModule(bytes); // says what is wrong
  }, ["customSections", "exports", "imports"]));
  const { compile, instantiate } = WebAssembly;
  const members = {
    __proto__: null,
    compile(bytes) {
      return isBufferSource(bytes) ? PromiseReject(new CompileError(`WebAssembly.compile(): ${BYTES}`)) : compile(bytes);
    },
    instantiate(source, imports) {
      const misfit = imports !== undefined && typeof imports !== "function" && (typeof imports !== "object" || imports === null);
      if (!misfit && !isModule(source) && isBufferSource(source)) return PromiseReject(new CompileError(`WebAssembly.instantiate(): ${BYTES}`));
      return instantiate(source, imports);
    },
  };
  for (const name in members) {
    ObjectDefineProperty(members[name], "length", { __proto__: null, value: 1, configurable: true });
    ObjectDefineProperty(WebAssembly, name, { __proto__: null, value: members[name], writable: true, enumerable: true, configurable: true });
  }
}
