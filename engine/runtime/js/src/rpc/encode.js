/**
 * From a JavaScript value to what travels between two isolates (https://developers.cloudflare.com/workers/runtime-apis/rpc/).
 *
 * A message is `u32 size of the JSON | JSON | bytes of buffers`. In the JSON null, booleans, finite numbers and
 * strings stand for themselves, everything else is an array that begins with a letter (decode.js has them all).
 * Objects are numbered in the order they are met, so that cycles and shared parts stay what they are. What
 * cannot be copied (functions, RpcTargets, streams) stays here: the message has its place in the list `caps`.
 */
import { blobBytes, blobType, isBlob } from "../blob.js";
import { AbortSignal } from "../abort.js";
import { DOMException, isDOMException } from "../dom-exception.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { RpcTarget } from "../entrypoint.js";
import { headerFields, isHeadersObject } from "../fetch/headers.js";
import { isRequest, readRequest } from "../fetch/request.js";
import { isResponse, readResponse } from "../fetch/response.js";
import { fileName, isFile } from "../file.js";
import {
  ArrayBufferIsView, ArrayBufferPrototypeGetDetached, ArrayIsArray, ArrayPrototypePush, DataViewPrototypeGetBuffer,
  DataViewPrototypeGetByteLength, DataViewPrototypeGetByteOffset, DatePrototypeGetTime, Error_, MapPrototypeForEach,
  MapPrototypeGet, MapPrototypeGetSize, MapPrototypeHas, MapPrototypeSet, Map_, NumberIsFinite, ObjectGetPrototypeOf,
  ObjectHasOwn, ObjectIs, ObjectKeys, Object_, Promise_, SetPrototypeForEach, String_, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypedArrayPrototypeGetToStringTag,
  TypedArrayPrototypeSet, Uint8Array_,
} from "../primordials.js";
import { isReadableStream, sourceFromStream } from "../streams.js";
import { brandOf, isPlatformObject, regexpFlags, regexpSource, unboxed } from "../structured-clone/clone.js";
import { toJson } from "../json.js";
import { exportValue } from "./exports.js";
import { handleOf } from "./handles.js";

/** @typedef {["x", number, string] | ["h", number, string]} Cap an export of this isolate, or a stub held here */
/** @typedef {{bytes: Uint8Array, caps: Cap[]}} Message */

const MAX_MESSAGE = 32 * 1024 * 1024;

const refuse = (value) => {
  let name = "Object", text = null;
  try {
    name = value.constructor?.name || name;
    if (typeof value === "symbol" || typeof value === "function") text = `${String_(value)} could not be cloned.`;
    else if (brandOf(value) === "refused" || value instanceof Promise_) text = `#<${name}> could not be cloned.`;
  } catch { /* a getter of the user's */ }
  return new DOMException(text ?? `Could not serialize object of type "${name}". This type does not support serialization.`, "DataCloneError");
};

class Encoder {
  /** @type {Cap[]} */
  caps = [];
  /** Set for stored values: what lives only in an isolate is refused, instances of classes lose their class. */
  stored = false;
  #met = new Map_();
  #parts = [];
  #size = 0;

  encode(value) {
    switch (typeof value) {
      case "string": case "boolean": return value;
      case "number": return NumberIsFinite(value) && !ObjectIs(value, -0) ? value : ["n", ObjectIs(value, -0) ? "-0" : `${value}`];
      case "undefined": return ["u"];
      case "bigint": return ["i", `${value}`];
      case "symbol": throw refuse(value);
    }
    if (value === null) return null;
    if (MapPrototypeHas(this.#met, value)) return ["&", MapPrototypeGet(this.#met, value)];
    MapPrototypeSet(this.#met, value, MapPrototypeGetSize(this.#met));
    const handle = handleOf(value);
    if (this.stored && (handle !== undefined || typeof value === "function")) throw refuse(value);
    if (handle !== undefined) return this.#cap(["h", handle, "stub"]);
    if (typeof value === "function") return this.#cap(["x", exportValue(value), "stub"]);
    if (ArrayIsArray(value)) return this.#list("a", value);
    const prototype = ObjectGetPrototypeOf(value);
    if (prototype === Object_.prototype || prototype === null) {
      const brand = brandOf(value);
      if (brand === "Object") return this.#properties(value);
    }
    if (!this.stored && value instanceof RpcTarget) return this.#cap(["x", exportValue(value), "stub"]);
    if (ArrayBufferIsView(value)) return this.#view(value);
    return this.#exotic(value);
  }

  #cap(cap) {
    ArrayPrototypePush(this.caps, cap);
    return ["c", this.caps.length - 1];
  }

  #list(letter, items) {
    const out = [letter];
    for (let i = 0; i < items.length; i++) ArrayPrototypePush(out, ObjectHasOwn(items, i) ? this.encode(items[i]) : ["_"]);
    return out;
  }

  #properties(value) {
    const out = ["o"];
    const keys = ObjectKeys(value);
    for (let i = 0; i < keys.length; i++) {
      ArrayPrototypePush(out, keys[i]);
      ArrayPrototypePush(out, this.encode(value[keys[i]]));
    }
    return out;
  }

  #view(value) {
    const tag = TypedArrayPrototypeGetToStringTag(value);
    return tag === undefined
      ? ["v", "DataView", this.encode(DataViewPrototypeGetBuffer(value)), DataViewPrototypeGetByteOffset(value), DataViewPrototypeGetByteLength(value)]
      : ["v", tag, this.encode(TypedArrayPrototypeGetBuffer(value)), TypedArrayPrototypeGetByteOffset(value), TypedArrayPrototypeGetLength(value)];
  }

  #bytes(bytes) {
    const at = this.#size;
    ArrayPrototypePush(this.#parts, bytes);
    this.#size += TypedArrayPrototypeGetLength(bytes);
    return [at, TypedArrayPrototypeGetLength(bytes)];
  }

  #exotic(value) {
    if (isBlob(value)) {
      const [at, length] = this.#bytes(blobBytes(value));
      return isFile(value) ? ["f", blobType(value), at, length, fileName(value), value.lastModified] : ["f", blobType(value), at, length];
    }
    if (isDOMException(value)) return ["x", `${value.message}`, `${value.name}`];
    if (this.stored) return this.#branded(value);
    if (isHeadersObject(value)) return ["h", headerFields(value)];
    if (isResponse(value)) return this.#response(value);
    if (isRequest(value)) return this.#request(value);
    if (value instanceof AbortSignal) throw new DOMException("AbortSignal serialization is not enabled.", "DataCloneError");
    if (isReadableStream(value)) return ["s", this.#stream(sourceFromStream(value))];
    return this.#branded(value);
  }

  #branded(value) {
    switch (brandOf(value)) {
      case "ArrayBuffer": {
        if (ArrayBufferPrototypeGetDetached(value)) throw refuse(value);
        const [at, length] = this.#bytes(new Uint8Array_(value));
        return ["b", at, length];
      }
      case "Boolean": case "Number": case "String": case "BigInt": return ["w", this.encode(unboxed(value))];
      case "Date": return ["d", this.encode(DatePrototypeGetTime(value))];
      case "RegExp": return ["r", regexpSource(value), regexpFlags(value)];
      case "Map": {
        const items = [];
        MapPrototypeForEach(value, (item, key) => {
          ArrayPrototypePush(items, key);
          ArrayPrototypePush(items, item);
        });
        return this.#list("m", items);
      }
      case "Set": {
        const items = [];
        SetPrototypeForEach(value, (item) => ArrayPrototypePush(items, item));
        return this.#list("t", items);
      }
      case "Error": return this.#error(value);
      case "Object":
        if (this.stored && !isPlatformObject(value)) return this.#properties(value);
        throw refuse(value);
      default: throw refuse(value);
    }
  }

  #error(value) {
    const own = ["o"];
    const keys = ObjectKeys(value);
    for (let i = 0; i < keys.length; i++) {
      ArrayPrototypePush(own, keys[i]);
      ArrayPrototypePush(own, this.encode(value[keys[i]]));
    }
    const text = (item) => (typeof item === "string" ? item : "");
    const out = ["e", text(value.name) || "Error", text(value.message), text(value.stack), own];
    if (ObjectHasOwn(value, "cause")) ArrayPrototypePush(out, this.encode(value.cause));
    return out;
  }

  /** A body: text, bytes, or a stream that the other side pulls. */
  #body(body) {
    if (body === null || typeof body === "string") return body;
    if (ArrayBufferIsView(body)) return this.#bytes(body);
    return ["s", this.#stream(body)];
  }

  #stream(source) {
    return this.#cap(["x", exportValue(source), "stream"])[1];
  }

  #response(value) {
    const { status, statusText, headers, body } = readResponse(value);
    return ["p", status, statusText, headers, this.#body(body)];
  }

  #request(value) {
    const { method, url, headers, redirect, body, cf } = readRequest(value);
    return ["q", method, url, headers, redirect, this.#body(body), cf === undefined || cf === null ? null : this.encode(cf)];
  }

  /** @param {any} tree @returns {Uint8Array} */
  pack(tree) {
    const text = encodeUtf8(toJson(tree));
    const size = TypedArrayPrototypeGetLength(text);
    const whole = new Uint8Array_(4 + size + this.#size);
    whole[0] = size; whole[1] = size >> 8; whole[2] = size >> 16; whole[3] = size >> 24;
    TypedArrayPrototypeSet(whole, text, 4);
    for (let i = 0, at = 4 + size; i < this.#parts.length; i++) {
      TypedArrayPrototypeSet(whole, this.#parts[i], at);
      at += TypedArrayPrototypeGetLength(this.#parts[i]);
    }
    return whole;
  }
}

/** @param {any} value @returns {Message} throws DataCloneError */
export function encode(value) {
  const encoder = new Encoder();
  const bytes = encoder.pack(encoder.encode(value));
  const size = TypedArrayPrototypeGetLength(bytes);
  if (size > MAX_MESSAGE) {
    throw new Error_(`Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: ${size} bytes.`);
  }
  return { __proto__: null, bytes, caps: encoder.caps };
}

/** @param {any} value @returns {Uint8Array} throws DataCloneError */
export function encodeForStorage(value) {
  const encoder = new Encoder();
  encoder.stored = true;
  return encoder.pack(encoder.encode(value));
}
