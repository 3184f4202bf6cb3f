/** From a message of encode.js to the value; the other isolate's functions, targets and streams become stubs. */
import { createBlob } from "../blob.js";
import { DOMException } from "../dom-exception.js";
import { decodeUtf8 } from "../encoding/utf8.js";
import { Headers } from "../fetch/headers.js";
import { Request } from "../fetch/request.js";
import { Response } from "../fetch/response.js";
import { fileOf } from "../file.js";
import {
  ArrayPrototypePush, BigInt_, DataView_, Date_, JSONParse, MapPrototypeSet, Map_, ObjectDefineProperty, Object_, RegExp_, SetPrototypeAdd,
  Set_, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetLength, TypedArrayPrototypeSlice,
} from "../primordials.js";
import { streamFromSource } from "../streams.js";
import { arrays } from "../structured-clone/clone.js";

const ERRORS = { __proto__: null, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** @param {any} name @returns {boolean} whether an error of that name keeps its class on the way */
export const isBuiltIn = (name) => typeof name === "string" && ERRORS[name] !== undefined;

const define = (target, key, value, enumerable) =>
  ObjectDefineProperty(target, key, { __proto__: null, value, writable: true, enumerable, configurable: true });

/** An error of that name; what is no built-in's keeps it as a property. @param {string} name @param {string} message */
export function errorOf(name, message) {
  const error = new (ERRORS[name] ?? Error)(message);
  if (ERRORS[name] === undefined) define(error, "name", name, false);
  return error;
}

const isHole = (node) => typeof node === "object" && node !== null && node[0] === "_";

class Decoder {
  #bytes; #at; #caps; #makers; #met = [];

  /** @param {Uint8Array} bytes @param {[number, string][]} caps @param {{stub: Function, stream: Function}} makers */
  constructor(bytes, caps, makers) {
    this.#bytes = bytes;
    this.#caps = caps;
    this.#makers = makers;
    const size = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
    this.#at = 4 + size;
    this.tree = JSONParse(decodeUtf8(TypedArrayPrototypeSlice(bytes, 4, 4 + size)));
  }

  decode(node) {
    if (typeof node !== "object" || node === null) return node;
    switch (node[0]) {
      case "u": return undefined;
      case "n": return +node[1];
      case "i": return BigInt_(node[1]);
      case "&": return this.#met[node[1]];
    }
    const number = this.#met.length;
    ArrayPrototypePush(this.#met, undefined);
    const met = (value) => (this.#met[number] = value);
    switch (node[0]) {
      case "a": {
        const list = met([]);
        for (let i = 1; i < node.length; i++) if (!isHole(node[i])) list[i - 1] = this.decode(node[i]);
        list.length = node.length - 1;
        return list;
      }
      case "o": return this.#properties(met({}), node);
      case "m": {
        const map = met(new Map_());
        for (let i = 1; i < node.length; i += 2) MapPrototypeSet(map, this.decode(node[i]), this.decode(node[i + 1]));
        return map;
      }
      case "t": {
        const set = met(new Set_());
        for (let i = 1; i < node.length; i++) SetPrototypeAdd(set, this.decode(node[i]));
        return set;
      }
      case "e": return this.#error(node, met);
      case "w": return met(Object_(this.decode(node[1])));
      case "d": return met(new Date_(this.decode(node[1])));
      case "r": return met(new RegExp_(node[1], node[2]));
      case "b": return met(TypedArrayPrototypeGetBuffer(this.#slice(node[1], node[2])));
      case "v": {
        const buffer = this.decode(node[2]);
        return met(node[1] === "DataView" ? new DataView_(buffer, node[3], node[4]) : new arrays[node[1]](buffer, node[3], node[4]));
      }
      case "f": {
        const blob = createBlob(this.#slice(node[2], node[3]), node[1]);
        return met(node.length > 4 ? fileOf(blob, node[4], node[5]) : blob);
      }
      case "x": return met(new DOMException(node[1], node[2]));
      case "h": return met(new Headers(node[1]));
      case "p": return met(new Response(this.#body(node[4]), { status: node[1], statusText: node[2], headers: node[3] }));
      case "q": {
        const body = this.#body(node[5]);
        const init = { method: node[1], headers: node[3], redirect: node[4], cf: node[6] === null ? undefined : this.decode(node[6]) };
        if (body !== null) init.body = body;
        return met(new Request(node[2], init));
      }
      case "s": return met(this.#stream(node[1]));
      default: return met(this.#makers.stub(this.#caps[node[1]][0]));
    }
  }

  #slice(at, length) {
    return TypedArrayPrototypeSlice(this.#bytes, this.#at + at, this.#at + at + length);
  }

  #stream(index) {
    return streamFromSource(this.#makers.stream(this.#caps[index][0]));
  }

  #body(node) {
    if (node === null || typeof node === "string") return node;
    return node[0] === "s" ? this.#stream(node[1]) : this.#slice(node[0], node[1]);
  }

  #properties(target, node) {
    for (let i = 1; i < node.length; i += 2) define(target, node[i], this.decode(node[i + 1]), true);
    return target;
  }

  #error(node, met) {
    const error = met(errorOf(node[1], node[2]));
    if (node[3] !== "") define(error, "stack", node[3], false);
    this.#properties(error, node[4]);
    if (node.length > 5) define(error, "cause", this.decode(node[5]), false);
    return error;
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {[number, string][]} caps handle and kind of each thing that stayed in the other isolate
 * @param {{stub: (handle: number) => any, stream: (handle: number) => import("../streams.js").ByteSource}} makers
 * @returns {any}
 */
export function decode(bytes, caps, makers) {
  if (TypedArrayPrototypeGetLength(bytes) === 0) return undefined;
  const decoder = new Decoder(bytes, caps, makers);
  return decoder.decode(decoder.tree);
}
