/**
 * Queues to send to: https://developers.cloudflare.com/queues/configuration/javascript-apis/#producer
 *
 * Error texts follow workerd (its `queue.c++`); limits are the host's (engine/queues/limits.py). The contents of
 * all messages of a call go as one body.
 *
 * @typedef {import("./index.js").Call} Call
 */
import { serialize } from "../durable/values.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import {
  ArrayBufferIsView, ArrayPrototypePush, Date_, JSONStringify, MathTrunc, StringPrototypeToLowerCase, Symbol_, TypeError_,
  TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, Uint8Array_,
} from "../primordials.js";
import { copyBytesOf, defineInterface, isObject, toSequence } from "../webidl.js";

/** Only the runtime has it: `new env.QUEUE.constructor()` is an illegal constructor. */
const KEY = Symbol_();
const NONE = { __proto__: null };

const toOptions = (value, method, position, type) => {
  if (value === undefined || value === null) return NONE;
  if (!isObject(value)) {
    throw new TypeError_(`Failed to execute '${method}' on 'WorkerQueue': parameter ${position} is not of type '${type}'.`);
  }
  return value;
};

/** Options of workerd are C++ ints. @param {any} value @returns {number | null} */
const toSeconds = (value) => {
  if (value === undefined) return null;
  const number = +value;
  if (number > 2147483647 || number < -2147483648) {
    throw new TypeError_("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  return number === number ? MathTrunc(number) : 0;
};

/** What `typeof` says, as workerd names it. */
const typeOf = (value) => (value === null ? "null" : typeof value);

/** @param {string} type @param {any} body @returns {Uint8Array} */
function toBytes(type, body) {
  if (body === undefined) throw new TypeError_("Message body cannot be undefined");
  switch (type) {
    case "text":
      if (typeof body !== "string") {
        throw new TypeError_(`Content Type "text" requires a value of type string, but received: ${typeOf(body)}`);
      }
      return encodeUtf8(body);
    case "bytes":
      if (!ArrayBufferIsView(body)) {
        throw new TypeError_(`Content Type "bytes" requires a value of type ArrayBufferView, but received: ${typeOf(body)}`);
      }
      return copyBytesOf(body);
    case "json": {
      const text = JSONStringify(body);
      if (text === undefined) throw new TypeError_(`Content Type "json" requires a value that JSON has, but received: ${typeOf(body)}`);
      return encodeUtf8(text);
    }
    default:
      return serialize(body);
  }
}

const TYPES = { __proto__: null, text: true, bytes: true, json: true, v8: true };

export class WorkerQueue {
  /** @type {Call} */
  #call;
  #type;

  /** @param {symbol} key @param {Call} call @param {string} type what a message is where nothing else is said */
  constructor(key, call, type) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
    this.#type = type;
  }

  /** Sends one message; it is on the disk when the promise resolves. */
  async send(...args) {
    if (args.length === 0) throw new TypeError_("Failed to execute 'send' on 'WorkerQueue': parameter 1 is not of type 'JsValue'.");
    const options = toOptions(args[1], "send", 2, "SendOptions");
    const { head, bytes } = this.#message(args[0], options);
    const { value } = await this.#call("send", [[head], null], bytes).promise;
    return toResponse(value);
  }

  /** Sends all messages of an iterable, or none of them. */
  async sendBatch(...args) {
    const options = toOptions(args[1], "sendBatch", 2, "SendBatchOptions");
    if (!isObject(args[0])) throw new TypeError_("Failed to execute 'sendBatch' on 'WorkerQueue': parameter 1 is not of type 'Sequence'.");
    const given = toSequence(args[0]);
    if (given.length === 0) throw new TypeError_("sendBatch() requires at least one message");
    const heads = [], parts = [];
    let size = 0;
    for (let i = 0; i < given.length; i++) {
      const item = toOptions(given[i], "sendBatch", 1, "MessageSendRequest");
      const { head, bytes } = this.#message(item.body, item);
      ArrayPrototypePush(heads, head);
      ArrayPrototypePush(parts, bytes);
      size += head[2];
    }
    const whole = new Uint8Array_(size);
    for (let i = 0, at = 0; i < parts.length; i++) {
      TypedArrayPrototypeSet(whole, parts[i], at);
      at += heads[i][2];
    }
    const { value } = await this.#call("sendBatch", [heads, toSeconds(options.delaySeconds)], whole).promise;
    return toResponse(value);
  }

  /** What waits in the queue. */
  async metrics() {
    const { value } = await this.#call("metrics", []).promise;
    return toMetrics(value);
  }

  #message(body, { contentType, delaySeconds }) {
    let type = this.#type;
    if (contentType !== undefined) {
      type = StringPrototypeToLowerCase(`${contentType}`);
      if (TYPES[type] !== true) throw new TypeError_(`Unsupported queue message content type: ${contentType}`);
    }
    const bytes = toBytes(type, body);
    return { head: [type, toSeconds(delaySeconds), TypedArrayPrototypeGetLength(bytes)], bytes };
  }
}

const toMetrics = ({ backlogCount, backlogBytes, oldestMessageTimestamp }) => ({
  backlogCount,
  backlogBytes,
  oldestMessageTimestamp: oldestMessageTimestamp === 0 ? undefined : new Date_(oldestMessageTimestamp),
});

const toResponse = ({ metadata }) => ({ metadata: { metrics: toMetrics(metadata.metrics) } });

defineInterface(WorkerQueue, "WorkerQueue");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createQueue = (spec, call) => new WorkerQueue(KEY, call, spec.contentType);
