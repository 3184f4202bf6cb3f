/** What Node's own zlib takes from its C++ (src/node_zlib.cc): handles, whose work the host does. */
import { hostCallSync } from "../../channel.js";
import { bind, promiseThen } from "./async-context.js";

const SERVICE = "zlib-node";
const BROTLI_DECODE = 8, BROTLI_ENCODE = 9, ZSTD_ENCODE = 10, ZSTD_DECODE = 11;

/** Frees the host's object when a stream is dropped before its end. */
const registry = new FinalizationRegistry((id) => hostCallSync(SERVICE, "drop", [id]));
const bytesOf = (view) => (view === undefined ? new Uint8Array(0) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength));

class Handle {
  #mode; #id = 0; #options = []; #dictionary; #state; #done;
  /** Output that did not fit yet; whether the host has more; whether the last write filled its room. */
  #pending = []; #more = false; #full = false; #rest = 0;

  constructor(mode) { this.#mode = mode; }

  /** What Node's own code has the handle call when a write has ended. */
  get done() { return this.#done; }

  /** @protected */
  begin(options, dictionary, state, done) {
    this.#options = options;
    this.#dictionary = bytesOf(dictionary);
    this.#state = state;
    this.#done = done;
    this.#open();
  }
  #open() {
    this.#id = hostCallSync(SERVICE, "open", [this.#mode, ...this.#options], this.#dictionary).value;
    registry.register(this, this.#id, this);
  }
  close() {
    if (this.#id === 0) return;
    registry.unregister(this);
    hostCallSync(SERVICE, "drop", [this.#id]);
    this.#id = 0;
  }
  reset() {
    this.close();
    this.#pending = [];
    this.#more = this.#full = false;
    this.#open();
  }
  /** The level of a stream that has begun stays: what comes out is right, if not as small. */
  params() {}
  getAsyncId() { return 0; }

  #take({ value, bytes }) {
    const [more, rest, error] = value;
    if (bytes !== null && bytes.length > 0) this.#pending.push(bytes);
    this.#more = more;
    this.#rest = rest;
    return error;
  }

  /** @returns {[string, number, string] | null} what went wrong: message, number and code */
  #step(flush, input, inOffset, inLength, output, outOffset, outLength) {
    let error = null;
    if (!this.#full) {
      const bytes = input === null ? new Uint8Array(0) : bytesOf(input).subarray(inOffset, inOffset + inLength);
      error = this.#take(hostCallSync(SERVICE, "write", [this.#id, flush], bytes));
    }
    let at = 0;
    while (error === null && at < outLength) {
      if (this.#pending.length === 0) {
        if (!this.#more) break;
        error = this.#take(hostCallSync(SERVICE, "more", [this.#id, flush]));
        continue;
      }
      const first = this.#pending[0];
      const size = Math.min(first.length, outLength - at);
      output.set(size === first.length ? first : first.subarray(0, size), outOffset + at);
      if (size === first.length) this.#pending.shift();
      else this.#pending[0] = first.subarray(size);
      at += size;
    }
    this.#full = at === outLength && (this.#pending.length > 0 || this.#more);
    this.#state[0] = this.#full ? 0 : Math.max(outLength - at, 0);
    this.#state[1] = this.#full ? 0 : this.#rest;
    return error;
  }

  writeSync(...args) {
    const error = this.#step(...args);
    if (error !== null) this.onerror(...error);
  }
  write(...args) {
    const error = this.#step(...args);
    promiseThen(Promise.resolve(), bind(() => {
      if (error !== null) this.onerror(...error);
      else this.#done.call(this);
    }));
  }
}

export class Zlib extends Handle {
  init(windowBits, level, memLevel, strategy, state, done, dictionary) {
    this.begin([windowBits, level, memLevel, strategy], dictionary, state, done);
  }
}

/** Brotli's parameters come as an array by number; what is not set is all ones. */
class Brotli extends Handle {
  init(parameters, state, done) {
    this.begin([Array.from(parameters, (value) => (value === 0xffffffff ? null : value))], undefined, state, done);
    return true;
  }
}
export class BrotliEncoder extends Brotli {
  constructor() { super(BROTLI_ENCODE); }
}
export class BrotliDecoder extends Brotli {
  constructor() { super(BROTLI_DECODE); }
}

/** Zstandard's come as pairs of numbers. */
class Zstd extends Handle {
  init(parameters, state, done) { this.begin([parameters], undefined, state, done); }
}
export class ZstdEncoder extends Zstd {
  constructor() { super(ZSTD_ENCODE); }
}
export class ZstdDecoder extends Zstd {
  constructor() { super(ZSTD_DECODE); }
}

/** @param {string | Uint8Array} data @param {number} value to go on from @returns {number} */
export const crc32 = (data, value) =>
  hostCallSync(SERVICE, "crc32", [value], typeof data === "string" ? new TextEncoder().encode(data) : bytesOf(data)).value;
