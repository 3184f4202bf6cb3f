/** Key agreement: DiffieHellman, ECDH (https://nodejs.org/docs/latest/api/crypto.html#class-diffiehellman). */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { Buffer } from "../../buffer.js";
import { asBuffer, bytesOf, host, output } from "./bytes.js";
import { ERR_CRYPTO_INVALID_KEYPAIR } from "./errors.js";
import { derOf } from "./keys.js";
import { generatePrimeSync, randomBytes } from "./random.js";

const { ERR_CRYPTO_ECDH_INVALID_FORMAT, ERR_INVALID_ARG_TYPE } = errors.codes;
const { validateObject, validateString } = validators;

const toBig = (bytes) => (bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
function toBytes(number, size) {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(size === undefined ? hex.length + (hex.length % 2) : size * 2, "0"), "hex");
}
function power(base, exponent, modulus) {
  let result = 1n;
  for (base %= modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

export class DiffieHellman {
  #prime; #generator; #private = null; #public = null;
  verifyError = 0;
  constructor(prime, primeEncoding, generator, generatorEncoding) {
    if (typeof primeEncoding === "number" || ArrayBuffer.isView(primeEncoding)) {
      generatorEncoding = generator;
      generator = primeEncoding;
      primeEncoding = undefined;
    }
    if (typeof prime !== "number" && typeof prime !== "string" && !ArrayBuffer.isView(prime) && !(prime instanceof ArrayBuffer)) {
      throw new ERR_INVALID_ARG_TYPE("sizeOrKey", ["number", "string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"], prime);
    }
    this.#prime = typeof prime === "number" ? Buffer.from(generatePrimeSync(prime, { safe: true })) : Buffer.from(bytesOf(prime, "sizeOrKey", primeEncoding));
    const base = generator ?? 2;
    this.#generator = typeof base === "number" ? toBytes(BigInt(base)) : Buffer.from(bytesOf(base, "generator", generatorEncoding));
  }
  generateKeys(encoding) {
    const size = this.#prime.length;
    if (this.#private === null) this.#private = toBytes(toBig(randomBytes(size)) % (toBig(this.#prime) - 2n) + 1n, size);
    this.#public = toBytes(power(toBig(this.#generator), toBig(this.#private), toBig(this.#prime)), size);
    return output(this.#public, encoding);
  }
  computeSecret(other, inputEncoding, outputEncoding) {
    const theirs = toBig(bytesOf(other, "otherPublicKey", inputEncoding));
    const prime = toBig(this.#prime);
    if (theirs <= 1n) throw new RangeError("Supplied key is too small");
    if (theirs >= prime - 1n) throw new RangeError("Supplied key is too large");
    return output(toBytes(power(theirs, toBig(this.#private), prime), this.#prime.length), outputEncoding);
  }
  getPrime(encoding) { return output(this.#prime, encoding); }
  getGenerator(encoding) { return output(this.#generator, encoding); }
  getPublicKey(encoding) {
    if (this.#public === null) throw new Error("No public key - did you forget to generate one?");
    return output(this.#public, encoding);
  }
  getPrivateKey(encoding) {
    if (this.#private === null) throw new Error("No private key - did you forget to generate one?");
    return output(this.#private, encoding);
  }
  setPublicKey(key, encoding) { this.#public = Buffer.from(bytesOf(key, "key", encoding)); }
  setPrivateKey(key, encoding) { this.#private = Buffer.from(bytesOf(key, "key", encoding)); }
}
/** One of the groups of RFC 2409 and RFC 3526; its keys cannot be set. */
export class DiffieHellmanGroup extends DiffieHellman {
  constructor(name) {
    validateString(name, "group");
    super(asBuffer(host("group", [name]).bytes), 2);
  }
}
for (const name of ["setPublicKey", "setPrivateKey"]) DiffieHellmanGroup.prototype[name] = undefined;

export const createDiffieHellman = (...args) => new DiffieHellman(...args);
export const createDiffieHellmanGroup = (name) => new DiffieHellmanGroup(name);

const CURVES = ["prime256v1", "secp224r1", "secp256k1", "secp384r1", "secp521r1"];
export const getCurves = () => [...CURVES];

function formOf(format) {
  if (format === undefined || format === "uncompressed") return "uncompressed";
  if (format === "compressed" || format === "hybrid") return format;
  throw new ERR_CRYPTO_ECDH_INVALID_FORMAT(format);
}
/** A hybrid point is an uncompressed one that says its sign too. */
function shaped(point, format) {
  if (format !== "hybrid") return point;
  const result = Buffer.from(point);
  result[0] = 6 + (point[point.length - 1] & 1);
  return result;
}

export class ECDH {
  #curve; #private = null; #public = null;
  constructor(curve) {
    validateString(curve, "curve");
    host("ecdhPublic", [curve, "uncompressed"], Buffer.from([1])); // an unknown one throws now
    this.#curve = curve;
  }
  static convertKey(key, curve, inputEncoding, outputEncoding, format) {
    const point = bytesOf(key, "key", inputEncoding);
    const form = formOf(format);
    const { bytes } = host("ecdhConvert", [curve, form === "hybrid" ? "uncompressed" : form], point);
    return output(shaped(bytes, form), outputEncoding);
  }
  #set(bytes) {
    const { value, bytes: both } = host("ecdhPublic", [this.#curve, "uncompressed"], bytes);
    this.#private = Buffer.from(both.subarray(0, value));
    this.#public = Buffer.from(both.subarray(value));
  }
  generateKeys(encoding, format) {
    this.#set(Buffer.alloc(0));
    return this.getPublicKey(encoding, format);
  }
  computeSecret(other, inputEncoding, outputEncoding) {
    if (this.#private === null) throw new ERR_CRYPTO_INVALID_KEYPAIR();
    const point = bytesOf(other, "otherPublicKey", inputEncoding);
    return output(host("ecdhSecret", [this.#curve, this.#private.length], this.#private, point).bytes, outputEncoding);
  }
  getPrivateKey(encoding) {
    if (this.#private === null) throw new Error("Failed to get ECDH private key");
    return output(this.#private, encoding);
  }
  getPublicKey(encoding, format) {
    if (this.#public === null) throw new Error("Failed to get ECDH public key");
    return ECDH.convertKey(this.#public, this.#curve, undefined, encoding, format);
  }
  setPrivateKey(key, encoding) { this.#set(bytesOf(key, "key", encoding)); }
  setPublicKey(key, encoding) { this.#public = Buffer.from(bytesOf(key, "key", encoding)); }
}
export const createECDH = (curve) => new ECDH(curve);

/** @param {{privateKey: KeyObject, publicKey: KeyObject}} options @returns {Buffer} */
export function diffieHellman(options) {
  validateObject(options, "options");
  const { privateKey, publicKey } = options;
  const secret = derOf(privateKey);
  return asBuffer(host("agree", [secret.length], secret, derOf(publicKey)).bytes);
}
