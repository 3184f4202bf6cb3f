/** File (https://w3c.github.io/FileAPI/#file-section). */
import { Blob, blobBytes } from "./blob.js";
import { DateNow, MathTrunc, NumberIsFinite } from "./primordials.js";
import { defineInterface, isObject, requireArguments, toDictionary, toUSVString } from "./webidl.js";

let isFile_, nameOf;

export class File extends Blob {
  #name; #lastModified;
  constructor(parts, name, options = undefined) {
    requireArguments(arguments.length, 2, "File constructor");
    const bag = toDictionary(options, "FilePropertyBag");
    if (!isObject(parts)) throw new TypeError("File: the parts are not a sequence.");
    super(parts, bag);
    this.#name = toUSVString(name);
    const modified = bag.lastModified === undefined ? DateNow() : +bag.lastModified;
    this.#lastModified = NumberIsFinite(modified) ? MathTrunc(modified) : 0;
  }
  static {
    isFile_ = (value) => isObject(value) && #name in value;
    nameOf = (file) => file.#name;
  }
  get name() { return this.#name; }
  get lastModified() { return this.#lastModified; }
}
defineInterface(File, "File");

/** @param {any} value @returns {boolean} */
export const isFile = (value) => isFile_(value);
/** @param {File} file @returns {string} */
export const fileName = (file) => nameOf(file);
/** @param {Blob} blob @param {string} name @param {number} [lastModified] @returns {File} the same bytes under a name */
export const fileOf = (blob, name, lastModified) =>
  new File([blobBytes(blob)], name, { __proto__: null, type: blob.type, lastModified });
