import { Error_, ObjectDefineProperty, Proxy_, ReflectGet, ReflectHas } from "../primordials.js";

/**
 * A binding of a kind this machine does not have (AI, Vectorize, Browser, …). It may be handed around,
 * printed and tested for; using it says which binding it is.
 *
 * @param {import("./index.js").Spec} spec
 */
export const unavailable = ({ name, type }) => {
  const fail = () => {
    throw new Error_(`Binding "${name}" (${type}) is not available on this machine.`);
  };
  ObjectDefineProperty(fail, "name", { __proto__: null, value: `${name}: not available` });
  return new Proxy_(fail, {
    __proto__: null,
    apply: fail,
    construct: fail,
    // What every function has, symbols, `then` and `toJSON` are asked for by console.log, await and
    // JSON.stringify: not a use.
    get: (target, key) =>
      typeof key === "symbol" || key === "then" || key === "toJSON" || ReflectHas(target, key)
        ? ReflectGet(target, key)
        : fail(),
    set: fail,
  });
};
