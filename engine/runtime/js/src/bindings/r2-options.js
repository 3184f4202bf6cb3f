/**
 * What user code says beside keys and contents, as JSON for the host. Texts of refusals are workerd's
 * (`r2-bucket.c++`).
 */
import { blobBytes, isBlob } from "../blob.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { getHeader, headerFields, isHeadersObject } from "../fetch/headers.js";
import {
  ArrayIsArray, Date_, DatePrototypeGetTime, Error_, MathTrunc, NumberIsFinite, NumberIsInteger, NumberPrototypeToString,
  ObjectKeys, RangeError_, RegExpPrototypeTest, StringPrototypeEndsWith, StringPrototypePadStart, StringPrototypeStartsWith,
  StringPrototypeToLowerCase, TypedArrayPrototypeGetLength, TypeError_, Uint8Array_,
} from "../primordials.js";
import { isReadableStream } from "../streams.js";
import { bytesOf, copyBytesOf, isBufferSource, isObject, toSequence, toUSVString } from "../webidl.js";
import { HTTP_FIELDS } from "./r2-object.js";

const NONE = { __proto__: null };
const HEX = /^[0-9a-f]*$/;
/** Name of each digest in options, in texts, and its bytes. */
const DIGESTS = [
  ["md5", "MD5", 16],
  ["sha1", "SHA-1", 20],
  ["sha256", "SHA-256", 32],
  ["sha384", "SHA-384", 48],
  ["sha512", "SHA-512", 64],
];

const wrongField = (field, of, type) =>
  new TypeError_(`Incorrect type for the '${field}' field on '${of}': the provided value is not of type '${type}'.`);

/** @param {any} options @param {string} method @param {number} position @param {string} type */
export function toOptions(options, method, position, type) {
  if (options === undefined || options === null) return NONE;
  if (isObject(options)) return options;
  throw notOfType(method, position, type);
}

/** @param {string} method @param {number} position @param {string} type @param {string} [of] */
export const notOfType = (method, position, type, of = "R2Bucket") =>
  new TypeError_(`Failed to execute '${method}' on '${of}': parameter ${position} is not of type '${type}'.`);

function toTime(value, field, of) {
  try {
    return DatePrototypeGetTime(value);
  } catch {
    throw wrongField(field, of, "date");
  }
}

function toEtag(value, field) {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrongField(field, "Conditional", "string");
  if (StringPrototypeEndsWith(value, '"') && (StringPrototypeStartsWith(value, '"') || StringPrototypeStartsWith(value, 'W/"'))) {
    throw new TypeError_(`Conditional ETag should not be wrapped in quotes (${value}).`);
  }
  return toUSVString(value);
}

const ETAGS = /^\s*(?:\*|(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*)\s*$/;

function checkEtags(headers, name) {
  const value = getHeader(headers, name);
  if (value !== null && !RegExpPrototypeTest(ETAGS, value)) throw new Error_(`Invalid ETag in ${name} header`);
}

/** `onlyIf`: a dictionary, or Headers with If-Match and the like. */
export function toConditions(given) {
  if (given === undefined || given === null) return undefined;
  if (isHeadersObject(given)) {
    checkEtags(given, "if-match");
    checkEtags(given, "if-none-match");
    return { headers: headerFields(given) };
  }
  if (!isObject(given)) throw wrongField("onlyIf", "Options", "Conditional or Headers");
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter, secondsGranularity } = given;
  return {
    etagMatches: toEtag(etagMatches, "etagMatches"),
    etagDoesNotMatch: toEtag(etagDoesNotMatch, "etagDoesNotMatch"),
    uploadedBefore: uploadedBefore === undefined ? undefined : toTime(uploadedBefore, "uploadedBefore", "Conditional"),
    uploadedAfter: uploadedAfter === undefined ? undefined : toTime(uploadedAfter, "uploadedAfter", "Conditional"),
    secondsGranularity: secondsGranularity === undefined ? undefined : !!secondsGranularity,
  };
}

function toWhole(value, what, sign) {
  if (value === undefined) return undefined;
  const number = +value;
  if (!NumberIsInteger(number)) throw new RangeError_(`Invalid range. ${what} (${number}) must be an integer, not floating point.`);
  if (sign && number < 0) throw new RangeError_(`Invalid range. ${what} (${number}) must be greater than or equal to 0.`);
  return number;
}

/** `range`: `{offset, length}`, `{suffix}`, or Headers with Range. @returns {{range?: object, rangeHeader?: string}} */
export function toRange(given) {
  if (given === undefined || given === null) return NONE;
  if (isHeadersObject(given)) {
    const header = getHeader(given, "range");
    return header === null ? NONE : { rangeHeader: header };
  }
  if (!isObject(given)) throw wrongField("range", "GetOptions", "Range or Headers");
  const { offset, length, suffix } = given;
  if (suffix !== undefined) {
    if (length !== undefined) throw new TypeError_("Suffix is incompatible with length.");
    if (offset !== undefined) throw new TypeError_("Suffix is incompatible with offset.");
  }
  return {
    range: {
      offset: toWhole(offset, "Starting offset", true),
      length: toWhole(length, "Length", true),
      suffix: toWhole(suffix, "Suffix", true),
    },
  };
}

function toHttpMetadata(given) {
  if (given === undefined || given === null) return undefined;
  const metadata = {};
  const headers = isHeadersObject(given);
  if (!headers && !isObject(given)) throw wrongField("httpMetadata", "PutOptions", "HttpMetadata or Headers");
  for (let i = 0; i < HTTP_FIELDS.length; i++) {
    const value = headers ? getHeader(given, HTTP_FIELDS[i][1]) : given[HTTP_FIELDS[i][0]];
    if (value !== undefined && value !== null) metadata[HTTP_FIELDS[i][0]] = toUSVString(value);
  }
  if (headers) {
    const time = +new Date_(getHeader(given, "expires") ?? "");
    if (NumberIsFinite(time)) metadata.cacheExpiry = time;
  } else if (given.cacheExpiry !== undefined) {
    metadata.cacheExpiry = toTime(given.cacheExpiry, "cacheExpiry", "HttpMetadata");
  }
  return metadata;
}

function toCustomMetadata(given) {
  if (given === undefined || given === null) return undefined;
  if (!isObject(given)) throw wrongField("customMetadata", "PutOptions", "object");
  const metadata = { __proto__: null };
  const names = ObjectKeys(given);
  for (let i = 0; i < names.length; i++) metadata[toUSVString(names[i])] = toUSVString(given[names[i]]);
  return metadata;
}

function toHex(bytes) {
  let text = "";
  const length = TypedArrayPrototypeGetLength(bytes);
  for (let i = 0; i < length; i++) text += StringPrototypePadStart(NumberPrototypeToString(bytes[i], 16), 2, "0");
  return text;
}

function toDigests(options) {
  const digests = {};
  let count = 0;
  for (let i = 0; i < DIGESTS.length; i++) {
    const { 0: name, 1: word, 2: size } = DIGESTS[i];
    const value = options[name];
    if (value === undefined || value === null) continue;
    if (count++ > 0) throw new TypeError_("You cannot specify multiple hashing algorithms.");
    if (isBufferSource(value)) {
      const bytes = bytesOf(value);
      if (bytes.byteLength !== size) throw new TypeError_(`${word} is ${size} bytes, not ${bytes.byteLength}`);
      digests[name] = toHex(bytes);
      continue;
    }
    const text = StringPrototypeToLowerCase(`${value}`);
    if (text.length !== size * 2) throw new TypeError_(`${word} is ${size * 2} hex characters, not ${text.length}`);
    if (!RegExpPrototypeTest(HEX, text)) throw new TypeError_(`Provided ${word} wasn't a valid hex string`);
    digests[name] = text;
  }
  return digests;
}

function toStorageClass(given) {
  if (given === undefined || given === null) return undefined;
  const found = toUSVString(given);
  if (found !== "Standard" && found !== "InfrequentAccess") {
    throw new TypeError_(`The storage class is "Standard" or "InfrequentAccess", not "${found}".`);
  }
  return found;
}

/** Options of put and createMultipartUpload. @param {any} options @param {boolean} whole whether a content comes with them */
export function toPutOptions(options, whole) {
  const { httpMetadata, customMetadata, storageClass, onlyIf } = options;
  return {
    httpMetadata: toHttpMetadata(httpMetadata),
    customMetadata: toCustomMetadata(customMetadata),
    storageClass: toStorageClass(storageClass),
    onlyIf: whole ? toConditions(onlyIf) : undefined,
    digests: whole ? toDigests(options) : undefined,
  };
}

/** Options of list. */
export function toListOptions(options) {
  const { limit, prefix, cursor, delimiter, startAfter, include } = options;
  const text = (value) => (value === undefined || value === null ? undefined : toUSVString(value));
  const kinds = [];
  if (include !== undefined && include !== null) {
    const given = ArrayIsArray(include) ? include : toSequence(include);
    for (let i = 0; i < given.length; i++) {
      kinds[i] = `${given[i]}`;
      if (kinds[i] !== "httpMetadata" && kinds[i] !== "customMetadata") {
        throw new RangeError_(`Unsupported include value ${kinds[i]}`);
      }
    }
  }
  return {
    limit: limit === undefined || limit === null ? undefined : MathTrunc(+limit) || 0,
    prefix: text(prefix),
    cursor: text(cursor),
    delimiter: text(delimiter),
    startAfter: text(startAfter),
    include: kinds,
  };
}

const CONTENT = "ReadableStream or ArrayBuffer or ArrayBufferView or string or Blob";

/** What a put was given, as bytes or a stream; bytes are copied, they may change while the call is under way. */
export function toContent(value, method, of) {
  if (value === null) return new Uint8Array_(0);
  if (typeof value === "string") return encodeUtf8(value);
  if (isBufferSource(value)) return copyBytesOf(value);
  if (isReadableStream(value)) return value;
  if (isBlob(value)) return blobBytes(value);
  throw notOfType(method, 2, CONTENT, of);
}
