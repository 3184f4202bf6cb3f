/** Hash, Hmac and crypto.hash (https://nodejs.org/docs/latest/api/crypto.html#class-hash). */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { hostCallSync } from "../../../channel.js";
import { Buffer } from "../../buffer.js";
import { Transform } from "../../stream.js";
import { bytesOf, host, output } from "./bytes.js";
import { secretOf } from "./keys.js";

const { ERR_CRYPTO_HASH_FINALIZED, ERR_INVALID_ARG_TYPE } = errors.codes;
const { validateString, validateUint32 } = validators;

/** What is kept here until the digest is asked for; beyond it the host has the state. */
const KEPT_BYTES = 65536;
const registry = new FinalizationRegistry((id) => hostCallSync("crypto-node", "drop", [id]));

/** A digest under way: most are of a few bytes, and one call to the host. */
class State {
  #name; #key; #length; #chunks = []; #size = 0; #id = 0;
  constructor(name, key, length) {
    this.#name = name;
    this.#key = key;
    this.#length = length ?? null;
  }
  update(bytes) {
    this.#chunks.push(Buffer.from(bytes));
    this.#size += bytes.length;
    if (this.#size > KEPT_BYTES) this.#flush();
  }
  #flush() {
    if (this.#id === 0) {
      this.#id = host("hashOpen", [this.#name, this.#key !== null], this.#key).value;
      registry.register(this, this.#id, this);
    }
    if (this.#size > 0) host("hashUpdate", [this.#id], ...this.#chunks);
    this.#chunks = [];
    this.#size = 0;
  }
  copy(length) {
    const other = new State(this.#name, this.#key, length ?? this.#length);
    other.#chunks = [...this.#chunks];
    other.#size = this.#size;
    if (this.#id !== 0) {
      other.#id = host("hashCopy", [this.#id]).value;
      registry.register(other, other.#id, other);
    }
    return other;
  }
  digest() {
    if (this.#id === 0) {
      return host("hash", [this.#name, this.#key === null ? null : this.#key.length, this.#length], this.#key, ...this.#chunks).bytes;
    }
    this.#flush();
    registry.unregister(this);
    return host("hashFinal", [this.#id, this.#length]).bytes;
  }
}

const kState = Symbol("kState"), kFinalized = Symbol("kFinalized");

const methods = {
  update(data, encoding) {
    if (this[kFinalized] !== null) throw new ERR_CRYPTO_HASH_FINALIZED();
    if (typeof data !== "string" && !ArrayBuffer.isView(data)) {
      throw new ERR_INVALID_ARG_TYPE("data", ["string", "Buffer", "TypedArray", "DataView"], data);
    }
    this[kState].update(bytesOf(data, "data", encoding));
    return this;
  },
  _transform(chunk, encoding, done) {
    this[kState].update(bytesOf(chunk, "data", encoding));
    done();
  },
  _flush(done) {
    this.push(this.digest());
    done();
  },
};

export function Hash(algorithm, options) {
  if (!new.target) return new Hash(algorithm, options);
  const copied = algorithm instanceof State;
  if (!copied) validateString(algorithm, "algorithm");
  if (options?.outputLength !== undefined) validateUint32(options.outputLength, "options.outputLength");
  if (!copied) host("hash", [algorithm, null, null]); // an unknown one throws now
  this[kState] = copied ? algorithm : new State(algorithm, null, options?.outputLength);
  this[kFinalized] = null;
  Reflect.apply(Transform, this, [options]);
}
Object.setPrototypeOf(Hash.prototype, Transform.prototype);
Object.setPrototypeOf(Hash, Transform);
Object.assign(Hash.prototype, methods, {
  copy(options) {
    if (this[kFinalized] !== null) throw new ERR_CRYPTO_HASH_FINALIZED();
    return new Hash(this[kState].copy(options?.outputLength), options);
  },
  digest(encoding) {
    if (this[kFinalized] !== null) throw new ERR_CRYPTO_HASH_FINALIZED();
    this[kFinalized] = this[kState].digest();
    return output(this[kFinalized], encoding);
  },
});

export function Hmac(algorithm, key, options) {
  if (!new.target) return new Hmac(algorithm, key, options);
  validateString(algorithm, "hmac");
  const secret = secretOf(key, "key", options?.encoding);
  host("hash", [algorithm, 0, null]);
  this[kState] = new State(algorithm, secret);
  this[kFinalized] = null;
  Reflect.apply(Transform, this, [options]);
}
Object.setPrototypeOf(Hmac.prototype, Transform.prototype);
Object.setPrototypeOf(Hmac, Transform);
Object.assign(Hmac.prototype, methods, {
  digest(encoding) {
    // A second digest of an Hmac is empty, not an error.
    const bytes = this[kFinalized] === null ? this[kState].digest() : new Uint8Array(0);
    this[kFinalized] = bytes;
    return output(bytes, encoding);
  },
});

export const createHash = (algorithm, options) => new Hash(algorithm, options);
export const createHmac = (algorithm, key, options) => new Hmac(algorithm, key, options);

/** One call for a whole input. @param {string} algorithm @param {any} data @param {string} [encoding] */
export function hash(algorithm, data, encoding = "hex") {
  validateString(algorithm, "algorithm");
  return output(host("hash", [algorithm, null, null], bytesOf(data, "input")).bytes, encoding);
}
export const getHashes = () => host("hashes", []).value.flatMap((name) => [name, ...(/^(?:md5|sha\d+|ripemd160)$/.test(name) ? [`RSA-${name.toUpperCase()}`] : [])]);
