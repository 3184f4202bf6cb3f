/**
 * Bodies in chunks, both ways, with credit: the sender may have WINDOW bytes under way, and the receiver
 * gives credit back as bytes are read. Nobody's memory holds more than that of a body. The host sends nothing
 * before somebody reads: what only passes through never comes here.
 *
 * @typedef {import("./streams.js").ByteSource} ByteSource
 * @typedef {import("./events.js").Event_} Event_
 */
import { describe, revive } from "./errors.js";
import { currentEvent, enter } from "./events.js";
import {
  ArrayPrototypePush, ArrayPrototypeShift, MapPrototypeDelete, MapPrototypeGet, MapPrototypeHas, MapPrototypeSet, Map_,
  PromisePrototypeThen, PromiseReject, PromiseResolve, PromiseWithResolvers, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypeError_, Uint8Array_,
} from "./primordials.js";
import { addPending, BROKEN, END, OUT_CHUNK, OUT_CREDIT, OUT_STOP, post } from "./ring.js";
import { isReadableStream, sourceFromBytes, sourceFromStream } from "./streams.js";

export const WINDOW = 1 << 18;
const CHUNK_BYTES = 1 << 16;

const length = TypedArrayPrototypeGetLength;

// -- from the host

/** @type {Map<number, Incoming>} */
const incoming = new Map_();

/**
 * A body that the host sends.
 * @implements {ByteSource}
 */
export class Incoming {
  #id; #event; #chunks = []; #asked = false; #ended = false; #error = null; #waiter = null; #unacknowledged = 0;

  /** @param {number} id @param {Event_ | null} event */
  constructor(id, event) {
    this.#id = id;
    this.#event = event;
    this.read = () => this.#read();
    this.cancel = () => this.#cancel();
    MapPrototypeSet(incoming, id, (chunk, ended, error) => this.#receive(chunk, ended, error));
  }

  #receive(chunk, ended, error) {
    if (ended) {
      this.#ended = true;
      this.#error = error;
      MapPrototypeDelete(incoming, this.#id);
    }
    if (chunk !== null && length(chunk) > 0) ArrayPrototypePush(this.#chunks, chunk);
    const waiter = this.#waiter;
    if (waiter === null || (this.#chunks.length === 0 && !ended)) return;
    this.#waiter = null;
    addPending(-1);
    enter(this.#event);
    if (this.#chunks.length > 0) waiter.resolve(this.#take());
    else if (error !== null) waiter.reject(error);
    else waiter.resolve(null);
  }

  #read() {
    if (this.#chunks.length > 0) return PromiseResolve(this.#take());
    if (this.#error !== null) return PromiseReject(this.#error);
    if (this.#ended) return PromiseResolve(null);
    if (this.#waiter !== null) return PromiseReject(new TypeError_("The body is being read already."));
    if (!this.#asked) {
      this.#asked = true;
      post(OUT_CREDIT, 0, this.#id, `${WINDOW}`, null);
    }
    this.#waiter = PromiseWithResolvers();
    addPending(1);
    return this.#waiter.promise;
  }

  /** Give it back to the host, to go on from there. @returns {number} its id; 0 when it has been read from */
  passOn() {
    if (this.#asked || this.#ended) return 0;
    this.#receive(null, true, null);
    return this.#id;
  }

  #take() {
    const chunk = ArrayPrototypeShift(this.#chunks);
    this.#unacknowledged += length(chunk);
    if (!this.#ended && this.#unacknowledged >= WINDOW / 4) {
      post(OUT_CREDIT, 0, this.#id, `${this.#unacknowledged}`, null);
      this.#unacknowledged = 0;
    }
    return chunk;
  }

  #cancel() {
    this.#chunks = [];
    if (!this.#ended) {
      this.#receive(null, true, null);
      post(OUT_STOP, 0, this.#id, "", null);
    }
    return PromiseResolve();
  }
}

/**
 * Take a chunk of a stream from the host.
 * @param {number} id
 * @param {Uint8Array | null} chunk
 * @param {boolean} ended
 * @param {[string, string] | null} broken name and message of the error that ended it
 */
export function receiveChunk(id, chunk, ended, broken) {
  const receive = MapPrototypeGet(incoming, id);
  if (receive !== undefined) receive(chunk, ended, broken === null ? null : revive(broken[0], broken[1]));
}

// -- to the host

/** @type {Map<number, Outgoing>} */
const outgoing = new Map_();

/** @typedef {{credit: number, wake: Function | null, stopped: boolean, source: ByteSource | null}} Outgoing */

/**
 * Send a body to the host in chunks.
 * @param {number} id
 * @param {ReadableStream | ByteSource | Uint8Array} body
 * @param {() => void} [done] called when it has ended, whichever way
 */
export function send(id, body, done) {
  const out = { __proto__: null, credit: WINDOW, wake: null, stopped: false, source: null };
  MapPrototypeSet(outgoing, id, out);
  PromisePrototypeThen(run(id, out, body), () => finish(id, done), (error) => {
    post(OUT_CHUNK, END | BROKEN, id, describe(error), null);
    finish(id, done);
  });
}

function finish(id, done) {
  MapPrototypeDelete(outgoing, id);
  if (done !== undefined) done();
}

const isBytes = (body) => {
  try {
    return length(body) >= 0;
  } catch {
    return false;
  }
};

async function run(id, out, body) {
  const source = isBytes(body) ? sourceFromBytes(body) : isReadableStream(body) ? sourceFromStream(body) : body;
  out.source = source;
  const event = currentEvent();
  while (!out.stopped) {
    const chunk = await source.read();
    if (out.stopped) return;
    if (chunk === null) {
      post(OUT_CHUNK, END, id, "", null);
      return;
    }
    for (let at = 0; at < length(chunk); ) {
      if (out.credit <= 0) {
        const { promise, resolve } = PromiseWithResolvers();
        out.wake = resolve;
        addPending(1);
        await promise;
        addPending(-1);
        enter(event);
        if (out.stopped) return;
      }
      const size = length(chunk) - at < CHUNK_BYTES ? length(chunk) - at : CHUNK_BYTES;
      const part = new Uint8Array_(TypedArrayPrototypeGetBuffer(chunk), TypedArrayPrototypeGetByteOffset(chunk) + at, size);
      post(OUT_CHUNK, 0, id, "", part);
      out.credit -= size;
      at += size;
    }
  }
}

/** The host has read some. @param {number} id @param {number} bytes */
export function addCredit(id, bytes) {
  const out = MapPrototypeGet(outgoing, id);
  if (out === undefined) return;
  out.credit += bytes;
  wake(out);
}

/** The id of a body that came from the host and goes back unread, 0 of any other. @param {any} body @returns {number} */
export const passOn = (body) => (body instanceof Incoming ? body.passOn() : 0);

/** Nobody wants the rest. @param {number} id */
export function stopSending(id) {
  if (!MapPrototypeHas(outgoing, id)) return;
  const out = MapPrototypeGet(outgoing, id);
  out.stopped = true;
  if (out.source !== null) PromisePrototypeThen(PromiseResolve(out.source.cancel()), undefined, () => {});
  wake(out);
}

function wake(out) {
  const resolve = out.wake;
  out.wake = null;
  if (resolve !== null) resolve();
}
