// Built-ins as they were before any user code ran. The runtime calls these and never a method of an
// object, so that a worker that patches Array.prototype.push breaks itself and not its host.
//
// Names follow Node and Deno: `ArrayPrototypePush(array, value)`, `ObjectKeys(object)`. Internals also
// keep off `for…of`, spread and array destructuring on hot paths, since those look up Symbol.iterator.
// Every value is marked pure: what a bundle does not import costs it nothing.

const { apply, bind, call } = Function.prototype;

/** `uncurryThis(method)(self, ...args)` is `method.call(self, ...args)`. */
export const uncurryThis = /* @__PURE__ */ bind.bind(call);
/** `applyBind(method)(self, args)` is `method.apply(self, args)`. */
export const applyBind = /* @__PURE__ */ bind.bind(apply);

const getter = (prototype, name) => uncurryThis(Object.getOwnPropertyDescriptor(prototype, name).get);
const TypedArrayPrototype = /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype);

export const {
  Array: Array_, ArrayBuffer: ArrayBuffer_, BigInt: BigInt_, Boolean: Boolean_, DataView: DataView_, Date: Date_,
  Error: Error_, Function: Function_, Map: Map_, Number: Number_, Object: Object_, Promise: Promise_, Proxy: Proxy_,
  RangeError: RangeError_, ReferenceError: ReferenceError_, RegExp: RegExp_, Set: Set_, String: String_,
  Symbol: Symbol_, SyntaxError: SyntaxError_, TypeError: TypeError_, Uint8Array: Uint8Array_, WeakMap: WeakMap_,
  WeakRef: WeakRef_, WeakSet: WeakSet_, globalThis: globalThis_,
} = globalThis;

/** The one eval the runtime uses: global scope, as a plain function value. */
export const evaluateScript = /* @__PURE__ */ (() => globalThis.eval)();

export const { isArray: ArrayIsArray, from: ArrayFrom } = Array;
export const { isView: ArrayBufferIsView } = ArrayBuffer;
export const { parse: JSONParse, stringify: JSONStringify } = JSON;
export const { floor: MathFloor, max: MathMax, min: MathMin, trunc: MathTrunc, random: MathRandom } = Math;
export const { isFinite: NumberIsFinite, isInteger: NumberIsInteger, isNaN: NumberIsNaN } = Number;
export const { now: DateNow } = Date;
export const {
  assign: ObjectAssign, create: ObjectCreate, defineProperties: ObjectDefineProperties, defineProperty: ObjectDefineProperty,
  entries: ObjectEntries, freeze: ObjectFreeze, fromEntries: ObjectFromEntries,
  getOwnPropertyDescriptor: ObjectGetOwnPropertyDescriptor, getOwnPropertyNames: ObjectGetOwnPropertyNames,
  getPrototypeOf: ObjectGetPrototypeOf, hasOwn: ObjectHasOwn, is: ObjectIs, isFrozen: ObjectIsFrozen, keys: ObjectKeys,
  preventExtensions: ObjectPreventExtensions, setPrototypeOf: ObjectSetPrototypeOf, values: ObjectValues,
} = Object;
export const {
  apply: ReflectApply, construct: ReflectConstruct, defineProperty: ReflectDefineProperty, get: ReflectGet,
  getOwnPropertyDescriptor: ReflectGetOwnPropertyDescriptor, has: ReflectHas, ownKeys: ReflectOwnKeys, set: ReflectSet,
} = Reflect;
export const { fromCharCode: StringFromCharCode, fromCodePoint: StringFromCodePoint } = String;
export const {
  asyncIterator: SymbolAsyncIterator, hasInstance: SymbolHasInstance, iterator: SymbolIterator,
  toStringTag: SymbolToStringTag, dispose: SymbolDispose, asyncDispose: SymbolAsyncDispose,
} = Symbol;

export const ArrayPrototypeConcat = /* @__PURE__ */ uncurryThis(Array.prototype.concat);
export const ArrayPrototypeFilter = /* @__PURE__ */ uncurryThis(Array.prototype.filter);
export const ArrayPrototypeForEach = /* @__PURE__ */ uncurryThis(Array.prototype.forEach);
export const ArrayPrototypeIncludes = /* @__PURE__ */ uncurryThis(Array.prototype.includes);
export const ArrayPrototypeIndexOf = /* @__PURE__ */ uncurryThis(Array.prototype.indexOf);
export const ArrayPrototypeJoin = /* @__PURE__ */ uncurryThis(Array.prototype.join);
export const ArrayPrototypeMap = /* @__PURE__ */ uncurryThis(Array.prototype.map);
export const ArrayPrototypePop = /* @__PURE__ */ uncurryThis(Array.prototype.pop);
const ArrayPrototype = Array.prototype;
const push = /* @__PURE__ */ uncurryThis(ArrayPrototype.push);
const slot = { __proto__: null, value: undefined, writable: true, enumerable: true, configurable: true };

/**
 * Append one value, as an own property even where user code has put an accessor of that index on
 * Array.prototype or Object.prototype: the built-in would call its setter.
 * @param {any[]} list @param {any} value
 */
export function ArrayPrototypePush(list, value) {
  const { length } = list;
  if (!(length in ArrayPrototype)) push(list, value);
  else {
    slot.value = value;
    ObjectDefineProperty(list, length, slot);
    slot.value = undefined;
  }
}
export const ArrayPrototypeShift = /* @__PURE__ */ uncurryThis(Array.prototype.shift);
export const ArrayPrototypeSlice = /* @__PURE__ */ uncurryThis(Array.prototype.slice);
export const ArrayPrototypeSort = /* @__PURE__ */ uncurryThis(Array.prototype.sort);
export const ArrayPrototypeSplice = /* @__PURE__ */ uncurryThis(Array.prototype.splice);
export const ArrayPrototypeUnshift = /* @__PURE__ */ uncurryThis(Array.prototype.unshift);

export const ArrayBufferPrototypeSlice = /* @__PURE__ */ uncurryThis(ArrayBuffer.prototype.slice);
export const ArrayBufferPrototypeGetByteLength = /* @__PURE__ */ getter(ArrayBuffer.prototype, "byteLength");
export const ArrayBufferPrototypeGetDetached = /* @__PURE__ */ getter(ArrayBuffer.prototype, "detached");
export const ArrayBufferPrototypeTransfer = /* @__PURE__ */ uncurryThis(ArrayBuffer.prototype.transfer);
export const SharedArrayBufferPrototypeGetByteLength = /* @__PURE__ */ getter(SharedArrayBuffer.prototype, "byteLength");
export const DataViewPrototypeGetBuffer = /* @__PURE__ */ getter(DataView.prototype, "buffer");
export const DataViewPrototypeGetByteLength = /* @__PURE__ */ getter(DataView.prototype, "byteLength");
export const DataViewPrototypeGetByteOffset = /* @__PURE__ */ getter(DataView.prototype, "byteOffset");
export const DatePrototypeGetTime = /* @__PURE__ */ uncurryThis(Date.prototype.getTime);
export const DatePrototypeToISOString = /* @__PURE__ */ uncurryThis(Date.prototype.toISOString);
export const ErrorPrototypeToString = /* @__PURE__ */ uncurryThis(Error.prototype.toString);
export const FunctionPrototypeApply = /* @__PURE__ */ uncurryThis(apply);
export const FunctionPrototypeBind = /* @__PURE__ */ uncurryThis(bind);
export const FunctionPrototypeCall = /* @__PURE__ */ uncurryThis(call);
export const FunctionPrototypeToString = /* @__PURE__ */ uncurryThis(Function.prototype.toString);
export const NumberPrototypeToString = /* @__PURE__ */ uncurryThis(Number.prototype.toString);
export const ObjectPrototypeHasOwnProperty = /* @__PURE__ */ uncurryThis(Object.prototype.hasOwnProperty);
export const ObjectPrototypeToString = /* @__PURE__ */ uncurryThis(Object.prototype.toString);

export const MapPrototypeClear = /* @__PURE__ */ uncurryThis(Map.prototype.clear);
export const MapPrototypeDelete = /* @__PURE__ */ uncurryThis(Map.prototype.delete);
export const MapPrototypeForEach = /* @__PURE__ */ uncurryThis(Map.prototype.forEach);
export const MapPrototypeGet = /* @__PURE__ */ uncurryThis(Map.prototype.get);
export const MapPrototypeGetSize = /* @__PURE__ */ getter(Map.prototype, "size");
export const MapPrototypeHas = /* @__PURE__ */ uncurryThis(Map.prototype.has);
export const MapPrototypeSet = /* @__PURE__ */ uncurryThis(Map.prototype.set);
export const SetPrototypeAdd = /* @__PURE__ */ uncurryThis(Set.prototype.add);
export const SetPrototypeClear = /* @__PURE__ */ uncurryThis(Set.prototype.clear);
export const SetPrototypeDelete = /* @__PURE__ */ uncurryThis(Set.prototype.delete);
export const SetPrototypeForEach = /* @__PURE__ */ uncurryThis(Set.prototype.forEach);
export const SetPrototypeGetSize = /* @__PURE__ */ getter(Set.prototype, "size");
export const SetPrototypeHas = /* @__PURE__ */ uncurryThis(Set.prototype.has);
export const WeakMapPrototypeDelete = /* @__PURE__ */ uncurryThis(WeakMap.prototype.delete);
export const WeakMapPrototypeGet = /* @__PURE__ */ uncurryThis(WeakMap.prototype.get);
export const WeakMapPrototypeHas = /* @__PURE__ */ uncurryThis(WeakMap.prototype.has);
export const WeakMapPrototypeSet = /* @__PURE__ */ uncurryThis(WeakMap.prototype.set);
export const WeakRefPrototypeDeref = /* @__PURE__ */ uncurryThis(WeakRef.prototype.deref);
export const WeakSetPrototypeAdd = /* @__PURE__ */ uncurryThis(WeakSet.prototype.add);
export const WeakSetPrototypeHas = /* @__PURE__ */ uncurryThis(WeakSet.prototype.has);

export const PromiseResolve = /* @__PURE__ */ Promise.resolve.bind(Promise);
export const PromiseReject = /* @__PURE__ */ Promise.reject.bind(Promise);
export const PromiseAll = /* @__PURE__ */ Promise.all.bind(Promise);
export const PromiseWithResolvers = /* @__PURE__ */ Promise.withResolvers.bind(Promise);
export const PromisePrototypeThen = /* @__PURE__ */ uncurryThis(Promise.prototype.then);
export const PromisePrototypeCatch = (promise, failed) => PromisePrototypeThen(promise, undefined, failed);

export const RegExpPrototypeExec = /* @__PURE__ */ uncurryThis(RegExp.prototype.exec);
export const RegExpPrototypeTest = (regexp, text) => RegExpPrototypeExec(regexp, text) !== null;

export const StringPrototypeCharCodeAt = /* @__PURE__ */ uncurryThis(String.prototype.charCodeAt);
export const StringPrototypeEndsWith = /* @__PURE__ */ uncurryThis(String.prototype.endsWith);
export const StringPrototypeIncludes = /* @__PURE__ */ uncurryThis(String.prototype.includes);
export const StringPrototypeIndexOf = /* @__PURE__ */ uncurryThis(String.prototype.indexOf);
export const StringPrototypeIsWellFormed = /* @__PURE__ */ uncurryThis(String.prototype.isWellFormed);
export const StringPrototypeLastIndexOf = /* @__PURE__ */ uncurryThis(String.prototype.lastIndexOf);
export const StringPrototypePadStart = /* @__PURE__ */ uncurryThis(String.prototype.padStart);
export const StringPrototypeReplace = /* @__PURE__ */ uncurryThis(String.prototype.replace);
export const StringPrototypeReplaceAll = /* @__PURE__ */ uncurryThis(String.prototype.replaceAll);
export const StringPrototypeSlice = /* @__PURE__ */ uncurryThis(String.prototype.slice);
export const StringPrototypeSplit = /* @__PURE__ */ uncurryThis(String.prototype.split);
export const StringPrototypeStartsWith = /* @__PURE__ */ uncurryThis(String.prototype.startsWith);
export const StringPrototypeToLowerCase = /* @__PURE__ */ uncurryThis(String.prototype.toLowerCase);
export const StringPrototypeToUpperCase = /* @__PURE__ */ uncurryThis(String.prototype.toUpperCase);
export const StringPrototypeToWellFormed = /* @__PURE__ */ uncurryThis(String.prototype.toWellFormed);
export const StringPrototypeTrim = /* @__PURE__ */ uncurryThis(String.prototype.trim);

export const TypedArrayPrototypeFill = /* @__PURE__ */ uncurryThis(TypedArrayPrototype.fill);
export const TypedArrayPrototypeGetBuffer = /* @__PURE__ */ getter(TypedArrayPrototype, "buffer");
export const TypedArrayPrototypeGetByteLength = /* @__PURE__ */ getter(TypedArrayPrototype, "byteLength");
export const TypedArrayPrototypeGetByteOffset = /* @__PURE__ */ getter(TypedArrayPrototype, "byteOffset");
export const TypedArrayPrototypeGetLength = /* @__PURE__ */ getter(TypedArrayPrototype, "length");
export const TypedArrayPrototypeGetToStringTag = /* @__PURE__ */ getter(TypedArrayPrototype, Symbol.toStringTag);
export const TypedArrayPrototypeSet = /* @__PURE__ */ uncurryThis(TypedArrayPrototype.set);
export const TypedArrayPrototypeSlice = /* @__PURE__ */ uncurryThis(TypedArrayPrototype.slice);
export const TypedArrayPrototypeSubarray = /* @__PURE__ */ uncurryThis(TypedArrayPrototype.subarray);
export const Uint8ArrayFromBase64 = /* @__PURE__ */ Uint8Array.fromBase64.bind(Uint8Array);
export const Uint8ArrayPrototypeToBase64 = /* @__PURE__ */ uncurryThis(Uint8Array.prototype.toBase64);
