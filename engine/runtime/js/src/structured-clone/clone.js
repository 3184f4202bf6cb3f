/** structuredClone (https://html.spec.whatwg.org/#structured-cloning). */
import { blobBytes, blobType, createBlob, isBlob } from "../blob.js";
import { DOMException, isDOMException, isQuotaExceeded, QuotaExceededError } from "../dom-exception.js";
import { fileName, fileOf, isFile } from "../file.js";
import { peek } from "../lazy.js";
import {
  ArrayBufferIsView, ArrayBufferPrototypeGetDetached, ArrayBufferPrototypeTransfer, ArrayIsArray, ArrayPrototypeIncludes, ArrayPrototypePush,
  DataView_, DataViewPrototypeGetBuffer, DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset,
  Date_, DatePrototypeGetTime, Map_, MapPrototypeForEach, MapPrototypeGet, MapPrototypeHas, MapPrototypeSet,
  ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectGetPrototypeOf, ObjectKeys, Object_, RegExp_, Set_,
  SetPrototypeAdd, SetPrototypeForEach, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteOffset,
  TypedArrayPrototypeGetLength, TypedArrayPrototypeGetToStringTag, uncurryThis,
} from "../primordials.js";
import { isArrayBuffer, isSharedArrayBuffer, requireArguments, toDictionary, toSequence } from "../webidl.js";

const ERRORS = { __proto__: null, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
export const arrays = { __proto__: null };
for (const Class of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  globalThis.Float16Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
  if (Class !== undefined) arrays[Class.name] = Class;
}
const isError = Error.isError ?? ((value) => value instanceof Error);
const bufferSlice = uncurryThis(ArrayBuffer.prototype.slice);
const getter = (prototype, name) => uncurryThis(ObjectGetOwnPropertyDescriptor(prototype, name).get);
const maxByteLength = getter(ArrayBuffer.prototype, "maxByteLength");
const isResizable = getter(ArrayBuffer.prototype, "resizable");
export const regexpSource = getter(RegExp.prototype, "source");
export const regexpFlags = getter(RegExp.prototype, "flags");
const toTag = uncurryThis(Object.prototype.toString);

const refuse = (value, what) => {
  let shown;
  try { shown = typeof value === "symbol" ? value.toString() : typeof value === "function" ? `${value}`.slice(0, 60) : `#<${value.constructor?.name ?? "Object"}>`; } catch { shown = "#<Object>"; }
  return new DOMException(`${shown} could not be cloned${what ?? ""}.`, "DataCloneError");
};

/** Whether a method that throws for other classes accepts the value. */
const accepts = (method, value) => {
  try {
    method(value);
    return true;
  } catch {
    return false;
  }
};
const booleanValue = uncurryThis(Boolean.prototype.valueOf);
const numberValue = uncurryThis(Number.prototype.valueOf);
const stringValue = uncurryThis(String.prototype.valueOf);
const bigintValue = uncurryThis(BigInt.prototype.valueOf);
const symbolValue = uncurryThis(Symbol.prototype.valueOf);
const mapSize = getter(Map.prototype, "size");
const setSize = getter(Set.prototype, "size");
const weakMapHas = uncurryThis(WeakMap.prototype.has);
const weakSetHas = uncurryThis(WeakSet.prototype.has);
const weakRefDeref = uncurryThis(WeakRef.prototype.deref);
const regexpTest = getter(RegExp.prototype, "global");

/** The class of an exotic object by its brand; the tag is only tried first because it is usually right. */
export function brandOf(value) {
  if (isArrayBuffer(value)) return "ArrayBuffer";
  if (isSharedArrayBuffer(value)) return "SharedArrayBuffer";
  if (accepts(DatePrototypeGetTime, value)) return "Date";
  if (value !== RegExp_.prototype && accepts(regexpTest, value)) return "RegExp";
  if (accepts(mapSize, value)) return "Map";
  if (accepts(setSize, value)) return "Set";
  if (isError(value)) return "Error";
  if (accepts(booleanValue, value)) return "Boolean";
  if (accepts(numberValue, value)) return "Number";
  if (accepts(stringValue, value)) return "String";
  if (accepts(bigintValue, value)) return "BigInt";
  if (accepts(symbolValue, value) || accepts((x) => weakMapHas(x, x), value) || accepts((x) => weakSetHas(x, x), value) ||
      accepts(weakRefDeref, value)) return "refused";
  return "Object";
}

/** What a Boolean, Number, String or BigInt object holds. @param {object} value */
export function unboxed(value) {
  switch (brandOf(value)) {
    case "Boolean": return booleanValue(value);
    case "Number": return numberValue(value);
    case "String": return stringValue(value);
  }
  return bigintValue(value);
}

class Cloner {
  /** Objects already cloned, and what a transferred one became. @type {Map<object, object>} */
  memory = new Map_();
  /** The copies of views, to be made again on a buffer that moved. @type {[object, (buffer: ArrayBuffer) => object, object][]} */
  views = [];

  clone(value) {
    const type = typeof value;
    if (type === "symbol" || type === "function") throw refuse(value);
    if (value === null || type !== "object") return value;
    if (MapPrototypeHas(this.memory, value)) return MapPrototypeGet(this.memory, value);
    if (ArrayIsArray(value)) return this.properties(value, this.remember(value, new Array(value.length)));
    const prototype = ObjectGetPrototypeOf(value);
    // Plain objects, the most of all, by their prototype and tag: brand checks by try/catch are slow.
    if ((prototype === Object_.prototype || prototype === null) && toTag(value) === "[object Object]" && !isPlatformObject(value)) {
      return this.properties(value, this.remember(value, {}));
    }
    if (ArrayBufferIsView(value)) return this.remember(value, this.view(value));
    return this.exotic(value);
  }

  remember(value, copy) {
    MapPrototypeSet(this.memory, value, copy);
    return copy;
  }

  properties(value, copy) {
    const keys = ObjectKeys(value);
    for (let i = 0; i < keys.length; i++) {
      if (!ObjectGetOwnPropertyDescriptor(value, keys[i])?.enumerable) continue;
      const item = this.clone(value[keys[i]]);
      ObjectDefineProperty(copy, keys[i], { __proto__: null, value: item, writable: true, enumerable: true, configurable: true });
    }
    return copy;
  }

  view(value) {
    const tag = TypedArrayPrototypeGetToStringTag(value);
    if (tag === undefined) {
      const [offset, length] = [DataViewPrototypeGetByteOffset(value), DataViewPrototypeGetByteLength(value)];
      const buffer = DataViewPrototypeGetBuffer(value);
      const size = tracksLength(buffer, offset + length) ? undefined : length;
      return this.viewOf(buffer, (copy) => new DataView_(copy, offset, size));
    }
    const Class = arrays[tag];
    const buffer = TypedArrayPrototypeGetBuffer(value);
    const offset = TypedArrayPrototypeGetByteOffset(value);
    const length = TypedArrayPrototypeGetLength(value);
    const tracks = tracksLength(buffer, offset + length * Class.BYTES_PER_ELEMENT);
    return this.viewOf(buffer, (copy) => (tracks ? new Class(copy, offset) : new Class(copy, offset, length)));
  }

  viewOf(buffer, make) {
    const copy = this.clone(buffer);
    const made = make(copy);
    ArrayPrototypePush(this.views, [made, make, copy]);
    return made;
  }

  exotic(value) {
    if (isFile(value)) return this.remember(value, fileOf(createBlob(blobBytes(value), blobType(value)), fileName(value), value.lastModified));
    if (isBlob(value)) return this.remember(value, createBlob(blobBytes(value), blobType(value)));
    if (isDOMException(value)) {
      const copy = isQuotaExceeded(value)
        ? new QuotaExceededError(value.message, { __proto__: null, quota: value.quota ?? undefined, requested: value.requested ?? undefined })
        : new DOMException(value.message, value.name);
      ObjectDefineProperty(copy, "stack", { __proto__: null, value: value.stack, writable: true, configurable: true });
      return this.remember(value, copy);
    }
    switch (brandOf(value)) {
      case "ArrayBuffer": return this.remember(value, cloneBuffer(value));
      case "SharedArrayBuffer": throw refuse(value);
      case "Date": return this.remember(value, new Date_(DatePrototypeGetTime(value)));
      case "RegExp": return this.remember(value, new RegExp_(regexpSource(value), regexpFlags(value)));
      case "Boolean": return this.remember(value, new Object_(booleanValue(value)));
      case "Number": return this.remember(value, new Object_(numberValue(value)));
      case "String": return this.remember(value, new Object_(stringValue(value)));
      case "BigInt": return this.remember(value, new Object_(bigintValue(value)));
      case "Map": return this.map(value);
      case "Set": return this.set(value);
      case "Error": return this.error(value);
      case "Object":
        if (isPlatformObject(value)) throw refuse(value);
        return this.properties(value, this.remember(value, {}));
      default: throw refuse(value);
    }
  }

  map(value) {
    const copy = this.remember(value, new Map_());
    const pairs = [];
    MapPrototypeForEach(value, (item, key) => { ArrayPrototypePush(pairs, key); ArrayPrototypePush(pairs, item); });
    for (let i = 0; i < pairs.length; i += 2) MapPrototypeSet(copy, this.clone(pairs[i]), this.clone(pairs[i + 1]));
    return copy;
  }

  set(value) {
    const copy = this.remember(value, new Set_());
    const items = [];
    SetPrototypeForEach(value, (item) => { ArrayPrototypePush(items, item); });
    for (let i = 0; i < items.length; i++) SetPrototypeAdd(copy, this.clone(items[i]));
    return copy;
  }

  error(value) {
    const name = `${value.name ?? "Error"}`;
    const Class = ERRORS[name] ?? Error;
    const copy = this.remember(value, new Class());
    const message = ObjectGetOwnPropertyDescriptor(value, "message");
    const define = (key, item) =>
      ObjectDefineProperty(copy, key, { __proto__: null, value: item, writable: true, enumerable: false, configurable: true });
    if (message !== undefined && "value" in message) define("message", `${message.value}`);
    if (typeof value.stack === "string") define("stack", value.stack);
    if (Object.hasOwn(value, "cause")) define("cause", this.clone(value.cause));
    return copy;
  }
}

/** Whether a view of a resizable buffer has the length of what is left of it. */
const tracksLength = (buffer, end) =>
  isArrayBuffer(buffer) && isResizable(buffer) && end === buffer.byteLength;

function cloneBuffer(buffer) {
  if (ArrayBufferPrototypeGetDetached(buffer)) throw refuse(buffer, " because it is detached");
  if (!isResizable(buffer)) return bufferSlice(buffer, 0);
  const copy = new ArrayBuffer(buffer.byteLength, { maxByteLength: maxByteLength(buffer) });
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

/** Objects with private state of ours say so by their prototype's tag; only a plain object may be copied. */
export function isPlatformObject(value) {
  for (let one = ObjectGetPrototypeOf(value); one !== null && one !== Object_.prototype; one = ObjectGetPrototypeOf(one)) {
    if (platform.has(one) || isLazyInterface(one)) return true;
  }
  return false;
}

/** Interfaces of libraries that were loaded after this one. */
function isLazyInterface(prototype) {
  for (const bundle of ["url", "url-pattern", "streams", "message-channel", "subtle"]) {
    const exports = peek(bundle);
    if (exports !== undefined && Object.values(exports).some((value) => value?.prototype === prototype)) return true;
  }
  return false;
}

const platform = new WeakSet();
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
  const value = descriptor?.value;
  if (typeof value !== "function" || !value.prototype || name in ERRORS) continue;
  if (typeof value.prototype[Symbol.toStringTag] === "string") platform.add(value.prototype);
}

/**
 * @param {any} value
 * @param {{transfer?: Iterable<object>}} [options]
 * @returns {any} throws DataCloneError
 */
export function structuredClone(value, options = undefined) {
  requireArguments(arguments.length, 1, "structuredClone");
  const { transfer } = toDictionary(options, "StructuredSerializeOptions");
  return cloneWithTransfer(value, transfer === undefined ? [] : toSequence(transfer)).data;
}

/**
 * @param {any} value
 * @param {object[]} list ArrayBuffers and MessagePorts to move
 * @returns {{data: any, ports: object[]}} ports: what took the place of those in the list; throws DataCloneError
 */
export function cloneWithTransfer(value, list) {
  const cloner = new Cloner();
  if (list.length === 0) return { data: cloner.clone(value), ports: [] };
  const channels = peek("message-channel");
  const isPort = (item) => channels?.isMessagePort(item) === true;
  const isDetached = (item) => (isPort(item) ? channels.isDetachedPort(item) : ArrayBufferPrototypeGetDetached(item));
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (!(isArrayBuffer(item) || isPort(item)) || ArrayPrototypeIncludes(list, item, i + 1)) throw refuse(item, ": it cannot be transferred");
    if (isDetached(item)) throw refuse(item, " because it is detached");
  }
  // The first clone meets what cannot be cloned, and the getters, before anything is detached. It has views of the
  // buffers themselves, which would be of length 0 if they were looked at after the transfer.
  for (let i = 0; i < list.length; i++) MapPrototypeSet(cloner.memory, list[i], list[i]);
  const copy = cloner.clone(value);
  for (let i = 0; i < list.length; i++) if (isDetached(list[i])) throw refuse(list[i], " because it is detached");
  const last = new Cloner();
  const ports = [];
  for (let i = 0; i < list.length; i++) {
    const port = isPort(list[i]);
    const moved = port ? channels.movePort(list[i]) : ArrayBufferPrototypeTransfer(list[i]);
    if (port) ArrayPrototypePush(ports, moved);
    MapPrototypeSet(last.memory, list[i], moved);
    // What the first clone holds is met by its own identity, a port that moved too.
    MapPrototypeSet(last.memory, moved, moved);
  }
  for (let i = 0; i < cloner.views.length; i++) {
    const { 0: view, 1: make, 2: buffer } = cloner.views[i];
    if (MapPrototypeHas(last.memory, buffer)) MapPrototypeSet(last.memory, view, make(MapPrototypeGet(last.memory, buffer)));
  }
  return { data: last.clone(copy), ports };
}
