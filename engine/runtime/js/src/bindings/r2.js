/**
 * R2 buckets: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
 *
 * Contents, conditions, ranges and limits are the host's (engine/bindings/r2.py).
 *
 * @typedef {import("./index.js").Call} Call
 */
import { ArrayIsArray, ObjectDefineProperty, Symbol_, TypeError_ } from "../primordials.js";
import { defineInterface, toSequence, toUSVString } from "../webidl.js";
import { createGetResult, createHeadResult } from "./r2-object.js";
import { notOfType, toConditions, toContent, toListOptions, toOptions, toPutOptions, toRange } from "./r2-options.js";

/** Only the runtime has it: `new env.BUCKET.constructor()` is an illegal constructor. */
const KEY = Symbol_();
const MAX_PART = 10000;

export class R2Bucket {
  /** @type {Call} */
  #call;

  /** @param {symbol} key @param {Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
  }

  /** The object without its content, or null. */
  async head(...args) {
    if (args.length === 0) throw notOfType("head", 1, "string");
    const { value } = await this.#call("head", [toUSVString(args[0])]).promise;
    return value === null ? null : createHeadResult(value);
  }

  /** The object with its content, or null; without a content when a condition did not hold. */
  async get(...args) {
    if (args.length === 0) throw notOfType("get", 1, "string");
    const key = toUSVString(args[0]);
    const { onlyIf, range } = toOptions(args[1], "get", 2, "GetOptions");
    const options = { onlyIf: toConditions(onlyIf), ...toRange(range) };
    const { value, body } = await this.#call("get", [key, options]).promise;
    if (value === null) return null;
    return value.matched ? createGetResult(value, body) : createHeadResult(value);
  }

  /** Writes an object; null when a condition did not hold. */
  async put(...args) {
    if (args.length === 0) throw notOfType("put", 1, "string");
    const key = toUSVString(args[0]);
    const content = toContent(args[1], "put", "R2Bucket");
    const options = toPutOptions(toOptions(args[2], "put", 3, "PutOptions"), true);
    const { value } = await this.#call("put", [key, options], content).promise;
    return value === null ? null : createHeadResult(value);
  }

  /** Removes one object, or those of an array of keys. */
  async delete(...args) {
    if (args.length === 0) throw notOfType("delete", 1, "string or Array");
    const keys = [];
    if (ArrayIsArray(args[0])) for (let i = 0; i < args[0].length; i++) keys[i] = toUSVString(args[0][i]);
    else keys[0] = toUSVString(args[0]);
    await this.#call("delete", [keys]).promise;
  }

  /** A page of objects: `{objects, truncated, cursor?, delimitedPrefixes}`. */
  async list(...args) {
    const options = toListOptions(toOptions(args[0], "list", 1, "ListOptions"));
    const { value } = await this.#call("list", [options]).promise;
    for (let i = 0; i < value.objects.length; i++) value.objects[i] = createHeadResult(value.objects[i]);
    value.cursor ??= undefined;
    return value;
  }

  /** Begins an upload in parts. @returns {Promise<R2MultipartUpload>} */
  async createMultipartUpload(...args) {
    if (args.length === 0) throw notOfType("createMultipartUpload", 1, "string");
    const key = toUSVString(args[0]);
    const options = toPutOptions(toOptions(args[1], "createMultipartUpload", 2, "MultipartOptions"), false);
    const { value } = await this.#call("createMultipartUpload", [key, options]).promise;
    return new R2MultipartUpload(KEY, this.#call, key, value);
  }

  /** Goes on with an upload; whether there is one shows at its first use. @returns {R2MultipartUpload} */
  resumeMultipartUpload(...args) {
    if (args.length === 0) throw notOfType("resumeMultipartUpload", 1, "string");
    if (args.length === 1) throw notOfType("resumeMultipartUpload", 2, "string");
    return new R2MultipartUpload(KEY, this.#call, toUSVString(args[0]), toUSVString(args[1]));
  }
}

export class R2MultipartUpload {
  /** @type {Call} */
  #call;
  #key;
  #id;

  /** @param {symbol} key @param {Call} call @param {string} name @param {string} id */
  constructor(key, call, name, id) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
    this.#key = name;
    this.#id = id;
    ObjectDefineProperty(this, "uploadId", { __proto__: null, value: id, enumerable: true, configurable: true });
    ObjectDefineProperty(this, "key", { __proto__: null, value: name, enumerable: true, configurable: true });
  }

  /** @returns {Promise<{partNumber: number, etag: string}>} */
  async uploadPart(...args) {
    if (args.length === 0) throw notOfType("uploadPart", 1, "integer", "R2MultipartUpload");
    const partNumber = +args[0] | 0;
    if (partNumber < 1 || partNumber > MAX_PART) {
      throw new TypeError_(`Part number must be between 1 and 10000 (inclusive). Actual value was: ${partNumber}`);
    }
    const content = toContent(args[1], "uploadPart", "R2MultipartUpload");
    const { value } = await this.#call("uploadPart", [this.#key, this.#id, partNumber], content).promise;
    return { partNumber, etag: value };
  }

  /** Drops the parts. */
  async abort() {
    await this.#call("abortMultipartUpload", [this.#key, this.#id]).promise;
  }

  /** Makes the object of its parts. @param {{partNumber: number, etag: string}[]} given */
  async complete(given) {
    if (given === undefined) throw notOfType("complete", 1, "Array", "R2MultipartUpload");
    const parts = ArrayIsArray(given) ? given : toSequence(given);
    const chosen = [];
    for (let i = 0; i < parts.length; i++) {
      const { partNumber, etag } = parts[i];
      chosen[i] = { partNumber: +partNumber | 0, etag: toUSVString(etag) };
      if (chosen[i].partNumber < 1 || chosen[i].partNumber > MAX_PART) {
        throw new TypeError_(
          `Part number must be between 1 and 10000 (inclusive). Actual value was: ${chosen[i].partNumber}`,
        );
      }
    }
    const { value } = await this.#call("completeMultipartUpload", [this.#key, this.#id, chosen]).promise;
    return createHeadResult(value);
  }
}

defineInterface(R2Bucket, "R2Bucket");
defineInterface(R2MultipartUpload, "R2MultipartUpload");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createR2Bucket = (spec, call) => new R2Bucket(KEY, call);
