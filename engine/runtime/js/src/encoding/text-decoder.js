/** TextDecoder (https://encoding.spec.whatwg.org/#interface-textdecoder): UTF-8 here, other encodings lazily. */
import { load } from "../lazy.js";
import {
  RegExpPrototypeExec, StringPrototypeToLowerCase, StringPrototypeReplace, TypedArrayPrototypeSet, TypedArrayPrototypeSlice,
  TypedArrayPrototypeSubarray, TypeError_, Uint8Array_,
} from "../primordials.js";
import { bytesOf, defineInterface, isBufferSource, toDictionary } from "../webidl.js";
import { decodeUtf8Fatal, decodeUtf8Raw, incompleteTail } from "./utf8.js";

const UTF8 = /^(?:unicode-1-1-utf-8|unicode11utf8|unicode20utf8|utf-?8|x-unicode20utf8)$/;
const SPACE = /^[\t\n\f\r ]+|[\t\n\f\r ]+$/g;
const NONE = new Uint8Array_(0);

export class TextDecoder {
  #fatal; #ignoreBOM;
  /** The decoder of another encoding, from the lazy bundle. */
  #other = null;
  /** What is kept between streaming calls: bytes of an unfinished character, and whether the start has passed. */
  #pending = NONE; #started = false;

  constructor(label = "utf-8", options = undefined) {
    const name = StringPrototypeToLowerCase(StringPrototypeReplace(`${label}`, SPACE, ""));
    const bag = toDictionary(options, "TextDecoderOptions");
    this.#fatal = !!bag.fatal;
    this.#ignoreBOM = !!bag.ignoreBOM;
    if (RegExpPrototypeExec(UTF8, name) === null) {
      this.#other = load("encoding").createDecoder(name, this.#fatal, this.#ignoreBOM);
    }
  }
  get encoding() { return this.#other === null ? (this.#fatal, "utf-8") : this.#other.encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }

  decode(input = undefined, options = undefined) {
    let bytes = NONE;
    if (input !== undefined) {
      if (!isBufferSource(input)) throw new TypeError_("TextDecoder.decode: the input is not an ArrayBuffer or a view of one.");
      bytes = bytesOf(input);
    }
    const stream = !!toDictionary(options, "TextDecodeOptions").stream;
    if (this.#other !== null) return this.#other.decode(bytes, stream);
    if (this.#pending.length > 0) {
      const joined = new Uint8Array_(this.#pending.length + bytes.length);
      TypedArrayPrototypeSet(joined, this.#pending);
      TypedArrayPrototypeSet(joined, bytes, this.#pending.length);
      bytes = joined;
      this.#pending = NONE;
    }
    const tail = stream ? incompleteTail(bytes) : 0;
    if (tail > 0) {
      this.#pending = TypedArrayPrototypeSlice(bytes, bytes.length - tail);
      bytes = TypedArrayPrototypeSubarray(bytes, 0, bytes.length - tail);
    }
    const started = this.#started;
    this.#started = stream && (started || bytes.length > 0);
    if (!started && !this.#ignoreBOM && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      bytes = TypedArrayPrototypeSubarray(bytes, 3);
    }
    const text = decodeUtf8Raw(bytes);
    // A replacement character may be the text's own: only then is it worth looking closer.
    if (this.#fatal && text.includes("\uFFFD")) {
      try {
        return decodeUtf8Fatal(bytes);
      } catch (error) {
        this.#started = false;
        this.#pending = NONE;
        throw error;
      }
    }
    return text;
  }
}
defineInterface(TextDecoder, "TextDecoder");
Object.defineProperty(TextDecoder, "length", { __proto__: null, value: 0, configurable: true });
