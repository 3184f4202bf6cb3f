/** CompressionStream and DecompressionStream (https://compression.spec.whatwg.org/); zlib is in the host. */
import { TransformStream } from "web-streams-polyfill";
import { hostCallSync } from "../channel.js";
import { TypedArrayPrototypeSlice, TypedArrayPrototypeSubarray, TypeError_ } from "../primordials.js";
import { copyBytesOf, defineInterface, isBufferSource, isShared, requireArguments } from "../webidl.js";

const PIECE = 32768; // bytes handed to zlib at a time: output stays small whatever the ratio

/** Frees the host's zlib object when a stream is dropped before its end. */
const registry = new FinalizationRegistry((id) => hostCallSync("zlib", "drop", [id]));

function createTransform(direction, format, name) {
  const kind = `${format}`;
  if (kind !== "gzip" && kind !== "deflate" && kind !== "deflate-raw") {
    throw new TypeError_(`${name}: unsupported format: ${kind}. It is one of gzip, deflate, deflate-raw.`);
  }
  const id = hostCallSync("zlib", "open", [direction, kind]).value;
  const push = (controller, operation, bytes) => {
    for (let answer = hostCallSync("zlib", operation, [id], bytes); ; answer = hostCallSync("zlib", "more", [id])) {
      if (answer.bytes !== null && answer.bytes.length > 0) controller.enqueue(TypedArrayPrototypeSlice(answer.bytes));
      if (!answer.value) return;
    }
  };
  const stream = new TransformStream({
    transform(chunk, controller) {
      if (!isBufferSource(chunk) || isShared(chunk)) {
        throw new TypeError_(`${name}: a chunk is not an ArrayBuffer or a view of one.`);
      }
      const bytes = copyBytesOf(chunk);
      for (let at = 0; at < bytes.length; at += PIECE) push(controller, "write", TypedArrayPrototypeSubarray(bytes, at, at + PIECE));
    },
    flush(controller) { push(controller, "finish"); },
  });
  registry.register(stream, id);
  return stream;
}

export class CompressionStream {
  #transform;
  constructor(format) {
    requireArguments(arguments.length, 1, "CompressionStream constructor");
    this.#transform = createTransform("compress", format, "CompressionStream");
  }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}
defineInterface(CompressionStream, "CompressionStream");

export class DecompressionStream {
  #transform;
  constructor(format) {
    requireArguments(arguments.length, 1, "DecompressionStream constructor");
    this.#transform = createTransform("decompress", format, "DecompressionStream");
  }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}
defineInterface(DecompressionStream, "DecompressionStream");
