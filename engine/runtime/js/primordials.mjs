// What Node's own source calls `primordials`, as expressions: "ArrayPrototypePush" → uncurryThis(Array.prototype.push).
const CLASSES = [
  "AggregateError", "Array", "ArrayBuffer", "BigInt", "Boolean", "DataView", "Date", "Error", "FinalizationRegistry", "Function",
  "Int8Array", "JSON", "Map", "Math", "Number", "Object", "Promise", "Proxy", "RangeError", "Reflect", "RegExp", "Set", "String", "Symbol",
  "SyntaxError", "TypeError", "URIError", "Uint8Array", "WeakMap", "WeakRef", "WeakSet",
].sort((a, b) => b.length - a.length);

/** Node's "safe" classes have a null prototype chain, so that patches of the built-in do not reach them. */
const SAFE = { SafeArrayIterator: "__iterate", SafeStringIterator: "__iterate", SafeStringPrototypeSearch: "((text,pattern)=>text.search(pattern))" };

const PRELUDE =
  "const __g=globalThis,__u=__g.Function.prototype.call.bind.bind(__g.Function.prototype.call)," +
  "__iterate=function(list){return list[__g.Symbol.iterator]()}," +
  "__typed=__g.Object.getPrototypeOf(__g.Uint8Array.prototype);";

const lower = (name) => name[0].toLowerCase() + name.slice(1);

/** `key` of `holder`, at build time: "length", or a symbol's expression. */
function keyOf(holder, rest) {
  if (rest.startsWith("Symbol")) return `[__g.Symbol.${lower(rest.slice(6))}]`;
  for (const key of [lower(rest), rest]) if (key in holder) return `.${key}`;
  throw new Error(`No such primordial: ${rest}`);
}

function member(holder, path, rest) {
  const getter = /^Get([A-Z].*)$/.exec(rest);
  if (getter !== null && !(lower(rest) in holder)) {
    const key = getter[1].startsWith("Symbol") ? `__g.Symbol.${lower(getter[1].slice(6))}` : JSON.stringify(lower(getter[1]));
    return `__u(__g.Object.getOwnPropertyDescriptor(${path},${key}).get)`;
  }
  return `__u(${path}${keyOf(holder, rest)})`;
}

/** @param {string} name @returns {string} an expression */
function expression(name) {
  if (Object.hasOwn(SAFE, name)) return SAFE[name];
  if (name.startsWith("Safe")) return `__g.${name.slice(4)}`;
  if (name.startsWith("TypedArrayPrototype")) {
    return member(Object.getPrototypeOf(Uint8Array.prototype), "__typed", name.slice("TypedArrayPrototype".length));
  }
  const owner = CLASSES.find((one) => name.startsWith(one));
  if (owner === undefined || owner === name) return `__g.${name}`;
  const rest = name.slice(owner.length);
  if (rest === "Prototype") return `__g.${owner}.prototype`;
  const applied = /^Prototype(Push|Unshift)Apply$/.exec(rest);
  if (applied !== null) return `((list,values)=>__g.Array.prototype.${lower(applied[1])}.apply(list,values))`;
  if (rest.startsWith("Prototype")) return member(globalThis[owner].prototype, `__g.${owner}.prototype`, rest.slice(9));
  const spread = /^([A-Z]\w+)Apply$/.exec(rest);
  if (spread !== null) return `((values)=>__g.${owner}.${lower(spread[1])}(...values))`;
  const key = keyOf(globalThis[owner], rest);
  const bound = typeof globalThis[owner][key.slice(1)] === "function";
  return `__g.${owner}${key}${bound ? `.bind(__g.${owner})` : ""}`;
}

/**
 * Node's source with `primordials` replaced, every line where it was.
 * @param {string} text
 * @returns {string}
 */
export function withoutPrimordials(text) {
  return PRELUDE + text.replace(/(?:const|let) \{([^}]*)\} = primordials;/g, (whole, list) => {
    const names = [...list.replace(/\/\/.*/g, "").matchAll(/(\w+)(?:\s*:\s*(\w+))?\s*(?:,|$)/g)];
    const pairs = names.map(([, name, alias]) => `${alias ?? name}=__p_${name}`).join(",");
    const values = [...new Set(names.map(([, name]) => name))].map((name) => `__p_${name}=${expression(name)}`).join(",");
    return `const ${values},${pairs}${whole.replace(/[^\n]/g, "")};`;
  });
}
