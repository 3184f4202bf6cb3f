/**
 * What R2 gives: objects without their content (workerd calls the class HeadResult), with it (GetResult), and
 * their checksums. https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#r2object-definition
 */
import { Body, mixinBody } from "../fetch/body.js";
import { Headers, isHeadersObject } from "../fetch/headers.js";
import {
  Date_, ObjectDefineProperty, ObjectKeys, Symbol_, TypedArrayPrototypeGetBuffer, TypeError_, Uint8Array_, uncurryThis,
} from "../primordials.js";
import { defineInterface } from "../webidl.js";

/** Only the runtime has it: the classes cannot be constructed by user code. */
const KEY = Symbol_();
const setHeader = uncurryThis(Headers.prototype.set);
const formatDate = uncurryThis(Date_.prototype.toUTCString);
const parseInt16 = (text) => +`0x${text}`;

/** Fields of `httpMetadata`, in the order they are shown, and HTTP's names of them. */
export const HTTP_FIELDS = [
  ["contentType", "content-type"],
  ["contentLanguage", "content-language"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["cacheControl", "cache-control"],
];

const show = (target, name, value) =>
  ObjectDefineProperty(target, name, { __proto__: null, value, enumerable: true, configurable: true });

function bytesOfHex(hex) {
  const bytes = new Uint8Array_(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt16(hex[2 * i] + hex[2 * i + 1]);
  return bytes;
}

export class Checksums {
  #hex;

  /** @param {symbol} key @param {Record<string, string>} hex */
  constructor(key, hex) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#hex = {};
    const names = ["md5", "sha1", "sha256", "sha384", "sha512"];
    for (let i = 0; i < names.length; i++) {
      const text = hex[names[i]];
      this.#hex[names[i]] = text;
      if (text !== undefined) show(this, names[i], TypedArrayPrototypeGetBuffer(bytesOfHex(text)));
    }
  }

  /** In hexadecimal. @returns {Record<string, string>} */
  toJSON() {
    return { ...this.#hex };
  }
}

export class HeadResult {
  /** @param {symbol} key @param {any} shape as the host sends it */
  constructor(key, shape) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    const http = {};
    for (let i = 0; i < HTTP_FIELDS.length; i++) {
      const name = HTTP_FIELDS[i][0];
      http[name] = shape.httpMetadata[name]; // workerd names also what there is not
    }
    const { cacheExpiry } = shape.httpMetadata;
    http.cacheExpiry = cacheExpiry === undefined ? undefined : new Date_(cacheExpiry);
    const custom = {};
    const names = ObjectKeys(shape.customMetadata);
    for (let i = 0; i < names.length; i++) show(custom, names[i], shape.customMetadata[names[i]]);
    // In workerd's order, which JSON.stringify shows.
    show(this, "storageClass", shape.storageClass);
    if (shape.range !== undefined) show(this, "range", { ...shape.range, suffix: undefined });
    show(this, "customMetadata", custom);
    show(this, "httpMetadata", http);
    show(this, "uploaded", new Date_(shape.uploaded));
    show(this, "checksums", new Checksums(KEY, shape.checksums));
    show(this, "httpEtag", `"${shape.etag}"`);
    show(this, "etag", shape.etag);
    show(this, "size", shape.size);
    show(this, "version", shape.version);
    show(this, "key", shape.key);
  }

  /** Sets the HTTP fields that the object was put with. @param {Headers} headers */
  writeHttpMetadata(headers) {
    if (!isHeadersObject(headers)) {
      throw new TypeError_("Failed to execute 'writeHttpMetadata' on 'R2Object': parameter 1 is not of type 'Headers'.");
    }
    const http = this.httpMetadata;
    for (let i = 0; i < HTTP_FIELDS.length; i++) {
      const value = http[HTTP_FIELDS[i][0]];
      if (value !== undefined) setHeader(headers, HTTP_FIELDS[i][1], value);
    }
    if (http.cacheExpiry !== undefined) setHeader(headers, "expires", formatDate(http.cacheExpiry));
  }
}

/** @type {(object: GetResult) => Body} */
let contentOf;

export class GetResult extends HeadResult {
  /** @type {Body} */
  #content;

  static {
    contentOf = (object) => object.#content;
  }

  /** @param {symbol} key @param {any} shape @param {Uint8Array | import("../streams.js").ByteSource} content */
  constructor(key, shape, content) {
    super(key, shape);
    this.#content = new Body(content);
  }
}

mixinBody(GetResult, contentOf, (object) => object.httpMetadata.contentType ?? "");
delete GetResult.prototype.formData;
defineInterface(Checksums, "Checksums");
defineInterface(HeadResult, "HeadResult");
defineInterface(GetResult, "GetResult");

/** @param {any} shape @returns {HeadResult} */
export const createHeadResult = (shape) => new HeadResult(KEY, shape);
/** @param {any} shape @param {Uint8Array | import("../streams.js").ByteSource | null} content @returns {GetResult} */
export const createGetResult = (shape, content) => {
  if (content !== null && content.read !== undefined) content.length = shape.range.length;
  return new GetResult(KEY, shape, content ?? new Uint8Array_(0));
};
