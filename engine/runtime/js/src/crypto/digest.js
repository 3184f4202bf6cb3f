/** Digests (https://w3c.github.io/webcrypto/#sha, https://wicg.github.io/webcrypto-modern-algos/#sha3), by the host's hashlib. */
import { hostCallSync } from "../channel.js";
import { TypedArrayPrototypeSlice } from "../primordials.js";
import { fail } from "./key.js";

/** @param {string} name @param {Uint8Array} bytes @returns {Uint8Array} on a buffer of its own */
const digestBytes = (name, bytes) => TypedArrayPrototypeSlice(hostCallSync("crypto", "digest", [name], bytes).bytes);

const digest = (params, data) => digestBytes(params.name, data);
const sha = { __proto__: null, params: { __proto__: null, digest: "none" }, digest };
const shake = {
  __proto__: null,
  params: { __proto__: null, digest: "shake" },
  digest({ name, outputLength, functionName, customization }, data) {
    if (outputLength % 8 !== 0) fail(`${name}: outputLength is not a multiple of 8.`, "OperationError");
    if (functionName?.length || customization?.length) fail(`${name}: functionName and customization are not supported.`, "NotSupportedError");
    return TypedArrayPrototypeSlice(hostCallSync("crypto", "shake", [name, outputLength / 8], data).bytes);
  },
};

export const digests = {
  __proto__: null, "SHA-1": sha, "SHA-256": sha, "SHA-384": sha, "SHA-512": sha, MD5: sha, "SHA3-256": sha, "SHA3-384": sha, "SHA3-512": sha,
  cSHAKE128: shake, cSHAKE256: shake,
};
