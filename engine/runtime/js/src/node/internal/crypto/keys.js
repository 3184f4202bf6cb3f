/** KeyObject and the ways to get one (https://nodejs.org/docs/latest/api/crypto.html#class-keyobject). */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { Buffer } from "../../buffer.js";
import { asBuffer, bytesOf, host, later } from "./bytes.js";
import { notImplementedError } from "../not-implemented.js";
import { ERR_MISSING_PASSPHRASE } from "./errors.js";

const { ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } = errors.codes;
const { validateFunction, validateObject, validateOneOf, validateString } = validators;

const TOKEN = {};
let insideOf;

export class KeyObject {
  #inside;
  constructor(token, inside) {
    if (token !== TOKEN) throw new TypeError("Illegal constructor");
    this.#inside = inside;
  }
  static { insideOf = (key) => key.#inside; }
  /** @param {CryptoKey} key */
  static from(key) {
    throw Object.assign(notImplementedError("crypto.KeyObject.from"), { key: key?.type });
  }
  get type() { return this.#inside.type; }
  equals(other) {
    if (!(other instanceof KeyObject)) throw new ERR_INVALID_ARG_TYPE("otherKeyObject", "KeyObject", other);
    return this.type === other.type && Buffer.compare(this.#inside.bytes, insideOf(other).bytes) === 0;
  }
  get [Symbol.toStringTag]() { return "KeyObject"; }
}

export class SecretKeyObject extends KeyObject {
  get symmetricKeySize() { return insideOf(this).bytes.length; }
  export(options) {
    if (options !== undefined) {
      validateObject(options, "options");
      validateOneOf(options.format, "options.format", [undefined, "buffer", "jwk"]);
    }
    const { bytes } = insideOf(this);
    return options?.format === "jwk" ? { kty: "oct", k: bytes.toString("base64url") } : Buffer.from(bytes);
  }
}

class AsymmetricKeyObject extends KeyObject {
  get asymmetricKeyType() { return insideOf(this).kind; }
  get asymmetricKeyDetails() {
    const { publicExponent, ...details } = insideOf(this).details;
    return publicExponent === undefined ? details : { ...details, publicExponent: BigInt(publicExponent) };
  }
}
const hexToUrl = (hex) => Buffer.from(hex, "hex").toString("base64url");
const jwkOf = (isPrivate, bytes) => Object.fromEntries(
  Object.entries(host("jwk", [isPrivate], bytes).value).map(([name, value]) => [name, name === "kty" || name === "crv" ? value : hexToUrl(value)]),
);
function exported(bytes, format) {
  return format === "pem" ? asBuffer(bytes).toString() : asBuffer(bytes);
}

export class PublicKeyObject extends AsymmetricKeyObject {
  export(options) {
    validateObject(options, "options");
    const { bytes } = insideOf(this);
    if (options.format === "jwk") return jwkOf(false, bytes);
    const { format = "pem", type = "spki" } = options;
    validateOneOf(type, "options.type", ["pkcs1", "spki"]);
    validateOneOf(format, "options.format", ["pem", "der"]);
    return exported(host("encode", [false, format, type, false, 0], bytes).bytes, format);
  }
}
export class PrivateKeyObject extends AsymmetricKeyObject {
  export(options) {
    validateObject(options, "options");
    const { bytes } = insideOf(this);
    if (options.format === "jwk") return jwkOf(true, bytes);
    const { format = "pem", type = "pkcs8", cipher, passphrase } = options;
    validateOneOf(type, "options.type", ["pkcs1", "pkcs8", "sec1"]);
    validateOneOf(format, "options.format", ["pem", "der"]);
    const secret = cipher === undefined ? Buffer.alloc(0) : bytesOf(passphrase, "options.passphrase");
    return exported(host("encode", [true, format, type, cipher !== undefined, secret.length], secret, bytes).bytes, format);
  }
}

/** A key of what the host answered. */
const keyFrom = ({ value, bytes }) => {
  const Class = value.type === "private" ? PrivateKeyObject : PublicKeyObject;
  return new Class(TOKEN, { ...value, bytes: asBuffer(bytes) });
};
/** @param {{value: any, bytes: Uint8Array}} answer of the host @returns {PublicKeyObject} */
export const publicKeyFrom = keyFrom;
const secretKey = (bytes) => new SecretKeyObject(TOKEN, { type: "secret", bytes });

/** @param {any} key @param {string} name @param {string} [encoding] @returns {Buffer} the bytes of a secret */
export function secretOf(key, name, encoding) {
  if (key instanceof KeyObject) {
    if (key.type !== "secret") throw new ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE(key.type, "secret");
    return insideOf(key).bytes;
  }
  if (typeof key !== "string" && !ArrayBuffer.isView(key) && !(key instanceof ArrayBuffer)) {
    throw new ERR_INVALID_ARG_TYPE(name, ["ArrayBuffer", "Buffer", "TypedArray", "DataView", "string", "KeyObject", "CryptoKey"], key);
  }
  return bytesOf(key, name, encoding);
}

/** @param {any} key @param {string} [encoding] @returns {SecretKeyObject} */
export function createSecretKey(key, encoding) {
  return secretKey(Buffer.from(secretOf(key, "key", encoding)));
}

const isBare = (input) => typeof input === "string" || ArrayBuffer.isView(input) || input instanceof ArrayBuffer;

function decode(wanted, input) {
  const options = isBare(input) ? { key: input } : input;
  validateObject(options, "key");
  const { key, format = "pem", type = null, passphrase } = options;
  if (format === "jwk") {
    validateObject(key, "key.key");
    const hex = Object.entries(key).map(([name, value]) => [name, name === "kty" || name === "crv" ? value : `${value}`])
      .filter(([name]) => ["kty", "crv", "n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y"].includes(name))
      .map(([name, value]) => [name, name === "kty" || name === "crv" ? value : Buffer.from(value, "base64url").toString("hex")]);
    const found = keyFrom(host("fromJwk", [Object.fromEntries(hex)]));
    return wanted === "public" && found.type === "private" ? publicOf(found) : found;
  }
  validateOneOf(format, "key.format", ["pem", "der"]);
  const bytes = bytesOf(key, "key.key", options.encoding);
  const secret = passphrase === undefined || passphrase === null ? Buffer.alloc(0) : bytesOf(passphrase, "key.passphrase", options.encoding);
  try {
    return keyFrom(host("decode", [wanted, format, type, secret.length], secret, bytes));
  } catch (error) {
    if (error.code === "ERR_MISSING_PASSPHRASE") throw new ERR_MISSING_PASSPHRASE();
    throw error;
  }
}
const publicOf = (key) => keyFrom(host("publicOf", [], insideOf(key).bytes));

/** @param {any} input PEM, or {key, format, type, passphrase} @returns {PrivateKeyObject} */
export const createPrivateKey = (input) => decode("private", input);

/** @param {any} input as for createPrivateKey, or a private KeyObject @returns {PublicKeyObject} */
export function createPublicKey(input) {
  const key = input instanceof KeyObject ? input : input?.key instanceof KeyObject ? input.key : null;
  if (key === null) return decode("public", input);
  if (key.type !== "private") throw new ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE(key.type, "private");
  return publicOf(key);
}

/**
 * The key an operation is given in any of the ways.
 * @param {"private" | "public"} wanted a private key serves as a public one too
 * @param {any} input
 * @returns {{key: KeyObject, bytes: Buffer}} bytes: its DER
 */
export function operand(wanted, input) {
  if (input === null || input === undefined || (typeof input !== "object" && typeof input !== "string")) {
    throw new ERR_INVALID_ARG_TYPE("key", ["ArrayBuffer", "Buffer", "TypedArray", "DataView", "string", "KeyObject", "CryptoKey", "Object"], input);
  }
  let key = input instanceof KeyObject ? input : input.key instanceof KeyObject ? input.key : decode(wanted, input);
  if (key.type === "secret" || (wanted === "private" && key.type !== "private")) {
    throw new ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE(key.type, wanted === "private" ? "private" : "private or public");
  }
  if (wanted === "public" && key.type === "private") key = publicOf(key);
  return { key, bytes: insideOf(key).bytes };
}

/** @param {KeyObject} key @returns {Buffer} */
export const derOf = (key) => insideOf(key).bytes;

// -- making keys

const encoded = (key, encoding) => (encoding === undefined ? key : key.export(encoding));

export function generateKeyPairSync(type, options = {}) {
  validateString(type, "type");
  validateOneOf(type, "type", ["rsa", "rsa-pss", "dsa", "ec", "ed25519", "ed448", "x25519", "x448"]);
  const { modulusLength, publicExponent, namedCurve, divisorLength, publicKeyEncoding, privateKeyEncoding } = options;
  if (type.startsWith("rsa") || type === "dsa") validators.validateUint32(modulusLength, "options.modulusLength");
  if (type === "ec") validateString(namedCurve, "options.namedCurve");
  const key = keyFrom(host("generate", [type, { modulusLength, publicExponent, namedCurve, divisorLength }]));
  return { publicKey: encoded(publicOf(key), publicKeyEncoding), privateKey: encoded(key, privateKeyEncoding) };
}
export function generateKeyPair(type, options, callback) {
  if (typeof options === "function") {
    callback = options;
    options = {};
  }
  validateFunction(callback, "callback");
  later(() => generateKeyPairSync(type, options), (error, pair) => callback(error, pair?.publicKey, pair?.privateKey));
}
Object.defineProperty(generateKeyPair, Symbol.for("nodejs.util.promisify.custom"), {
  enumerable: false, value: async (type, options) => generateKeyPairSync(type, options),
});

export function generateKeySync(type, options) {
  validateOneOf(type, "type", ["hmac", "aes"]);
  validateObject(options, "options");
  const { length } = options;
  if (type === "aes") validateOneOf(length, "options.length", [128, 192, 256]);
  else if (!Number.isInteger(length) || length < 8 || length > 2 ** 31 - 1) throw new ERR_OUT_OF_RANGE("options.length", ">= 8 && <= 2147483647", length);
  return secretKey(Buffer.from(crypto.getRandomValues(new Uint8Array(length >> 3))));
}
export function generateKey(type, options, callback) {
  validateFunction(callback, "callback");
  later(() => generateKeySync(type, options), callback);
}
