/**
 * IdentityTransformStream and FixedLengthStream
 * (https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/): bytes pass through
 * unchanged, a write ends when it has been read, and the readable side is a byte stream.
 */
import { ReadableStream, TransformStream, WritableStream } from "web-streams-polyfill";
import { BigInt_, Number_, ObjectSetPrototypeOf, PromiseWithResolvers, TypeError_ } from "../primordials.js";
import { copyBytesOf, defineInterface, isBufferSource } from "../webidl.js";
import { encodeUtf8 } from "../encoding/utf8.js";

/** @param {number | null} expected bytes in total, null for any number */
function createPair(expected, strategy) {
  let controller;
  let total = 0;
  let wanted = PromiseWithResolvers();
  const readable = new ReadableStream({
    type: "bytes",
    start(c) { controller = c; },
    pull() { wanted.resolve(); },
    cancel(reason) {
      failed = reason ?? new TypeError_("The readable side was canceled.");
      sink.error(failed);
      wanted.resolve();
    },
  }, { highWaterMark: 0 });
  let failed, sink;
  const writable = new WritableStream({
    start(c) { sink = c; },
    async write(chunk) {
      const bytes = typeof chunk === "string" ? encodeUtf8(chunk) : isBufferSource(chunk) ? copyBytesOf(chunk) : null;
      if (bytes === null) return fail(new TypeError_("This TransformStream is being used as a byte stream, but received an object of non-ArrayBuffer/ArrayBufferView type on its writable side."));
      total += bytes.length;
      if (expected !== null && total > expected) return fail(new TypeError_("Attempt to write too many bytes through a FixedLengthStream."));
      if (bytes.length === 0) return undefined;
      await wanted.promise;
      if (failed !== undefined) throw failed;
      wanted = PromiseWithResolvers();
      controller.enqueue(bytes);
      // The write has ended when all of it has been read.
      return controller.desiredSize < 0 ? wanted.promise : undefined;
    },
    close() {
      if (expected !== null && total < expected) return fail(new TypeError_("FixedLengthStream did not see all expected bytes before close()."));
      controller.close();
      controller.byobRequest?.respond(0);
      return undefined;
    },
    abort(reason) { controller.error(reason); },
  }, strategy);
  function fail(error) {
    controller.error(error);
    throw error;
  }
  return { readable, writable };
}

export class IdentityTransformStream {
  #pair;
  constructor(strategy = undefined, expected = null) { this.#pair = createPair(expected, strategy); }
  get readable() { return this.#pair.readable; }
  get writable() { return this.#pair.writable; }
}
ObjectSetPrototypeOf(IdentityTransformStream.prototype, TransformStream.prototype);
defineInterface(IdentityTransformStream, "IdentityTransformStream");

export class FixedLengthStream extends IdentityTransformStream {
  constructor(expectedLength, strategy = undefined) {
    const length = typeof expectedLength === "bigint" ? Number_(BigInt_(expectedLength)) : Number_(expectedLength);
    if (!(length >= 0 && length <= Number.MAX_SAFE_INTEGER) || length % 1 !== 0) {
      throw new TypeError_("FixedLengthStream: the length must be a whole number of bytes.");
    }
    super(strategy, length);
  }
}
defineInterface(FixedLengthStream, "FixedLengthStream");
