/**
 * The seam between bytes and ReadableStream. The stream classes are a lazy library; what the runtime
 * itself moves is a ByteSource, and it becomes a stream only when user code asks to see one.
 *
 * @typedef {object} ByteSource
 * @property {() => Promise<Uint8Array | null>} read the next chunk, null at the end; rejects when it broke
 * @property {(reason?: any) => Promise<void>} cancel nobody wants the rest
 * @property {number} [length] how many bytes it will give, if that is known
 */
import { load, peek } from "./lazy.js";
import { WeakMapPrototypeGet, WeakMapPrototypeSet, WeakMap_ } from "./primordials.js";

/** Streams that stand for a source and have not been touched since. @type {WeakMap<ReadableStream, ByteSource>} */
const untouched = new WeakMap_();

/** @param {any} value @returns {boolean} whether it is one of our ReadableStreams; loads nothing */
export const isReadableStream = (value) =>
  typeof value === "object" && value !== null && peek("streams")?.isReadableStream(value) === true;

/** @param {ByteSource} source @returns {ReadableStream} a byte stream that reads from it */
export function streamFromSource(source) {
  const stream = load("streams").streamFromSource(source);
  WeakMapPrototypeSet(untouched, stream, source);
  return stream;
}

/** @param {Uint8Array} bytes @returns {ReadableStream} */
export const streamFromBytes = (bytes) => streamFromSource(sourceFromBytes(bytes));

/** @param {Uint8Array} bytes @returns {ByteSource} */
export function sourceFromBytes(bytes) {
  let rest = bytes.byteLength === 0 ? null : bytes;
  return {
    length: bytes.byteLength,
    async read() { const chunk = rest; rest = null; return chunk; },
    async cancel() { rest = null; },
  };
}

/**
 * Take a stream over: it is locked from now on. A stream nobody has read from gives its source back,
 * so that a body that only passes through costs no stream machinery.
 * @param {ReadableStream} stream
 * @returns {ByteSource} its read() rejects with TypeError for a chunk that is not bytes
 */
export function sourceFromStream(stream) {
  const streams = load("streams");
  const source = WeakMapPrototypeGet(untouched, stream);
  if (source !== undefined && !streams.isLocked(stream) && !streams.isDisturbed(stream)) {
    streams.lock(stream);
    return source;
  }
  return streams.sourceFromStream(stream);
}

/** @param {ReadableStream} stream @returns {boolean} */
export const isLocked = (stream) => peek("streams").isLocked(stream);
/** @param {ReadableStream} stream @returns {boolean} */
export const isDisturbed = (stream) => peek("streams").isDisturbed(stream);
