/**
 * V8's own ways to wait, which the host cannot see: WebAssembly's asynchronous compilation is counted as
 * pending, and waiting on shared memory, which would hold the isolate's thread, is taken away (Workers
 * has none either).
 */
import { ObjectDefineProperty, PromisePrototypeThen, ReflectApply, TypeError_ } from "./primordials.js";
import { addPending } from "./ring.js";

const COMPILERS = ["compile", "instantiate"];

export function guardWaiting() {
  for (let i = 0; i < COMPILERS.length; i++) {
    const native = WebAssembly[COMPILERS[i]];
    const counted = {
      [COMPILERS[i]](...args) {
        const promise = ReflectApply(native, WebAssembly, args);
        addPending(1);
        const settled = () => addPending(-1);
        PromisePrototypeThen(promise, settled, settled);
        return promise;
      },
    }[COMPILERS[i]];
    ObjectDefineProperty(counted, "length", { __proto__: null, value: 1, configurable: true });
    ObjectDefineProperty(WebAssembly, COMPILERS[i], { __proto__: null, value: counted, writable: true, enumerable: true, configurable: true });
  }
  delete Atomics.waitAsync;
  ObjectDefineProperty(Atomics, "wait", {
    __proto__: null,
    value: function wait() {
      throw new TypeError_("Atomics.wait cannot be called in this context");
    },
    writable: true, configurable: true,
  });
}
