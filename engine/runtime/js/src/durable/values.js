/** Stored values: the wire form of rpc/encode.js, without anything that lives only in an isolate. */
import { DOMException } from "../dom-exception.js";
import { TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteOffset, Uint8Array_ } from "../primordials.js";
import { decode } from "../rpc/decode.js";
import { encodeForStorage } from "../rpc/encode.js";

const refuse = () => { throw new DOMException("A stub or stream cannot be stored.", "DataCloneError"); };
const MAKERS = { __proto__: null, stub: refuse, stream: refuse };

/** @param {any} value @returns {Uint8Array} throws DataCloneError */
export const serialize = (value) => encodeForStorage(value);

/** @param {Uint8Array} bytes @returns {any} */
export const deserialize = (bytes) => decode(bytes, [], MAKERS);

/** A part of a larger array, without a copy. @param {Uint8Array} bytes @param {number} at @param {number} size */
export const part = (bytes, at, size) =>
  new Uint8Array_(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + at, size);
