/** Signatures and RSA encryption (https://nodejs.org/docs/latest/api/crypto.html#class-sign). */
import validators from "nodelib:internal/validators";
import { Buffer } from "../../buffer.js";
import { Writable } from "../../stream.js";
import { asBuffer, bytesOf, host, later, output } from "./bytes.js";
import { operand } from "./keys.js";

const { validateFunction, validateOneOf, validateString } = validators;

export const RSA_PKCS1_PADDING = 1, RSA_PKCS1_OAEP_PADDING = 4;

const optionsOf = (key) => {
  const { padding = null, saltLength = null, dsaEncoding = "der" } = key !== null && typeof key === "object" ? key : {};
  validateOneOf(dsaEncoding, "options.dsaEncoding", ["der", "ieee-p1363"]);
  return [padding, saltLength, dsaEncoding];
};

/** @returns {Buffer} */
function signBytes(algorithm, data, key) {
  const { bytes } = operand("private", key);
  return asBuffer(host("sign", [algorithm, ...optionsOf(key), bytes.length], bytes, data).bytes);
}
function verifyBytes(algorithm, data, key, signature) {
  const { bytes } = operand("public", key);
  return host("verify", [algorithm, ...optionsOf(key), signature.length, bytes.length], bytes, signature, data).value;
}

const kData = Symbol("kData"), kAlgorithm = Symbol("kAlgorithm");

function make(name, methods) {
  function Signer(algorithm, options) {
    if (!new.target) return new Signer(algorithm, options);
    validateString(algorithm, "algorithm");
    host("hash", [algorithm, null, null]); // an unknown one throws now
    this[kAlgorithm] = algorithm;
    this[kData] = [];
    Reflect.apply(Writable, this, [options]);
    return this;
  }
  Object.defineProperty(Signer, "name", { value: name, configurable: true });
  Object.setPrototypeOf(Signer.prototype, Writable.prototype);
  Object.setPrototypeOf(Signer, Writable);
  Object.assign(Signer.prototype, {
    update(data, encoding) {
      this[kData].push(Buffer.from(bytesOf(data, "data", encoding)));
      return this;
    },
    _write(chunk, encoding, done) {
      this.update(chunk, encoding);
      done();
    },
  }, methods);
  return Signer;
}

export const Sign = make("Sign", {
  sign(key, encoding) { return output(signBytes(this[kAlgorithm], Buffer.concat(this[kData]), key), encoding); },
});
export const Verify = make("Verify", {
  verify(key, signature, encoding) {
    return verifyBytes(this[kAlgorithm], Buffer.concat(this[kData]), key, bytesOf(signature, "signature", encoding));
  },
});
export const createSign = (algorithm, options) => new Sign(algorithm, options);
export const createVerify = (algorithm, options) => new Verify(algorithm, options);

const nameOf = (algorithm) => {
  if (algorithm !== null && algorithm !== undefined) validateString(algorithm, "algorithm");
  return algorithm ?? null;
};
export function sign(algorithm, data, key, callback) {
  const compute = () => signBytes(nameOf(algorithm), bytesOf(data, "data"), key);
  if (callback === undefined) return compute();
  validateFunction(callback, "callback");
  return later(compute, callback);
}
export function verify(algorithm, data, key, signature, callback) {
  const compute = () => verifyBytes(nameOf(algorithm), bytesOf(data, "data"), key, bytesOf(signature, "signature"));
  if (callback === undefined) return compute();
  validateFunction(callback, "callback");
  return later(compute, callback);
}

function crypt(direction, wanted, key, data) {
  const { bytes } = operand(wanted, key);
  const { padding = RSA_PKCS1_OAEP_PADDING, oaepHash = "sha1", oaepLabel, encoding } = key;
  const label = oaepLabel === undefined ? Buffer.alloc(0) : bytesOf(oaepLabel, "key.oaepLabel");
  const content = bytesOf(data, "buffer", encoding);
  return asBuffer(host("crypt", [direction, padding, oaepHash, bytes.length, label.length], bytes, label, content).bytes);
}
export const publicEncrypt = (key, data) => crypt("encrypt", "public", key, data);
export const privateDecrypt = (key, data) => crypt("decrypt", "private", key, data);
