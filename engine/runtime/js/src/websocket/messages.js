/**
 * The messages of a WebSocket that cross to the host, as a body: `u8 kind | u32 size (little-endian) | payload`
 * (engine/runtime/messages.py).
 *
 * @typedef {import("../streams.js").ByteSource} ByteSource
 * @typedef {{kind: number, data: any}} Message data: a string, a Uint8Array, or {code, reason}
 */
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.js";
import {
  ArrayPrototypePush, PromisePrototypeThen, PromiseResolve, PromiseWithResolvers, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, Uint8Array_,
} from "../primordials.js";

export const TEXT = 1, BINARY = 2, CLOSE = 8;
/** The close code of a connection that was lost. */
export const ABNORMAL = 1006;
const HEAD = 5;

const length = TypedArrayPrototypeGetLength;
const view = (bytes, at, end) => new Uint8Array_(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + at, end - at);

/** @param {number} code @param {string} [reason] @returns {Message} */
export const closing = (code, reason = "") => ({ __proto__: null, kind: CLOSE, data: { __proto__: null, code, reason } });

/** What a close carries: `u16 code | reason`. @param {{code: number, reason: string}} data @returns {Uint8Array} */
export function closePayload(data) {
  const reason = encodeUtf8(data.reason);
  const payload = new Uint8Array_(2 + length(reason));
  payload[0] = data.code;
  payload[1] = data.code >> 8;
  TypedArrayPrototypeSet(payload, reason, 2);
  return payload;
}

/** @param {Message} message @returns {Uint8Array} */
function encode({ kind, data }) {
  const payload = kind === TEXT ? encodeUtf8(data) : kind === CLOSE ? closePayload(data) : data;
  const size = length(payload);
  const bytes = new Uint8Array_(HEAD + size);
  bytes[0] = kind;
  for (let i = 0; i < 4; i++) bytes[1 + i] = size >> (8 * i);
  TypedArrayPrototypeSet(bytes, payload, HEAD);
  return bytes;
}

/** @param {number} kind @param {Uint8Array} payload a view; what becomes the message's data is a copy @returns {Message} */
function decode(kind, payload) {
  if (kind === TEXT) return { __proto__: null, kind, data: decodeUtf8(payload) };
  if (kind === CLOSE) return closing(payload[0] | (payload[1] << 8), decodeUtf8(view(payload, 2, length(payload))));
  return { __proto__: null, kind, data: new Uint8Array_(payload) };
}

function join(chunks) {
  if (chunks.length === 1) return chunks[0];
  let size = 0;
  for (let i = 0; i < chunks.length; i++) size += length(chunks[i]);
  const whole = new Uint8Array_(size);
  for (let i = 0, at = 0; i < chunks.length; at += length(chunks[i]), i++) TypedArrayPrototypeSet(whole, chunks[i], at);
  return whole;
}

/**
 * The messages for the other side, as a body that ends with a close.
 * @implements {ByteSource}
 */
export class Writer {
  #chunks = []; #waiter = null; #ended = false;
  constructor() {
    this.read = () => this.#read();
    this.cancel = () => this.#cancel();
  }
  /** @param {Message} message */
  push(message) {
    if (this.#ended) return;
    ArrayPrototypePush(this.#chunks, encode(message));
    if (message.kind === CLOSE) this.#ended = true;
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter !== null) waiter.resolve(this.#take());
  }
  #take() {
    const chunk = join(this.#chunks);
    this.#chunks = [];
    return chunk;
  }
  #read() {
    if (this.#chunks.length > 0) return PromiseResolve(this.#take());
    if (this.#ended) return PromiseResolve(null);
    this.#waiter = PromiseWithResolvers();
    return this.#waiter.promise;
  }
  #cancel() {
    this.#ended = true;
    this.#chunks = [];
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter !== null) waiter.resolve(null);
    return PromiseResolve();
  }
}

/**
 * Read the other side's messages. A body that ends without a close means that the connection was lost.
 * @param {ByteSource} source @param {(message: Message) => void} take
 */
export function readMessages(source, take) {
  let rest = null, closed = false;
  const lost = () => {
    if (!closed) take(closing(ABNORMAL));
    closed = true;
  };
  const step = () => PromisePrototypeThen(source.read(), (chunk) => {
    if (chunk === null) {
      lost();
      return;
    }
    const bytes = rest === null ? chunk : join([rest, chunk]);
    const end = length(bytes);
    let at = 0;
    while (end - at >= HEAD) {
      const size = (bytes[at + 1] | (bytes[at + 2] << 8) | (bytes[at + 3] << 16) | (bytes[at + 4] << 24)) >>> 0;
      if (end - at < HEAD + size) break;
      const message = decode(bytes[at], view(bytes, at + HEAD, at + HEAD + size));
      at += HEAD + size;
      if (closed) continue;
      closed = message.kind === CLOSE;
      take(message);
    }
    rest = at === end ? null : view(bytes, at, end);
    step();
  }, lost);
  step();
}
