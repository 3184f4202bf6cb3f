/** Digests (https://w3c.github.io/webcrypto/#sha), by the host's hashlib. */
import { hostCallSync } from "../channel.js";
import { DOMException } from "../dom-exception.js";
import { StringPrototypeToUpperCase, TypedArrayPrototypeSlice } from "../primordials.js";
import { isObject } from "../webidl.js";

const NAMES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"];

/** @param {any} algorithm a name or an object with one @returns {string} the name as the standard writes it */
export function digestName(algorithm) {
  const given = `${isObject(algorithm) ? algorithm.name : algorithm}`;
  const name = StringPrototypeToUpperCase(given);
  if (!NAMES.includes(name)) throw new DOMException(`Unrecognized or unimplemented digest algorithm requested: ${given}`, "NotSupportedError");
  return name;
}

/** @param {string} name @param {Uint8Array} bytes @returns {Uint8Array} on a buffer of its own */
export const digestBytes = (name, bytes) => TypedArrayPrototypeSlice(hostCallSync("crypto", "digest", [name], bytes).bytes);
