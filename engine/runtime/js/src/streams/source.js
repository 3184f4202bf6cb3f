/** ByteSource to ReadableStream and back; see ../streams.js. */
import { ReadableStream, ReadableStreamDefaultReader } from "web-streams-polyfill";
import {
  ObjectGetOwnPropertyDescriptor, PromisePrototypeThen, TypedArrayPrototypeGetByteLength, TypeError_, uncurryThis,
} from "../primordials.js";
import { bytesOf, isBufferSource } from "../webidl.js";

const { prototype } = ReadableStream;
const locked = uncurryThis(ObjectGetOwnPropertyDescriptor(prototype, "locked").get);
const teeStream = uncurryThis(prototype.tee);
const read = uncurryThis(ReadableStreamDefaultReader.prototype.read);
const cancelReader = uncurryThis(ReadableStreamDefaultReader.prototype.cancel);

/** @param {any} value */
export function isReadableStream(value) {
  try {
    locked(value);
    return true;
  } catch {
    return false;
  }
}
/** @param {ReadableStream} stream */
export const isLocked = (stream) => locked(stream);
/** @param {ReadableStream} stream @returns {boolean} the library keeps the standard's slot under this name */
export const isDisturbed = (stream) => stream._disturbed;
/** Lock a stream for good and count it as read from. @param {ReadableStream} stream */
export function lock(stream) {
  new ReadableStreamDefaultReader(stream);
  stream._disturbed = true;
}
/** @param {ReadableStream} stream @returns {[ReadableStream, ReadableStream]} */
export const tee = (stream) => teeStream(stream);

/** @param {import("../streams.js").ByteSource} source @returns {ReadableStream} of bytes */
export function streamFromSource(source) {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const chunk = await source.read();
      if (chunk === null) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else if (TypedArrayPrototypeGetByteLength(chunk) > 0) {
        controller.enqueue(chunk);
      } else {
        await this.pull(controller);
      }
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 });
}

/** @param {ReadableStream} stream @returns {import("../streams.js").ByteSource} */
export function sourceFromStream(stream) {
  const reader = new ReadableStreamDefaultReader(stream);
  return {
    read: () => PromisePrototypeThen(read(reader), (result) => {
      if (result.done) return null;
      if (isBufferSource(result.value)) return bytesOf(result.value);
      const error = new TypeError_("This ReadableStream did not return bytes: enqueue Uint8Arrays, or pipe it through a TextEncoderStream.");
      return PromisePrototypeThen(cancelReader(reader, error), () => { throw error; });
    }),
    cancel: (reason) => cancelReader(reader, reason),
  };
}
