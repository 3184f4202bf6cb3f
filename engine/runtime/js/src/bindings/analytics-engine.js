/**
 * Analytics Engine: https://developers.cloudflare.com/analytics/analytics-engine/
 *
 * Error texts follow workerd (its `analytics-engine.c++`). A write returns nothing, and at once.
 *
 * @typedef {import("./index.js").Call} Call
 */
import { decodeUtf8, utf8Length } from "../encoding/utf8.js";
import {
  ArrayIsArray, ArrayPrototypePush, NumberIsFinite, PromisePrototypeThen, Symbol_, TypeError_,
} from "../primordials.js";
import { bytesOf, defineInterface, isBufferSource, isObject, toSequence } from "../webidl.js";

const KEY = Symbol_();
const MAX_FIELDS = 20;
const MAX_INDEXES = 1;
const MAX_INDEX_BYTES = 96;
const MAX_BLOBS_BYTES = 16384;
const FAILED = "writeDataPoint(): ";

const toList = (value) => (value === undefined || value === null ? [] : ArrayIsArray(value) ? value : toSequence(value));

/** A blob or an index: text, or bytes that are taken for UTF-8; null stands for nothing. */
const toText = (value) => {
  if (value === null || value === undefined) return null;
  if (isBufferSource(value)) return decodeUtf8(bytesOf(value));
  return `${value}`;
};

const sizeOf = (text) => (text === null ? 0 : utf8Length(text));

export class AnalyticsEngine {
  /** @type {Call} */
  #call;

  /** @param {symbol} key @param {Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
  }

  /** @param {{blobs?: any[], doubles?: number[], indexes?: any[]}} [point] */
  writeDataPoint(point) {
    if (point !== undefined && point !== null && !isObject(point)) {
      throw new TypeError_("Failed to execute 'writeDataPoint' on 'AnalyticsEngine': parameter 1 is not of type 'AnalyticsEngineEvent'.");
    }
    const given = { indexes: toList(point?.indexes), blobs: toList(point?.blobs), doubles: toList(point?.doubles) };
    const { indexes, blobs, doubles } = given;
    if (indexes.length > MAX_INDEXES) throw new TypeError_(`${FAILED}Maximum of ${MAX_INDEXES} indexes supported.`);
    if (blobs.length > MAX_FIELDS) throw new TypeError_(`${FAILED}Maximum of ${MAX_FIELDS} blobs supported.`);
    if (doubles.length > MAX_FIELDS) throw new TypeError_(`${FAILED}Maximum of ${MAX_FIELDS} doubles supported.`);
    const index = indexes.length === 0 ? null : toText(indexes[0]);
    if (sizeOf(index) > MAX_INDEX_BYTES) {
      throw new TypeError_(`${FAILED}Size of indexes[0] exceeds ${MAX_INDEX_BYTES} bytes.`);
    }
    const texts = [], numbers = [];
    let size = 0;
    for (let i = 0; i < blobs.length; i++) {
      const text = toText(blobs[i]);
      size += sizeOf(text);
      ArrayPrototypePush(texts, text);
    }
    if (size > MAX_BLOBS_BYTES) throw new TypeError_(`${FAILED}Cumulative size of blobs exceeds ${MAX_BLOBS_BYTES} bytes.`);
    for (let i = 0; i < doubles.length; i++) {
      const number = +doubles[i];
      ArrayPrototypePush(numbers, NumberIsFinite(number) ? number : null); // nothing can be counted with it
    }
    // Nobody waits for it: the event may end, the host keeps the point all the same.
    PromisePrototypeThen(this.#call("writeDataPoint", [index, texts, numbers]).promise, undefined, () => {});
  }
}

defineInterface(AnalyticsEngine, "AnalyticsEngineDataset");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createDataset = (spec, call) => new AnalyticsEngine(KEY, call);
