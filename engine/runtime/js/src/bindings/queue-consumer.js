/**
 * The batch that a `queue` handler gets: https://developers.cloudflare.com/queues/configuration/javascript-apis/#consumer
 *
 * What the handler decided goes back as one value, by index of the message: see engine/queues/lane.py.
 */
import { deserialize } from "../durable/values.js";
import {
  ArrayPrototypePush, Date_, JSONParse, MathTrunc, ObjectDefineProperty, ObjectFreeze, Symbol_, TypeError_, TypedArrayPrototypeGetBuffer,
  Uint8ArrayFromBase64,
} from "../primordials.js";
import { defineInterface, isObject } from "../webidl.js";

const KEY = Symbol_();

/** @typedef {{acks: boolean[], retries: ({delay: number | null} | undefined)[], ackAll: boolean, retryAll: {delay: number | null} | null}} Verdict */

const property = (target, key, value) =>
  ObjectDefineProperty(target, key, { __proto__: null, value, enumerable: true, configurable: true });

/** `{delaySeconds}` of a retry. */
const toDelay = (options, method) => {
  if (options === undefined || options === null) return { delay: null };
  if (!isObject(options)) {
    throw new TypeError_(`Failed to execute '${method}': parameter 1 is not of type 'QueueRetryOptions'.`);
  }
  const { delaySeconds } = options;
  if (delaySeconds === undefined) return { delay: null };
  const seconds = MathTrunc(+delaySeconds);
  return { delay: seconds >= 0 && seconds <= 86400 ? seconds : 0 };
};

const toBody = ({ type, text, base64 }) => {
  switch (type) {
    case "text": return text;
    case "json": return JSONParse(text);
    case "bytes": return TypedArrayPrototypeGetBuffer(Uint8ArrayFromBase64(base64));
    default: return deserialize(Uint8ArrayFromBase64(base64));
  }
};

export class QueueMessage {
  /** @type {Verdict} */
  #verdict;
  #index;
  #raw;
  #body;

  constructor(key, raw, index, verdict) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#verdict = verdict;
    this.#index = index;
    this.#raw = raw;
    property(this, "id", raw.id);
    property(this, "timestamp", new Date_(raw.timestamp));
    property(this, "attempts", raw.attempts);
  }

  /** Made when it is first asked for, the same one each time. */
  get body() {
    if (this.#raw !== null) {
      this.#body = toBody(this.#raw);
      this.#raw = null;
    }
    return this.#body;
  }

  /** It was consumed, whatever becomes of the rest; no use after `retry` or `retryAll`. */
  ack() {
    const { acks, retries, retryAll } = this.#verdict;
    if (retryAll === null && retries[this.#index] === undefined) acks[this.#index] = true;
  }

  /** It is to come again; no use after `ack` or `ackAll`. */
  retry(options) {
    const delay = toDelay(options, "retry");
    const { acks, retries, ackAll } = this.#verdict;
    if (!ackAll && acks[this.#index] !== true) retries[this.#index] = delay;
  }
}

export class MessageBatch {
  /** @type {Verdict} */
  #verdict;

  constructor(key, queue, messages, verdict) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#verdict = verdict;
    property(this, "queue", queue);
    property(this, "messages", ObjectFreeze(messages));
  }

  /** All that no `retry` was asked for were consumed, also when the handler throws later. */
  ackAll() {
    if (this.#verdict.retryAll === null) this.#verdict.ackAll = true;
  }

  /** All that no `ack` was asked for are to come again. */
  retryAll(options) {
    const delay = toDelay(options, "retryAll");
    if (!this.#verdict.ackAll) this.#verdict.retryAll = delay;
  }
}

defineInterface(QueueMessage, "QueueMessage"); // as workerd calls them
defineInterface(MessageBatch, "QueueController");

/**
 * @param {{queue: string, messages: any[]}} payload
 * @returns {{batch: MessageBatch, verdict: (failed: boolean) => any}} the batch, and what to tell the host at the end
 */
export function createBatch({ queue, messages }) {
  /** @type {Verdict} */
  const state = { acks: [], retries: [], ackAll: false, retryAll: null };
  const made = [];
  for (let i = 0; i < messages.length; i++) ArrayPrototypePush(made, new QueueMessage(KEY, messages[i], i, state));
  const verdict = (failed) => {
    const acks = [], retries = [];
    for (let i = 0; i < messages.length; i++) {
      if (state.retries[i] !== undefined) ArrayPrototypePush(retries, [i, state.retries[i].delay]);
      else if (state.acks[i] === true || state.ackAll) ArrayPrototypePush(acks, i);
    }
    return { failed, acks, retries, retryAll: state.retryAll ?? false };
  };
  return { batch: new MessageBatch(KEY, queue, made, state), verdict };
}
