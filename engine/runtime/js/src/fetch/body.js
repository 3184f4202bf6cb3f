/**
 * Bodies (https://fetch.spec.whatwg.org/#bodies): the state behind Request and Response, and the
 * methods both have. A string or bytes stay what they are until somebody asks for a stream.
 *
 * @typedef {import("../streams.js").ByteSource} ByteSource
 */
import { blobBytes, blobType, createBlob, isBlob } from "../blob.js";
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.js";
import { isOn } from "../compatibility.js";
import { peek } from "../lazy.js";
import {
  ArrayIsArray, ArrayPrototypePush, FunctionPrototypeCall, JSONParse, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ObjectKeys, PromiseReject,
  SymbolAsyncIterator, SymbolIterator, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeSet, TypedArrayPrototypeSlice,
  TypeError_, Uint8Array_,
} from "../primordials.js";
import { isDisturbed, isLocked, isReadableStream, sourceFromBytes, sourceFromStream, streamFromSource } from "../streams.js";
import { copyBytesOf, isBufferSource, toUSVString } from "../webidl.js";
import { decodeForm, encodeForm, isFormData } from "./form-data.js";
import { serializeMimeType } from "./mime-type.js";

/** One body. `value` is what it was made of until `stream` replaces it. */
export class Body {
  /** @type {string | Uint8Array | ByteSource | null} null once a stream has taken over */
  value;
  /** @type {ReadableStream | null} */
  stream;
  /** @type {boolean} consumed without a stream ever having existed */
  used = false;
  constructor(value, stream = null) { this.value = value; this.stream = stream; }
}

/**
 * Make a body of a BodyInit.
 * @param {any} init not null and not undefined
 * @returns {{body: Body, type: string | null}} type: the Content-Type it implies
 */
export function extractBody(init) {
  if (typeof init === "string") return { body: new Body(toUSVString(init)), type: "text/plain;charset=UTF-8" };
  if (typeof init === "object") {
    if (isBufferSource(init)) return { body: new Body(copyBytesOf(init)), type: null };
    if (isReadableStream(init)) {
      if (isLocked(init)) throw new TypeError_("This ReadableStream is currently locked to a reader.");
      if (isDisturbed(init)) throw new TypeError_("This ReadableStream is disturbed (has already been read from), and cannot be used as a body.");
      return { body: new Body(null, init), type: null };
    }
    if (isBlob(init)) return { body: new Body(blobBytes(init)), type: blobType(init) || null };
    if (isFormData(init)) {
      const { bytes, type } = encodeForm(init);
      return { body: new Body(bytes), type };
    }
    if (peek("url")?.isURLSearchParams(init)) {
      return { body: new Body(`${init}`), type: "application/x-www-form-urlencoded;charset=UTF-8" };
    }
  }
  const source = isOn("fetch_iterable_type_support") ? sourceFromIterable(init) : null;
  if (source !== null) return { body: new Body(source), type: null };
  return { body: new Body(toUSVString(init)), type: "text/plain;charset=UTF-8" };
}

/**
 * Workers take an iterable of bytes too (compatibility flag fetch_iterable_type_support). An iterable that says how
 * it is shown as text, by toString or Symbol.toPrimitive, stays text; an array and an async iterable never do.
 * @param {any} init
 * @returns {ByteSource | null} null for what is no iterable
 */
function sourceFromIterable(init) {
  if (typeof init !== "object") return null;
  let method = init[SymbolAsyncIterator];
  if (method === undefined || method === null) {
    method = init[SymbolIterator];
    const shown = init.toString !== ObjectPrototypeToString_ || init[SymbolToPrimitive] !== undefined;
    if (shown && !ArrayIsArray(init)) return null;
  }
  if (typeof method !== "function") return null;
  const iterator = FunctionPrototypeCall(method, init);
  return {
    async read() {
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return null;
        const chunk = await value;
        if (!isBufferSource(chunk)) {
          await iterator.return?.();
          throw new TypeError_("This ReadableStream did not return bytes: the iterable gave something else.");
        }
        const bytes = copyBytesOf(chunk);
        if (TypedArrayPrototypeGetByteLength(bytes) > 0) return bytes;
      }
    },
    async cancel() { await iterator.return?.(); },
  };
}
const { toString: ObjectPrototypeToString_ } = Object.prototype;
const { toPrimitive: SymbolToPrimitive } = Symbol;

/** @param {Body | null} body @returns {boolean} */
export function bodyUsed(body) {
  if (body === null) return false;
  return body.stream === null ? body.used : isDisturbed(body.stream);
}

/** @param {Body | null} body @returns {boolean} whether it can no longer be read */
export const bodyUnusable = (body) => body !== null && (bodyUsed(body) || (body.stream !== null && isLocked(body.stream)));

/** @param {Body} body @returns {ReadableStream} the same one at every call */
export function bodyStream(body) {
  if (body.stream === null) {
    const { used } = body;
    body.stream = streamFromSource(asSource(body.value));
    body.value = null;
    if (used) sourceFromStream(body.stream).cancel();
  }
  return body.stream;
}

function asSource(value) {
  if (typeof value === "string") return sourceFromBytes(encodeUtf8(value));
  return value instanceof Uint8Array_ ? sourceFromBytes(value) : value;
}

/**
 * Take the content out of a body: it is used from now on.
 * @param {Body} body
 * @returns {string | Uint8Array | ByteSource}
 */
export function takeBody(body) {
  if (bodyUnusable(body)) throw new TypeError_(UNUSABLE);
  if (body.stream !== null) return sourceFromStream(body.stream);
  body.used = true;
  return body.value;
}
const UNUSABLE =
  "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";

/**
 * Two bodies of one: of something in memory both share it, of a stream it is tee()d.
 * @param {Body} body changed in place to be the first
 * @returns {Body} the second
 */
export function cloneBody(body) {
  if (body.stream === null && (typeof body.value === "string" || body.value instanceof Uint8Array_)) return new Body(body.value);
  const stream = bodyStream(body);
  const [first, second] = peek("streams").tee(stream);
  body.stream = first;
  return new Body(null, second);
}

/** @param {ByteSource} source @returns {Promise<Uint8Array>} all of it, on a buffer of its own */
export async function readAll(source) {
  const chunks = [];
  let length = 0;
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) {
    ArrayPrototypePush(chunks, chunk);
    length += TypedArrayPrototypeGetByteLength(chunk);
  }
  const bytes = new Uint8Array_(length);
  for (let i = 0, at = 0; i < chunks.length; i++) {
    TypedArrayPrototypeSet(bytes, chunks[i], at);
    at += TypedArrayPrototypeGetByteLength(chunks[i]);
  }
  return bytes;
}

/** @param {Body | null} body @returns {Promise<Uint8Array>} bytes that nobody else sees */
async function readBytes(body) {
  if (body === null) return new Uint8Array_(0);
  const taken = takeBody(body);
  if (typeof taken === "string") return encodeUtf8(taken);
  return taken instanceof Uint8Array_ ? TypedArrayPrototypeSlice(taken) : readAll(taken);
}

/** @param {Body | null} body @returns {Promise<string>} */
async function readText(body) {
  if (body === null) return "";
  const taken = takeBody(body);
  if (typeof taken === "string") return taken[0] === "\uFEFF" ? taken.slice(1) : taken;
  return decodeUtf8(taken instanceof Uint8Array_ ? taken : await readAll(taken));
}

/**
 * Add body, bodyUsed and the readers to Request and Response.
 * @param {Function} Class
 * @param {(self: any) => Body | null} bodyOf throws TypeError for another object
 * @param {(self: any) => string} typeOf its Content-Type, "" for none
 */
export function mixinBody(Class, bodyOf, typeOf) {
  const attempt = (read) => function () {
    try {
      return read(bodyOf(this), this);
    } catch (error) {
      return PromiseReject(error);
    }
  };
  const members = {
    get body() { const body = bodyOf(this); return body === null ? null : bodyStream(body); },
    get bodyUsed() { return bodyUsed(bodyOf(this)); },
    arrayBuffer() { return arrayBuffer.call(this); },
    blob() { return blob.call(this); },
    bytes() { return bytes.call(this); },
    formData() { return formData.call(this); },
    json() { return json.call(this); },
    text() { return text.call(this); },
  };
  const arrayBuffer = attempt(async (body) => TypedArrayPrototypeGetBuffer(await readBytes(body)));
  const blob = attempt(async (body, self) => {
    const type = serializeMimeType(typeOf(self));
    return createBlob(await readBytes(body), type);
  });
  const bytes = attempt(readBytes);
  const formData = attempt(async (body, self) => {
    const type = typeOf(self);
    return decodeForm(await readBytes(body), type);
  });
  const json = attempt(async (body) => JSONParse(await readText(body)));
  const text = attempt(readText);
  const keys = ObjectKeys(members);
  for (let i = 0; i < keys.length; i++) {
    ObjectDefineProperty(Class.prototype, keys[i], ObjectGetOwnPropertyDescriptor(members, keys[i]));
  }
}
