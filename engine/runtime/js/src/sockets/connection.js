/**
 * A connection beyond the host: engine/runtime/services/sockets.py. What is written is the body of the call that
 * opens it, what comes is the body of its answer, so both have the backpressure of bodies.
 *
 * @typedef {import("../streams.js").ByteSource} ByteSource
 */
import { startCall } from "../channel.js";
import { currentEvent, onEnd } from "../events.js";
import {
  ArrayPrototypePush, ArrayPrototypeShift, Error_, PromisePrototypeThen, PromiseReject, PromiseResolve, PromiseWithResolvers,
  TypedArrayPrototypeGetLength,
} from "../primordials.js";

/** Bytes on their way to the host; a write has ended when they were taken. @implements {ByteSource} */
class Outgoing {
  #queue = []; #waiter = null; #ended = false; #failed = null;
  /** Bytes taken in all. */
  total = 0;
  constructor() {
    this.read = () => this.#read();
    this.cancel = () => { this.fail(new Error_("Network connection lost.")); return PromiseResolve(); };
  }
  /** @param {Uint8Array} bytes @returns {Promise<void>} */
  write(bytes) {
    if (this.#failed !== null) return PromiseReject(this.#failed);
    const { promise, resolve, reject } = PromiseWithResolvers();
    ArrayPrototypePush(this.#queue, { bytes, resolve, reject });
    this.#wake();
    return promise;
  }
  end() {
    this.#ended = true;
    this.#wake();
  }
  fail(error) {
    this.#failed ??= error;
    for (let i = 0; i < this.#queue.length; i++) this.#queue[i].reject(error);
    this.#queue = [];
    this.end();
  }
  #wake() {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter !== null) waiter(this.#next());
  }
  #next() {
    if (this.#queue.length === 0) return this.#ended ? null : undefined;
    const { bytes, resolve } = ArrayPrototypeShift(this.#queue);
    this.total += TypedArrayPrototypeGetLength(bytes);
    resolve();
    return bytes;
  }
  #read() {
    const now = this.#next();
    if (now !== undefined) return PromiseResolve(now);
    const { promise, resolve } = PromiseWithResolvers();
    this.#waiter = resolve;
    return promise;
  }
}

export class Connection {
  #event = currentEvent();
  #id = null; #source = null; #call;
  /** The one read under way, which whoever holds the socket shares. @type {Promise<Uint8Array | null> | null} */
  #pending = null;
  outgoing = new Outgoing();
  /** @type {Promise<{remoteAddress: string, localAddress: string}>} */
  opened;

  /** @param {{hostname: string, port: number, secure: boolean, allowHalfOpen: boolean}} target */
  constructor(target) {
    this.#call = startCall("connect", "connect", [target], this.outgoing, this.#event);
    this.opened = PromisePrototypeThen(this.#call.promise, ({ value, body }) => {
      this.#id = value.id;
      this.#source = body;
      return { __proto__: null, remoteAddress: value.remoteAddress, localAddress: value.localAddress };
    });
    PromisePrototypeThen(this.opened, undefined, (error) => this.outgoing.fail(error));
    if (this.#event !== null) onEnd(this.#event, () => this.drop());
  }

  /** What comes next; the same promise until `taken`. @returns {Promise<Uint8Array | null>} null at the end */
  next() {
    this.#pending ??= PromisePrototypeThen(this.opened, () => this.#source.read());
    return this.#pending;
  }
  taken() {
    this.#pending = null;
  }

  /** Begin TLS where everything written so far has gone out. @param {string | null} hostname @returns {Promise<void>} */
  async startTls(hostname) {
    await this.opened;
    await this.#tell("startTls", [hostname]);
  }

  /** End it when all has gone out. @returns {Promise<void>} */
  async close() {
    try {
      await this.opened;
    } catch {
      return; // there is nothing to close
    }
    this.outgoing.end();
    await this.#tell("close", []);
  }

  /** @param {any} error for those who still write */
  abort(error) {
    this.outgoing.fail(error);
    PromisePrototypeThen(this.opened, () => this.#tell("abort", []), () => {});
  }

  /** The event has ended: nobody can use it any more. */
  drop() {
    this.outgoing.fail(new Error_("Network connection lost."));
    if (this.#source === null) this.#call.cancel();
    else this.#source.cancel();
  }

  async #tell(operation, args) {
    await startCall("connect", operation, [this.#id, this.outgoing.total, ...args], null, this.#event).promise;
  }
}
