/**
 * The isolate's half of the channel to the host: calls, and bodies that stream with backpressure.
 *
 * A stream has the id of the call or event it belongs to; its direction tells two of the same id apart. The
 * sender may have WINDOW bytes under way; the receiver gives credit back as the bytes are read.
 *
 * @typedef {{value: any, body: Uint8Array|ReadableStream|null}} Answer
 * @typedef {import("./events.js").Event_} Event_
 * @typedef {import("./streams.js").ByteSource} ByteSource
 */
import { revive } from "./errors.js";
import { currentEvent, enter, requireEvent } from "./events.js";
import { addCredit, Incoming, passOn, receiveChunk, send, stopSending } from "./flow.js";
import { toJson } from "./json.js";
import { linger, unlingerLater } from "./linger.js";
import {
  JSONParse, MapPrototypeDelete, MapPrototypeGet, MapPrototypeSet, Map_, PromisePrototypeThen, PromiseReject,
  PromiseWithResolvers, TypedArrayPrototypeGetLength,
} from "./primordials.js";
import {
  addPending, BROKEN, CALL, CALL_CANCEL, CHUNK, CREDIT, END, ERROR, exchange, OUT_STOP, PASSED, post, quote, RESULT, STOP, STREAM, takeBytes,
  takeText, WHOLE,
} from "./ring.js";
import { streamFromSource } from "./streams.js";

/** A body up to this size goes in its frame whole. */
const WHOLE_BYTES = 1 << 16;

/** @type {Map<number, {resolve: Function, reject: Function, event: Event_ | null, held: Event_ | null}>} */
const calls = new Map_();
let lastCall = 0;

/**
 * Ask the host for something; resolves when it has answered.
 *
 * @param {string|number} target a binding's index, or the name of a runtime service ("fetch", "cache", ...)
 * @param {string} operation what to do, e.g. "get"
 * @param {any[]} args JSON values
 * @param {Uint8Array|ReadableStream|null} [body] raw bytes, whole or streamed with backpressure
 * @param {Event_ | null} [event] the event on whose behalf it is; by default the one now running
 * @returns {Promise<Answer>} rejects with an Error of the name and message the host gave
 */
export const hostCall = (target, operation, args, body, event) =>
  PromisePrototypeThen(startCall(target, operation, args, body, event).promise, (answer) => {
    if (answer.body instanceof Incoming) answer.body = streamFromSource(answer.body);
    return answer;
  });

/**
 * As `hostCall`, for who may have to call it off, or takes the body as a ByteSource: no stream is made.
 *
 * @param {string|number} target
 * @param {string} operation
 * @param {any[]} args
 * @param {Uint8Array|ReadableStream|ByteSource|null} [body]
 * @param {Event_ | null} [event]
 * @returns {{promise: Promise<{value: any, body: Uint8Array|ByteSource|null}>, cancel: () => void}} `cancel`
 *     tells the host to stop; the promise then stays open, so settle what waits for it yourself
 */
export function startCall(target, operation, args, body = null, event = null) {
  try {
    requireEvent();
  } catch (error) {
    return { promise: PromiseReject(error), cancel() {} };
  }
  if (event === null || event.ended) event = currentEvent();
  const json = `[${event === null ? 0 : event.id},${typeof target === "number" ? target : quote(target)},${quote(operation)},${toJson(args)}`;
  const id = (lastCall += 2);
  const { promise, resolve, reject } = PromiseWithResolvers();
  MapPrototypeSet(calls, id, { __proto__: null, resolve, reject, event, held: linger(event) });
  addPending(1);
  const passed = passOn(body);
  if (passed !== 0) post(CALL, PASSED, id, `${json},${passed}]`, null);
  else if (body === null) post(CALL, 0, id, `${json}]`, null);
  else if (typeof body === "object" && isBytes(body) && TypedArrayPrototypeGetLength(body) <= WHOLE_BYTES) {
    post(CALL, WHOLE, id, `${json}]`, body);
  } else {
    post(CALL, STREAM, id, `${json}]`, null);
    send(id, body);
  }
  const cancel = () => {
    const call = MapPrototypeGet(calls, id);
    if (call === undefined) return;
    MapPrototypeDelete(calls, id);
    addPending(-1);
    unlingerLater(call.held);
    stopSending(id);
    post(CALL_CANCEL, 0, id, "", null);
  };
  return { promise, cancel };
}

function isBytes(value) {
  try {
    return TypedArrayPrototypeGetLength(value) >= 0;
  } catch {
    return false;
  }
}

/** Take an inbound frame of a call or a stream. @param {number} type @param {number} flags @param {number} id */
export function receiveCall(type, flags, id) {
  switch (type) {
    case RESULT: {
      const call = takeCall(id);
      if (call === undefined) {
        if (flags & STREAM) post(OUT_STOP, 0, id, "", null);
        break;
      }
      const body = flags & WHOLE ? takeBytes() : flags & STREAM ? new Incoming(id, call.event) : null;
      call.resolve({ __proto__: null, value: JSONParse(takeText()), body, event: call.event }); // no `then` of Object.prototype
      break;
    }
    case ERROR: {
      const call = takeCall(id);
      if (call === undefined) break;
      const error = JSONParse(takeText());
      call.reject(revive(error[0], error[1]));
      break;
    }
    case CHUNK:
      if (flags & BROKEN) receiveChunk(id, null, true, JSONParse(takeText()));
      else receiveChunk(id, takeBytes(), (flags & END) !== 0, null);
      break;
    case CREDIT:
      addCredit(id, JSONParse(takeText()));
      break;
    case STOP:
      stopSending(id);
      break;
  }
}

function takeCall(id) {
  const call = MapPrototypeGet(calls, id);
  if (call === undefined) return undefined;
  MapPrototypeDelete(calls, id);
  addPending(-1);
  enter(call.event);
  unlingerLater(call.held);
  return call;
}

/**
 * Ask the host and wait: about 13 us. For digests, random bytes, IDNA, lazy sources; never for I/O.
 *
 * @param {string} target a runtime service's name
 * @param {string} operation
 * @param {any[]} args JSON values
 * @param {Uint8Array} [bytes]
 * @returns {{value: any, bytes: Uint8Array|null}} throws an Error of the name and message the host gave
 */
export function hostCallSync(target, operation, args, bytes = null) {
  const { text, bytes: raw } = exchange(`[${quote(target)},${quote(operation)},${toJson(args)}]`, bytes);
  const answer = JSONParse(text);
  if (answer[0] === 1) throw revive(answer[1], answer[2]);
  return { value: answer[1], bytes: answer[2] ? raw : null };
}
