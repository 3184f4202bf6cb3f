/** crypto.subtle (https://w3c.github.io/webcrypto/#subtlecrypto-interface). */
import { TypedArrayPrototypeGetBuffer, TypeError_ } from "../primordials.js";
import { copyBytesOf, defineInterface, isBufferSource, requireArguments } from "../webidl.js";
import { digestBytes, digestName } from "./digest.js";

const TOKEN = {};

export class SubtleCrypto {
  #brand;
  constructor(token) { if (token !== TOKEN) throw new TypeError_("Illegal constructor"); }
  async digest(algorithm, data) {
    void this.#brand;
    requireArguments(arguments.length, 2, "SubtleCrypto.digest");
    const name = digestName(algorithm);
    if (!isBufferSource(data)) throw new TypeError_("SubtleCrypto.digest: the data is not an ArrayBuffer or a view of one.");
    return TypedArrayPrototypeGetBuffer(digestBytes(name, copyBytesOf(data)));
  }
}
defineInterface(SubtleCrypto, "SubtleCrypto");

export const subtle = new SubtleCrypto(TOKEN);
