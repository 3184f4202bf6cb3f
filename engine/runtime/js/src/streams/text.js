/** TextEncoderStream and TextDecoderStream (https://encoding.spec.whatwg.org/#interface-textdecoderstream). */
import { TransformStream } from "web-streams-polyfill";
import { TextDecoder } from "../encoding/text-decoder.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { StringPrototypeCharCodeAt, StringPrototypeSlice, TypeError_ } from "../primordials.js";
import { copyBytesOf, defineInterface, isBufferSource } from "../webidl.js";

export class TextEncoderStream {
  #transform;
  constructor() {
    let high = ""; // a lead surrogate that waits for the next chunk
    this.#transform = new TransformStream({
      transform(chunk, controller) {
        let text = high + `${chunk}`;
        high = "";
        const last = text.length > 0 ? StringPrototypeCharCodeAt(text, text.length - 1) : 0;
        if (last >= 0xd800 && last < 0xdc00) {
          high = text[text.length - 1];
          text = StringPrototypeSlice(text, 0, -1);
        }
        if (text !== "") controller.enqueue(encodeUtf8(text));
      },
      flush(controller) { if (high !== "") controller.enqueue(encodeUtf8(high)); },
    });
  }
  get encoding() { return (this.#transform, "utf-8"); }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}
defineInterface(TextEncoderStream, "TextEncoderStream");

export class TextDecoderStream {
  #transform; #decoder;
  constructor(label = "utf-8", options = undefined) {
    const decoder = new TextDecoder(label, options);
    const decode = TextDecoder.prototype.decode.bind(decoder);
    this.#decoder = decoder;
    this.#transform = new TransformStream({
      transform(chunk, controller) {
        if (!isBufferSource(chunk)) throw new TypeError_("TextDecoderStream: a chunk is not an ArrayBuffer or a view of one.");
        const text = decode(copyBytesOf(chunk), { stream: true });
        if (text !== "") controller.enqueue(text);
      },
      flush(controller) {
        const text = decode();
        if (text !== "") controller.enqueue(text);
      },
    });
  }
  get encoding() { return this.#decoder.encoding; }
  get fatal() { return this.#decoder.fatal; }
  get ignoreBOM() { return this.#decoder.ignoreBOM; }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}
Object.defineProperty(TextDecoderStream, "length", { __proto__: null, value: 0, configurable: true });
defineInterface(TextDecoderStream, "TextDecoderStream");
