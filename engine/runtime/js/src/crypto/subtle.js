/** crypto.subtle (https://w3c.github.io/webcrypto/#subtlecrypto-interface). */
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.js";
import { toJson } from "../json.js";
import { ArrayPrototypeIncludes, JSONParse, TypedArrayPrototypeGetBuffer, TypeError_ } from "../primordials.js";
import { bytesOf, defineInterface, isBufferSource, isObject, requireArguments, toSequence } from "../webidl.js";
import { algorithmOf, normalize } from "./algorithms.js";
import { after } from "./host.js";
import { toJwk } from "./jwk.js";
import { fail, isUsage, stateOf } from "./key.js";
import { bufferSource, identifier, mapArray } from "./params.js";

const TOKEN = {};
const FORMATS = ["raw", "pkcs8", "spki", "jwk", "raw-public", "raw-private", "raw-seed", "raw-secret"];

const bufferOf = (bytes) => TypedArrayPrototypeGetBuffer(bytes);

function toFormat(value) {
  const format = `${value}`;
  if (!ArrayPrototypeIncludes(FORMATS, format)) throw new TypeError_(`"${format}" is not a key format.`);
  return format;
}

function toUsages(value) {
  if (!isObject(value)) throw new TypeError_("The key usages are not a sequence.");
  return mapArray(toSequence(value), (item) => {
    const usage = `${item}`;
    if (!isUsage(usage)) throw new TypeError_(`"${usage}" is not a key usage.`);
    return usage;
  });
}

/** The key of an operation. @throws {DOMException} InvalidAccessError */
function requireKey(key, name, usage) {
  if (key.name !== name) fail(`The key is of ${key.name}, and the operation of ${name}.`, "InvalidAccessError");
  if (!ArrayPrototypeIncludes(key.usages, usage)) fail(`The key does not have the usage "${usage}".`, "InvalidAccessError");
}

/** A secret or private key can do something. @param {CryptoKey | {privateKey: CryptoKey}} made */
function requireUse(made) {
  const state = stateOf(made.privateKey === undefined ? made : made.privateKey, "The key");
  if (state.type !== "public" && state.usages.length === 0) fail("A key cannot be without usages.", "SyntaxError");
  return made;
}

function importNormalized({ algorithm, params }, format, keyData, extractable, usages) {
  return requireUse(algorithm.importKey(params, format, keyData, extractable, usages));
}

function exportState(format, key) {
  const { exportKey } = algorithmOf(key);
  if (exportKey === undefined) fail(`Keys of ${key.name} cannot be exported.`, "NotSupportedError");
  if (!key.extractable) fail("The key is not extractable.", "InvalidAccessError");
  return exportKey(format, key);
}

/** The algorithm under one operation, or else under another. */
function normalizeEither(first, second, given) {
  try {
    return [first, normalize(first, given)];
  } catch (error) {
    if (error?.name !== "NotSupportedError") throw error;
    return [second, normalize(second, given)];
  }
}

const crypt = (usage, algorithm, key, data) => {
  const [given, state, bytes] = [identifier(algorithm), stateOf(key, "The key"), bufferSource(data, "The data")];
  const { name, params, algorithm: found } = normalize(usage, given);
  requireKey(state, name, usage);
  return found[usage](params, state, bytes);
};

export class SubtleCrypto {
  #brand;
  constructor(token = undefined) { if (token !== TOKEN) throw new TypeError_("Illegal constructor"); }

  async encrypt(algorithm, key, data) {
    void this.#brand;
    requireArguments(arguments.length, 3, "SubtleCrypto.encrypt");
    return bufferOf(crypt("encrypt", algorithm, key, data));
  }
  async decrypt(algorithm, key, data) {
    void this.#brand;
    requireArguments(arguments.length, 3, "SubtleCrypto.decrypt");
    return bufferOf(crypt("decrypt", algorithm, key, data));
  }
  async sign(algorithm, key, data) {
    void this.#brand;
    requireArguments(arguments.length, 3, "SubtleCrypto.sign");
    return bufferOf(crypt("sign", algorithm, key, data));
  }
  async verify(algorithm, key, signature, data) {
    void this.#brand;
    requireArguments(arguments.length, 4, "SubtleCrypto.verify");
    const given = identifier(algorithm);
    const state = stateOf(key, "The key");
    const claimed = bufferSource(signature, "The signature");
    const bytes = bufferSource(data, "The data");
    const { name, params, algorithm: found } = normalize("verify", given);
    requireKey(state, name, "verify");
    return found.verify(params, state, claimed, bytes);
  }
  async digest(algorithm, data) {
    void this.#brand;
    requireArguments(arguments.length, 2, "SubtleCrypto.digest");
    const given = identifier(algorithm);
    const bytes = bufferSource(data, "The data");
    const { params, algorithm: found } = normalize("digest", given);
    return bufferOf(found.digest(params, bytes));
  }
  async generateKey(algorithm, extractable, keyUsages) {
    void this.#brand;
    requireArguments(arguments.length, 3, "SubtleCrypto.generateKey");
    const given = identifier(algorithm);
    const usages = toUsages(keyUsages);
    const { params, algorithm: found } = normalize("generateKey", given);
    return after(found.generateKey(params, !!extractable, usages), requireUse);
  }
  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    void this.#brand;
    requireArguments(arguments.length, 5, "SubtleCrypto.deriveKey");
    const given = identifier(algorithm);
    const state = stateOf(baseKey, "The base key");
    const type = identifier(derivedKeyType);
    const usages = toUsages(keyUsages);
    const { name, params, algorithm: found } = normalize("deriveBits", given);
    const derived = normalize("importKey", type);
    const length = normalize("getKeyLength", type);
    requireKey(state, name, "deriveKey");
    const bits = length.algorithm.getKeyLength(length.params);
    return after(found.deriveBits(params, state, bits), (secret) => importSecret(derived, secret, extractable, usages));
  }
  async deriveBits(algorithm, baseKey, length = null) {
    void this.#brand;
    requireArguments(arguments.length, 2, "SubtleCrypto.deriveBits");
    const given = identifier(algorithm);
    const state = stateOf(baseKey, "The base key");
    const bits = length === null ? null : unsignedBits(length);
    const { name, params, algorithm: found } = normalize("deriveBits", given);
    requireKey(state, name, "deriveBits");
    return after(found.deriveBits(params, state, bits), bufferOf);
  }
  async importKey(format, keyData, algorithm, extractable, keyUsages) {
    void this.#brand;
    requireArguments(arguments.length, 5, "SubtleCrypto.importKey");
    const kind = toFormat(format);
    const isBytes = isBufferSource(keyData);
    const data = isBytes ? bufferSource(keyData, "The key data") : toJwk(keyData ?? {});
    const given = identifier(algorithm);
    const usages = toUsages(keyUsages);
    const found = normalize("importKey", given);
    if (isBytes === (kind === "jwk")) throw new TypeError_(`The key data is not what the format "${kind}" takes.`);
    return importNormalized(found, kind, data, !!extractable, usages);
  }
  async exportKey(format, key) {
    void this.#brand;
    requireArguments(arguments.length, 2, "SubtleCrypto.exportKey");
    const kind = toFormat(format);
    const exported = exportState(kind, stateOf(key, "The key"));
    return kind === "jwk" ? exported : bufferOf(exported);
  }
  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    void this.#brand;
    requireArguments(arguments.length, 4, "SubtleCrypto.wrapKey");
    const kind = toFormat(format);
    const state = stateOf(key, "The key");
    const wrapping = stateOf(wrappingKey, "The wrapping key");
    const [operation, { name, params, algorithm }] = normalizeEither("wrapKey", "encrypt", identifier(wrapAlgorithm));
    requireKey(wrapping, name, "wrapKey");
    const exported = exportState(kind, state);
    return bufferOf(algorithm[operation](params, wrapping, kind === "jwk" ? encodeUtf8(toJson(exported)) : exported));
  }
  async unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
    void this.#brand;
    requireArguments(arguments.length, 7, "SubtleCrypto.unwrapKey");
    const kind = toFormat(format);
    const wrapped = bufferSource(wrappedKey, "The wrapped key");
    const unwrapping = stateOf(unwrappingKey, "The unwrapping key");
    const given = identifier(unwrapAlgorithm);
    const type = identifier(unwrappedKeyAlgorithm);
    const usages = toUsages(keyUsages);
    const [operation, { name, params, algorithm }] = normalizeEither("unwrapKey", "decrypt", given);
    const unwrapped = normalize("importKey", type);
    requireKey(unwrapping, name, "unwrapKey");
    const bytes = algorithm[operation](params, unwrapping, wrapped);
    return importNormalized(unwrapped, kind, kind === "jwk" ? parseJwk(bytes) : bytes, !!extractable, usages);
  }
  async getPublicKey(key, keyUsages) {
    void this.#brand;
    requireArguments(arguments.length, 2, "SubtleCrypto.getPublicKey");
    const state = stateOf(key, "The key");
    const usages = toUsages(keyUsages);
    const { getPublicKey } = algorithmOf(state);
    if (getPublicKey === undefined) fail(`Keys of ${state.name} have no public key.`, "NotSupportedError");
    if (state.type !== "private") fail("The key is not private.", "InvalidAccessError");
    return getPublicKey(state, usages);
  }
  async encapsulateBits(algorithm, key) {
    void this.#brand;
    requireArguments(arguments.length, 2, "SubtleCrypto.encapsulateBits");
    const { sharedKey, ciphertext } = encapsulate("encapsulateBits", algorithm, key);
    return { sharedKey: bufferOf(sharedKey), ciphertext: bufferOf(ciphertext) };
  }
  async encapsulateKey(algorithm, key, sharedKeyAlgorithm, extractable, keyUsages) {
    void this.#brand;
    requireArguments(arguments.length, 5, "SubtleCrypto.encapsulateKey");
    const usages = toUsages(keyUsages);
    const shared = normalize("importKey", identifier(sharedKeyAlgorithm));
    const { sharedKey, ciphertext } = encapsulate("encapsulateKey", algorithm, key);
    return { sharedKey: importSecret(shared, sharedKey, extractable, usages), ciphertext: bufferOf(ciphertext) };
  }
  async decapsulateBits(algorithm, key, ciphertext) {
    void this.#brand;
    requireArguments(arguments.length, 3, "SubtleCrypto.decapsulateBits");
    return bufferOf(decapsulate("decapsulateBits", algorithm, key, ciphertext));
  }
  async decapsulateKey(algorithm, key, ciphertext, sharedKeyAlgorithm, extractable, keyUsages) {
    void this.#brand;
    requireArguments(arguments.length, 6, "SubtleCrypto.decapsulateKey");
    const usages = toUsages(keyUsages);
    const shared = normalize("importKey", identifier(sharedKeyAlgorithm));
    return importSecret(shared, decapsulate("decapsulateKey", algorithm, key, ciphertext), extractable, usages);
  }
  /** Workers' own (https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#timingsafeequal). */
  timingSafeEqual(a, b) {
    void this.#brand;
    requireArguments(arguments.length, 2, "SubtleCrypto.timingSafeEqual");
    if (!isBufferSource(a) || !isBufferSource(b)) throw new TypeError_("timingSafeEqual: an argument is not an ArrayBuffer or a view of one.");
    const [left, right] = [bytesOf(a), bytesOf(b)];
    if (left.length !== right.length) throw new TypeError_("Input buffers must have the same byte length.");
    let different = 0;
    for (let i = 0; i < left.length; i++) different |= left[i] ^ right[i];
    return different === 0;
  }
}
defineInterface(SubtleCrypto, "SubtleCrypto");

/** Web IDL's unsigned long without [EnforceRange]. */
const unsignedBits = (value) => +value >>> 0;

/** A derived or encapsulated secret as a key: "raw", or what newer algorithms call "raw-secret". */
const importSecret = (found, secret, extractable, usages) => importNormalized(found, "raw-secret", secret, !!extractable, usages);

function encapsulate(usage, algorithm, key) {
  const given = identifier(algorithm);
  const state = stateOf(key, "The key");
  const { name, params, algorithm: found } = normalize("encapsulate", given);
  requireKey(state, name, usage);
  return found.encapsulate(params, state);
}

function decapsulate(usage, algorithm, key, ciphertext) {
  const given = identifier(algorithm);
  const state = stateOf(key, "The key");
  const bytes = bufferSource(ciphertext, "The ciphertext");
  const { name, params, algorithm: found } = normalize("decapsulate", given);
  requireKey(state, name, usage);
  return found.decapsulate(params, state, bytes);
}

function parseJwk(bytes) {
  let value;
  try {
    value = JSONParse(decodeUtf8(bytes));
  } catch {
    fail("The unwrapped data is not a JSON Web Key.", "DataError");
  }
  if (!isObject(value)) fail("The unwrapped data is not a JSON Web Key.", "DataError");
  return toJwk(value);
}

export const subtle = new SubtleCrypto(TOKEN);
