/** Node's adapters between its streams and the Web's (https://nodejs.org/docs/latest/api/stream.html#streamreadabletowebstreamreadable-options). */
import { Buffer } from "../buffer.js";
import { ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableStream, WritableStream } from "../../lazy/streams.js";

const isBytes = (chunk) => ArrayBuffer.isView(chunk);

export function readableFromWeb({ Readable }, stream, options = {}) {
  const reader = stream.getReader();
  let closed = false;
  const readable = new Readable({
    objectMode: options.objectMode ?? false, highWaterMark: options.highWaterMark, encoding: options.encoding, signal: options.signal,
    read() {
      reader.read().then(({ value, done }) => {
        if (done) readable.push(null);
        else readable.push(value);
      }, (error) => readable.destroy(error));
    },
    destroy(error, done) {
      if (closed) return done(error);
      const end = () => done(error);
      return reader.cancel(error).then(end, end);
    },
  });
  reader.closed.then(() => { closed = true; }, (error) => {
    closed = true;
    readable.destroy(error);
  });
  return readable;
}

export function readableToWeb({ finished }, readable, options = {}) {
  const objectMode = readable.readableObjectMode;
  const { readableHighWaterMark } = readable;
  const strategy = options.strategy ??
    (objectMode ? new CountQueuingStrategy({ highWaterMark: readableHighWaterMark }) : { highWaterMark: readableHighWaterMark });
  let controller;
  let canceled = false;
  readable.pause();
  const stop = finished(readable, (error) => {
    stop();
    readable.on("error", () => {});
    if (error) return controller.error(error.code === "ERR_STREAM_PREMATURE_CLOSE" ? new DOMException("The operation was aborted", "AbortError") : error);
    if (!canceled) controller.close();
    return undefined;
  });
  readable.on("data", (chunk) => {
    controller.enqueue(isBytes(chunk) && !objectMode ? new Uint8Array(chunk) : chunk);
    if (controller.desiredSize <= 0) readable.pause();
  });
  return new ReadableStream({
    start(given) { controller = given; },
    pull() { readable.resume(); },
    cancel(reason) {
      canceled = true;
      readable.destroy(reason);
    },
  }, strategy);
}

export function writableFromWeb({ Writable }, stream, options = {}) {
  const writer = stream.getWriter();
  let closed = false;
  const writable = new Writable({
    objectMode: options.objectMode ?? false, highWaterMark: options.highWaterMark, decodeStrings: options.decodeStrings, signal: options.signal,
    write(chunk, encoding, done) {
      writer.ready.then(() => writer.write(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk)).then(() => done(), done);
    },
    final(done) {
      if (closed) return done();
      return writer.close().then(() => done(), done);
    },
    destroy(error, done) {
      const end = () => done(error);
      if (closed || error === null) return end();
      return writer.abort(error).then(end, end);
    },
  });
  writer.closed.then(() => { closed = true; }, (error) => {
    closed = true;
    writable.destroy(error);
  });
  return writable;
}

export function writableToWeb({ finished }, writable) {
  let controller;
  let wake = null;
  const resume = () => {
    wake?.resolve();
    wake = null;
  };
  writable.on("drain", resume);
  const stop = finished(writable, { readable: false }, (error) => {
    stop();
    writable.on("error", () => {});
    if (error) {
      wake?.reject(error);
      controller.error(error);
    } else {
      resume();
    }
  });
  const strategy = writable.writableObjectMode
    ? new CountQueuingStrategy({ highWaterMark: writable.writableHighWaterMark })
    : new ByteLengthQueuingStrategy({ highWaterMark: writable.writableHighWaterMark });
  return new WritableStream({
    start(given) { controller = given; },
    write(chunk) {
      if (writable.write(chunk)) return undefined;
      wake = Promise.withResolvers();
      return wake.promise;
    },
    abort(reason) { writable.destroy(reason); },
    close: () => new Promise((resolve, reject) => {
      writable.once("error", reject);
      writable.end(resolve);
    }),
  }, strategy);
}

export function duplexFromWeb(own, { readable, writable }, options = {}) {
  const source = readableFromWeb(own, readable, options);
  const sink = writableFromWeb(own, writable, options);
  const duplex = new own.Duplex({
    ...options,
    read() { source.resume(); },
    write(chunk, encoding, done) { sink.write(chunk, encoding, done); },
    final(done) { sink.end(done); },
    destroy(error, done) {
      source.destroy(error);
      sink.destroy(error);
      done(error);
    },
  });
  source.on("data", (chunk) => { if (!duplex.push(chunk)) source.pause(); });
  source.on("end", () => duplex.push(null));
  for (const side of [source, sink]) side.on("error", (error) => duplex.destroy(error));
  return duplex;
}
