/** Cipheriv and Decipheriv (https://nodejs.org/docs/latest/api/crypto.html#class-cipheriv). */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { hostCallSync } from "../../../channel.js";
import { Buffer } from "../../buffer.js";
import { StringDecoder } from "../../string_decoder.js";
import { Transform } from "../../stream.js";
import { asBuffer, bytesOf, host } from "./bytes.js";
import {
  ERR_CRYPTO_INVALID_AUTH_TAG, ERR_CRYPTO_INVALID_IV, ERR_CRYPTO_INVALID_KEYLEN, ERR_CRYPTO_UNKNOWN_CIPHER,
} from "./errors.js";
import { secretOf } from "./keys.js";

const { ERR_CRYPTO_INVALID_STATE } = errors.codes;
const { validateString, validateUint32 } = validators;

const BLOCK = 16;
const registry = new FinalizationRegistry((id) => hostCallSync("crypto-node", "drop", [id]));

/** @type {Map<string, {name: string, mode: string, keyLength: number, ivLength: number, blockSize?: number, nid: number}>} */
const CIPHERS = new Map();
const NIDS = { ecb: 418, cbc: 419, ofb: 420, cfb: 421, ctr: 904, gcm: 895, cfb8: 653 };
for (const [i, bits] of [128, 192, 256].entries()) {
  for (const mode of ["cbc", "ctr", "ecb", "gcm", "ofb", "cfb", "cfb8"]) {
    const name = mode === "gcm" ? `id-aes${bits}-gcm` : `aes-${bits}-${mode}`;
    const cipher = { name, mode, keyLength: bits / 8, ivLength: mode === "ecb" ? 0 : mode === "gcm" ? 12 : BLOCK, nid: NIDS[mode] + i * (mode === "gcm" ? 3 : mode === "ctr" ? 1 : 4) };
    cipher.blockSize = mode === "cbc" || mode === "ecb" ? BLOCK : 1;
    CIPHERS.set(`aes-${bits}-${mode}`, cipher);
    if (mode === "gcm") CIPHERS.set(name, cipher);
    if (mode === "cbc") CIPHERS.set(`aes${bits}`, cipher);
  }
}
CIPHERS.set("chacha20-poly1305", { name: "chacha20-poly1305", mode: "chacha20", keyLength: 32, ivLength: 12, nid: 1018 });

const isAuthenticated = (mode) => mode === "gcm" || mode === "chacha20";
const kInside = Symbol("kInside");

class Inside {
  constructor(name, key, iv, options, decrypt) {
    validateString(name, "cipher");
    const cipher = CIPHERS.get(name.toLowerCase());
    if (cipher === undefined) throw new ERR_CRYPTO_UNKNOWN_CIPHER();
    const secret = secretOf(key, "key");
    const vector = iv === null ? Buffer.alloc(0) : bytesOf(iv, "iv");
    if (secret.length !== cipher.keyLength) throw new ERR_CRYPTO_INVALID_KEYLEN();
    const anyLength = cipher.mode === "gcm" ? vector.length > 0 : vector.length === cipher.ivLength;
    if (!anyLength || (iv === null && cipher.ivLength > 0)) throw new ERR_CRYPTO_INVALID_IV();
    if (options?.authTagLength !== undefined) validateUint32(options.authTagLength, "options.authTagLength");
    this.mode = cipher.mode;
    this.tagLength = options?.authTagLength ?? BLOCK;
    this.decrypt = decrypt;
    this.tag = null;
    this.decoder = null;
    this.finished = false;
    this.id = host("cipherOpen", [cipher.mode, decrypt, secret.length, this.tagLength], secret, vector).value;
    registry.register(this, this.id, this);
  }
  update(bytes) {
    if (this.finished) throw new ERR_CRYPTO_INVALID_STATE("update");
    return asBuffer(host("cipherUpdate", [this.id, "data"], bytes).bytes);
  }
  final() {
    if (this.finished) throw new ERR_CRYPTO_INVALID_STATE("final");
    this.finished = true;
    registry.unregister(this);
    const authenticated = isAuthenticated(this.mode);
    if (authenticated && this.decrypt && this.tag === null) {
      host("drop", [this.id]);
      throw new Error("Unsupported state or unable to authenticate data");
    }
    const { value, bytes } = host("cipherFinal", [this.id], this.tag === null ? new Uint8Array(0) : this.tag);
    const rest = bytes.length - value;
    if (authenticated && !this.decrypt) this.tag = Buffer.from(bytes.subarray(rest));
    return asBuffer(bytes.subarray(0, rest));
  }
  text(bytes, encoding, last) {
    if (encoding === undefined || encoding === null || encoding === "buffer") return bytes;
    this.decoder ??= new StringDecoder(encoding);
    return last ? this.decoder.end(bytes) : this.decoder.write(bytes);
  }
}

function make(name, decrypt) {
  function Cipher(cipher, key, iv, options) {
    if (!new.target) return new Cipher(cipher, key, iv, options);
    this[kInside] = new Inside(cipher, key, iv, options, decrypt);
    Reflect.apply(Transform, this, [options]);
    return this;
  }
  Object.defineProperty(Cipher, "name", { value: name, configurable: true });
  Object.setPrototypeOf(Cipher.prototype, Transform.prototype);
  Object.setPrototypeOf(Cipher, Transform);
  Object.assign(Cipher.prototype, {
    update(data, inputEncoding, outputEncoding) {
      return this[kInside].text(this[kInside].update(bytesOf(data, "data", inputEncoding)), outputEncoding, false);
    },
    final(outputEncoding) { return this[kInside].text(this[kInside].final(), outputEncoding, true); },
    setAutoPadding(on = true) {
      if (!on) host("cipherUpdate", [this[kInside].id, "unpadded"]);
      return this;
    },
    setAAD(data, options) {
      if (!isAuthenticated(this[kInside].mode) || this[kInside].finished) throw new ERR_CRYPTO_INVALID_STATE("setAAD");
      host("cipherUpdate", [this[kInside].id, "aad"], bytesOf(data, "buffer", options?.encoding));
      return this;
    },
    _transform(chunk, encoding, done) {
      this.push(this[kInside].update(bytesOf(chunk, "data", encoding)));
      done();
    },
    _flush(done) {
      try {
        this.push(this[kInside].final());
      } catch (error) {
        done(error);
        return;
      }
      done();
    },
  });
  return Cipher;
}
export const Cipheriv = make("Cipheriv", false);
Cipheriv.prototype.getAuthTag = function getAuthTag() {
  const { tag } = this[kInside];
  if (tag === null) throw new ERR_CRYPTO_INVALID_STATE("getAuthTag");
  return Buffer.from(tag);
};
export const Decipheriv = make("Decipheriv", true);
Decipheriv.prototype.setAuthTag = function setAuthTag(tag, encoding) {
  const inside = this[kInside];
  if (!isAuthenticated(inside.mode) || inside.finished || inside.tag !== null) throw new ERR_CRYPTO_INVALID_STATE("setAuthTag");
  const bytes = Buffer.from(bytesOf(tag, "buffer", encoding));
  const valid = inside.mode === "gcm" ? [4, 8, 12, 13, 14, 15, 16].includes(bytes.length) : bytes.length === BLOCK;
  if (!valid) throw new ERR_CRYPTO_INVALID_AUTH_TAG(bytes.length);
  inside.tag = bytes;
  return this;
};

export const createCipheriv = (cipher, key, iv, options) => new Cipheriv(cipher, key, iv, options);
export const createDecipheriv = (cipher, key, iv, options) => new Decipheriv(cipher, key, iv, options);
export const getCiphers = () => [...CIPHERS.keys()].sort();

/** @param {string | number} nameOrNid @param {{keyLength?: number, ivLength?: number}} [options] */
export function getCipherInfo(nameOrNid, options = {}) {
  const found = typeof nameOrNid === "number"
    ? [...CIPHERS.values()].find(({ nid }) => nid === nameOrNid)
    : CIPHERS.get(`${nameOrNid}`.toLowerCase());
  if (found === undefined) return undefined;
  const { mode, name, nid, blockSize, ivLength, keyLength } = found;
  if (options.keyLength !== undefined && options.keyLength !== keyLength) return undefined;
  if (options.ivLength !== undefined && options.ivLength !== ivLength && mode !== "gcm") return undefined;
  const info = { mode: mode === "chacha20" ? "stream" : mode, name, nid };
  if (blockSize !== undefined) info.blockSize = blockSize;
  if (ivLength > 0) info.ivLength = options.ivLength ?? ivLength;
  return { ...info, keyLength };
}
