/** HKDF, PBKDF2 (https://w3c.github.io/webcrypto/#hkdf) and Argon2 (https://wicg.github.io/webcrypto-modern-algos/#argon2). */
import { ArrayPrototypeIncludes, Uint8Array_ } from "../primordials.js";
import { sizeOf } from "./bits.js";
import { after, ask, askLong } from "./host.js";
import { fail, makeKey, requireUsages } from "./key.js";
import { unsupportedFormat } from "./pair.js";

const USAGES = ["deriveKey", "deriveBits"];
const NONE = new Uint8Array_(0);

/** @param {string[]} formats @param {string} deriveParams @param {Function} deriveBits */
const family = (formats, deriveParams, deriveBits) => ({
  __proto__: null,
  params: { __proto__: null, importKey: "none", deriveBits: deriveParams, getKeyLength: "none" },
  importKey({ name }, format, keyData, extractable, usages) {
    if (!ArrayPrototypeIncludes(formats, format)) unsupportedFormat(format);
    requireUsages(usages, USAGES);
    if (extractable) fail(`${name} keys cannot be extractable.`, "SyntaxError");
    return makeKey("secret", { name }, keyData, false, usages);
  },
  getKeyLength: () => null,
  deriveBits,
});

const argon2 = family(["raw-secret"], "argon2", (params, key, length) => {
  const { name, associatedData = NONE, memory, nonce, parallelism, passes, secretValue = NONE, version = 0x13 } = params;
  const size = sizeOf(length);
  if (size < 4) fail(`${name}: the length is below 32 bits.`, "OperationError");
  if (version !== 0x13) fail(`${name}: version is not 0x13.`, "OperationError");
  const parameters = { name, size, memory, parallelism, passes };
  return after(askLong("argon2", parameters, [key.data, nonce, secretValue, associatedData]), (answer) => answer.bytes);
});

export const kdf = {
  __proto__: null,
  HKDF: family(["raw", "raw-secret"], "hkdf", ({ hash, info, salt }, key, length) => {
    const size = sizeOf(length);
    return size === 0 ? new Uint8Array_(0) : ask("hkdf", { hash, size }, [key.data, salt, info]).bytes;
  }),
  PBKDF2: family(["raw", "raw-secret"], "pbkdf2", ({ hash, iterations, salt }, key, length) => {
    const size = sizeOf(length);
    if (iterations === 0) fail("PBKDF2: iterations is 0.", "OperationError");
    if (size === 0) return new Uint8Array_(0);
    return after(askLong("pbkdf2", { hash, iterations, size }, [key.data, salt]), (answer) => answer.bytes);
  }),
  Argon2d: argon2, Argon2i: argon2, Argon2id: argon2,
};
