/** Brand checks of built-ins (https://nodejs.org/docs/latest/api/util.html#utiltypes), as far as JavaScript can tell. */
import {
  ArrayBufferIsView, ArrayBufferPrototypeGetByteLength, BigInt_, Boolean_, DataViewPrototypeGetByteLength, DatePrototypeGetTime,
  MapPrototypeGetSize, Number_, ObjectPrototypeToString, Promise_, SetPrototypeGetSize,
  SharedArrayBufferPrototypeGetByteLength, String_, Symbol_, TypedArrayPrototypeGetToStringTag, WeakMapPrototypeHas, WeakSetPrototypeHas,
  uncurryThis,
} from "../../../primordials.js";
import { peek } from "../../../lazy.js";
import { EventTarget } from "../../../event-target.js";

const passes = (check) => (value) => {
  try {
    check(value);
    return true;
  } catch {
    return false;
  }
};
const tagged = (tag) => (value) => typeof value === "object" && value !== null && ObjectPrototypeToString(value) === `[object ${tag}]`;
const key = {};

export { ArrayBufferIsView as isArrayBufferView };
export const isDate = passes(DatePrototypeGetTime);
export const isRegExp = passes(uncurryThis(Object.getOwnPropertyDescriptor(RegExp.prototype, "global").get));
export const isMap = passes(MapPrototypeGetSize);
export const isSet = passes(SetPrototypeGetSize);
export const isWeakMap = passes((value) => WeakMapPrototypeHas(value, key));
export const isWeakSet = passes((value) => WeakSetPrototypeHas(value, key));
export const isArrayBuffer = passes(ArrayBufferPrototypeGetByteLength);
export const isSharedArrayBuffer = passes(SharedArrayBufferPrototypeGetByteLength);
export const isAnyArrayBuffer = (value) => isArrayBuffer(value) || isSharedArrayBuffer(value);
export const isDataView = passes(DataViewPrototypeGetByteLength);
export const isNumberObject = (value) => typeof value === "object" && passes(uncurryThis(Number_.prototype.valueOf))(value);
export const isStringObject = (value) => typeof value === "object" && passes(uncurryThis(String_.prototype.valueOf))(value);
export const isBooleanObject = (value) => typeof value === "object" && passes(uncurryThis(Boolean_.prototype.valueOf))(value);
export const isBigIntObject = (value) => typeof value === "object" && passes(uncurryThis(BigInt_.prototype.valueOf))(value);
export const isSymbolObject = (value) => typeof value === "object" && passes(uncurryThis(Symbol_.prototype.valueOf))(value);
export const isBoxedPrimitive = (value) =>
  isNumberObject(value) || isStringObject(value) || isBooleanObject(value) || isBigIntObject(value) || isSymbolObject(value);
/** @type {(value: any) => boolean} */
export const isNativeError = Error.isError;
export const isPromise = (value) => value instanceof Promise_ || tagged("Promise")(value);
export const isMapIterator = tagged("Map Iterator");
export const isSetIterator = tagged("Set Iterator");
export const isGeneratorObject = (value) => tagged("Generator")(value) || tagged("AsyncGenerator")(value);
export const isArgumentsObject = tagged("Arguments");
export const isModuleNamespaceObject = tagged("Module");
/** Nothing tells a Proxy from its target, and there are no values of other languages. */
export const isProxy = () => false;
export const isExternal = () => false;

const functionTag = (value) => (typeof value === "function" ? value[Symbol.toStringTag] : undefined);
export const isAsyncFunction = (value) => functionTag(value) === "AsyncFunction" || functionTag(value) === "AsyncGeneratorFunction";
export const isGeneratorFunction = (value) =>
  functionTag(value) === "GeneratorFunction" || functionTag(value) === "AsyncGeneratorFunction";

const typed = (name) => (value) => ArrayBufferIsView(value) && TypedArrayPrototypeGetToStringTag(value) === name;
export const isTypedArray = (value) => ArrayBufferIsView(value) && TypedArrayPrototypeGetToStringTag(value) !== undefined;
export const isUint8Array = typed("Uint8Array");
export const isUint8ClampedArray = typed("Uint8ClampedArray");
export const isUint16Array = typed("Uint16Array");
export const isUint32Array = typed("Uint32Array");
export const isInt8Array = typed("Int8Array");
export const isInt16Array = typed("Int16Array");
export const isInt32Array = typed("Int32Array");
export const isFloat16Array = typed("Float16Array");
export const isFloat32Array = typed("Float32Array");
export const isFloat64Array = typed("Float64Array");
export const isBigInt64Array = typed("BigInt64Array");
export const isBigUint64Array = typed("BigUint64Array");

/** A value can only be one of these when its class has been loaded. */
export const isKeyObject = (value) => {
  const keys = peek("node-internal-crypto-keys");
  return keys !== undefined && value instanceof keys.KeyObject;
};
export const isCryptoKey = (value) => {
  const subtle = peek("subtle");
  return subtle !== undefined && value instanceof subtle.CryptoKey;
};
export const isEventTarget = (value) => value instanceof EventTarget;
