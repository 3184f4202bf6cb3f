/** node:stream (https://nodejs.org/docs/latest/api/stream.html), from readable-stream (Node's own code). */
import own from "readable-stream/lib/stream.js";
import utils from "readable-stream/lib/internal/streams/utils.js";
import { load } from "../lazy.js";

// Node's adapters of web streams, where readable-stream has none; the classes load when used.
const adapters = () => load("node-internal-webstreams");
own.Readable.fromWeb = (stream, options) => adapters().readableFromWeb(own, stream, options);
own.Readable.toWeb = (stream, options) => adapters().readableToWeb(own, stream, options);
own.Writable.fromWeb = (stream, options) => adapters().writableFromWeb(own, stream, options);
own.Writable.toWeb = (stream) => adapters().writableToWeb(own, stream);
own.Duplex.fromWeb = (pair, options) => adapters().duplexFromWeb(own, pair, options);
own.Duplex.toWeb = (stream) => ({ readable: own.Readable.toWeb(stream), writable: own.Writable.toWeb(stream) });

own.isDestroyed ??= utils.isDestroyed;
own.isWritable ??= utils.isWritable;
own._isArrayBufferView ??= ArrayBuffer.isView;

/** Two Duplex streams, each the other end of the other. @param {object} [options] @returns {[Duplex, Duplex]} */
own.duplexPair ??= function duplexPair(options) {
  const make = () => {
    let wake = null;
    const side = new own.Duplex({
      ...options,
      read() {
        const run = wake;
        wake = null;
        run?.();
      },
      write(chunk, encoding, done) { side.other.take(chunk, done); },
      final(done) { side.other.take(null, done); },
    });
    side.take = (chunk, done) => {
      if (chunk === null) {
        side.push(null);
        done();
      } else if (side.push(chunk)) done();
      else wake = done;
    };
    return side;
  };
  const pair = [make(), make()];
  pair[0].other = pair[1];
  pair[1].other = pair[0];
  return pair;
};

export const {
  _isArrayBufferView, _isUint8Array, _uint8ArrayToBuffer, addAbortSignal, compose, destroy, Duplex, duplexPair, finished,
  getDefaultHighWaterMark, isDestroyed, isDisturbed, isErrored, isReadable, isWritable, PassThrough, pipeline, promises, Readable,
  setDefaultHighWaterMark, Stream, Transform, Writable,
} = own;
export default own;
