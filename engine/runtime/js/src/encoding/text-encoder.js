/** TextEncoder (https://encoding.spec.whatwg.org/#interface-textencoder). */
import { TypedArrayPrototypeGetToStringTag, TypeError_ } from "../primordials.js";
import { defineInterface, requireArguments, toUSVString } from "../webidl.js";
import { encodeInto, encodeUtf8 } from "./utf8.js";

export class TextEncoder {
  #brand;
  get encoding() { return (this.#brand, "utf-8"); }
  encode(input = "") { return (this.#brand, encodeUtf8(`${input}`)); }
  encodeInto(source, destination) {
    void this.#brand;
    requireArguments(arguments.length, 2, "TextEncoder.encodeInto");
    const text = toUSVString(source);
    if (TypedArrayPrototypeGetToStringTag(destination) !== "Uint8Array") {
      throw new TypeError_("TextEncoder.encodeInto: the destination is not a Uint8Array.");
    }
    return encodeInto(text, destination);
  }
}
defineInterface(TextEncoder, "TextEncoder");
