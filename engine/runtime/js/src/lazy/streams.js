/** Streams (https://streams.spec.whatwg.org/), from web-streams-polyfill, and Workers' own two transforms. */
export {
  ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader, TransformStream,
  TransformStreamDefaultController, WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter,
} from "web-streams-polyfill";
import "../streams/at-least.js";
export { CompressionStream, DecompressionStream } from "../streams/compression.js";
export { FixedLengthStream, IdentityTransformStream } from "../streams/identity.js";
export { isDisturbed, isLocked, isReadableStream, lock, sourceFromStream, streamFromSource, tee } from "../streams/source.js";
export { TextDecoderStream, TextEncoderStream } from "../streams/text.js";
