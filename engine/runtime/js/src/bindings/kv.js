/**
 * KV namespaces: https://developers.cloudflare.com/kv/api/
 *
 * Conversions, error texts, and what is thrown at once or rejected later follow workerd (its `kv.c++`, and
 * Miniflare asked case by case). Limits on values, expirations and pages are the host's (engine/bindings/kv.py).
 *
 * @typedef {import("./index.js").Call} Call
 * @typedef {import("../streams.js").ByteSource} ByteSource
 * @typedef {"text" | "json" | "arrayBuffer" | "stream"} Type
 */
import { decodeUtf8, decodeUtf8Raw, encodeUtf8, utf8Length } from "../encoding/utf8.js";
import { readAll } from "../fetch/body.js";
import {
  ArrayBufferPrototypeSlice, ArrayIsArray, Error_, JSONParse, JSONStringify, MapPrototypeSet, Map_, MathTrunc,
  StringPrototypeIsWellFormed, Symbol_, TypeError_, TypedArrayPrototypeGetBuffer, Uint8Array_,
} from "../primordials.js";
import { isReadableStream, streamFromBytes, streamFromSource } from "../streams.js";
import { copyBytesOf, defineInterface, isBufferSource, isObject, toUSVString } from "../webidl.js";

const MAX_KEY_BYTES = 512;
const VALUE_TYPES = "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.";
const RESPONSE_TYPES =
  'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".';

const NONE = { __proto__: null };

const notOfType = (method, position, type) =>
  new TypeError_(`Failed to execute '${method}' on 'KvNamespace': parameter ${position} is not of type '${type}'.`);

/** Options of workerd are C++ ints: NaN becomes 0, fractions are cut. */
const toInt = (value) => {
  const number = +value;
  if (number !== number) return 0;
  if (number > 2147483647 || number < -2147483648) {
    throw new TypeError_("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  return MathTrunc(number);
};

/** @param {string} method of the error text @param {string} key */
const checkKey = (method, key) => {
  if (key === "") throw new TypeError_("Key name cannot be empty.");
  if (key === "." || key === "..") throw new TypeError_(`"${key}" is not allowed as a key name.`);
  if (!StringPrototypeIsWellFormed(key)) throw new Error_(`KV ${method} failed: 400 Could not URL-decode key name`);
  // A UTF-16 unit is at most three bytes: only long keys have to be measured.
  const bytes = key.length * 3 <= MAX_KEY_BYTES ? 0 : utf8Length(key);
  if (bytes > MAX_KEY_BYTES) {
    throw new Error_(
      `KV ${method} failed: 414 UTF-8 encoded length of ${bytes} exceeds key length limit of ${MAX_KEY_BYTES}.`,
    );
  }
};

/** `get(key, "json")` or `get(key, {type: "json", cacheTtl: 60})`. @returns {{type?: string, cacheTtl?: number}} */
const getOptions = (options) => {
  if (options === undefined || options === null) return NONE;
  if (!isObject(options)) return { __proto__: null, type: `${options}` };
  const { type, cacheTtl } = options;
  return {
    __proto__: null,
    type: type === undefined ? undefined : `${type}`,
    cacheTtl: cacheTtl === undefined ? undefined : toInt(cacheTtl),
  };
};

/** @param {Uint8Array | ByteSource | null} body large ones come in pieces @returns {Promise<Uint8Array>} */
const bytesOf = async (body) => {
  if (body === null) return new Uint8Array_(0);
  return body instanceof Uint8Array_ ? body : readAll(body);
};

/** @param {Uint8Array | ByteSource | null} body @param {string | undefined} type */
const asType = async (body, type) => {
  switch (type) {
    case undefined:
    case "text":
      return decodeUtf8Raw(await bytesOf(body));
    case "json":
      return JSONParse(decodeUtf8(await bytesOf(body)));
    case "arrayBuffer": {
      const bytes = await bytesOf(body);
      const buffer = TypedArrayPrototypeGetBuffer(bytes);
      if (bytes.byteLength === buffer.byteLength) return buffer;
      return ArrayBufferPrototypeSlice(buffer, bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    }
    case "stream":
      if (body === null || body instanceof Uint8Array_) return streamFromBytes(await bytesOf(body));
      return streamFromSource(body);
    default:
      throw new TypeError_(RESPONSE_TYPES);
  }
};

/** What `put` was given, as bytes or a stream; bytes are copied, they may change while the call is under way. */
const toBody = (value) => {
  if (!isObject(value)) return encodeUtf8(`${value}`);
  if (isBufferSource(value)) return copyBytesOf(value);
  if (isReadableStream(value)) return value;
  throw new TypeError_(VALUE_TYPES);
};

/** Only the runtime has it: `new env.NOTES.constructor()` is an illegal constructor. */
const KEY = Symbol_();

export class KvNamespace {
  /** @type {Call} */
  #call;

  /** @param {symbol} key @param {Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
  }

  /** One value or `null`; for an array of keys a `Map`. */
  get(...args) {
    return this.#read("get", args[0], args[1]);
  }

  /** `{value, metadata, cacheStatus}`; for an array of keys a `Map` of such. */
  getWithMetadata(...args) {
    return this.#read("getWithMetadata", args[0], args[1]);
  }

  /** Wrong arguments throw at once here, as in workerd, where only these two methods return a union. */
  #read(method, name, options) {
    if (name === undefined) throw notOfType(method, 1, "string or Array");
    const chosen = getOptions(options);
    if (!ArrayIsArray(name)) return this.#readOne(method, `${name}`, chosen);
    const keys = [];
    for (let i = 0; i < name.length; i++) keys[i] = toUSVString(name[i]);
    return this.#readMany(method, keys, chosen);
  }

  async #readOne(method, key, { type, cacheTtl }) {
    checkKey("GET", key);
    const { value, body } = await this.#call(method, [key, { cacheTtl }]).promise;
    // Nothing there wins over an unknown type, as in workerd. The host answers null or {metadata}.
    const found = value === null ? null : await asType(body, type);
    return method === "get" ? found : { value: found, metadata: value?.metadata ?? null, cacheStatus: null };
  }

  async #readMany(method, keys, { type, cacheTtl }) {
    const { value } = await this.#call("getBulk", [
      keys,
      { type, cacheTtl, withMetadata: method === "getWithMetadata" },
    ]).promise;
    const result = new Map_();
    for (let i = 0; i < value.length; i++) MapPrototypeSet(result, value[i][0], value[i][1]);
    return result;
  }

  async put(...args) {
    const name = args[0], value = args[1], options = args[2];
    if (name === undefined) throw notOfType("put", 1, "string");
    const key = `${name}`;
    if (value === undefined) throw notOfType("put", 2, "string or JsObject");
    if (options !== undefined && options !== null && !isObject(options)) {
      throw notOfType("put", 3, "PutOptions");
    }
    const { expiration, expirationTtl, metadata } = options ?? NONE;
    const settings = {
      expiration: expiration === undefined ? undefined : toInt(expiration),
      expirationTtl: expirationTtl === undefined ? undefined : toInt(expirationTtl),
      metadata: undefined,
    };
    checkKey("PUT", key);
    if (metadata !== undefined && metadata !== null) {
      settings.metadata = JSONStringify(metadata);
      // A function or symbol has no JSON; workerd answers its server's refusal of the text "undefined".
      if (settings.metadata === undefined) throw new Error_("KV PUT failed: 400 Metadata must be valid JSON.");
    }
    await this.#call("put", [key, settings], toBody(value)).promise;
  }

  async delete(...args) {
    const name = args[0];
    if (name === undefined) throw notOfType("delete", 1, "string");
    const key = `${name}`;
    checkKey("DELETE", key);
    await this.#call("delete", [key]).promise;
  }

  async list(...args) {
    const options = args[0];
    if (options !== undefined && options !== null && !isObject(options)) {
      throw notOfType("list", 1, "ListOptions");
    }
    const { limit, prefix, cursor } = options ?? NONE;
    const { value } = await this.#call("list", [
      {
        limit: limit === undefined ? undefined : toInt(limit),
        prefix: prefix === undefined || prefix === null ? undefined : toUSVString(prefix),
        cursor: cursor === undefined || cursor === null ? undefined : toUSVString(cursor),
      },
    ]).promise;
    return value;
  }
}

defineInterface(KvNamespace, "KvNamespace");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createKvNamespace = (spec, call) => new KvNamespace(KEY, call);
