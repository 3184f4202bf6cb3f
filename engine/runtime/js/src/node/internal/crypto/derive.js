/** Key derivation (https://nodejs.org/docs/latest/api/crypto.html#cryptopbkdf2password-salt-iterations-keylen-digest-callback). */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { asBuffer, bytesOf, host, later } from "./bytes.js";
import { ERR_CRYPTO_INVALID_KEYLEN } from "./errors.js";
import { secretOf } from "./keys.js";

const { ERR_CRYPTO_INVALID_DIGEST, ERR_INCOMPATIBLE_OPTION_PAIR } = errors.codes;
const { validateFunction, validateInt32, validateInteger, validateString, validateUint32 } = validators;

const LENGTHS = {
  __proto__: null, md5: 16, sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64, "sha512-224": 28, "sha512-256": 32, "sha3-224": 28,
  "sha3-256": 32, "sha3-384": 48, "sha3-512": 64, ripemd160: 20,
};
const plain = (digest) => digest.toLowerCase().replace(/^rsa-/, "").replace(/^sha-(\d{3}|1)$/, "sha$1");
function checkDigest(digest) {
  validateString(digest, "digest");
  if (LENGTHS[plain(digest)] === undefined) throw new ERR_CRYPTO_INVALID_DIGEST(digest);
}

function preparePbkdf2(password, salt, iterations, length, digest) {
  validateString(digest, "digest");
  const secret = bytesOf(password, "password"), salted = bytesOf(salt, "salt");
  validateInt32(iterations, "iterations", 1);
  validateInt32(length, "keylen", 0);
  checkDigest(digest);
  return () => asBuffer(host("pbkdf2", [plain(digest), iterations, length, secret.length], secret, salted).bytes);
}
export const pbkdf2Sync = (...args) => preparePbkdf2(...args)();
export function pbkdf2(password, salt, iterations, length, digest, callback) {
  if (typeof digest === "function") {
    callback = digest;
    digest = undefined;
  }
  const compute = preparePbkdf2(password, salt, iterations, length, digest);
  validateFunction(callback, "callback");
  later(compute, callback);
}

function option(options, name, short, fallback) {
  if (options[name] !== undefined && options[short] !== undefined) throw new ERR_INCOMPATIBLE_OPTION_PAIR(name, short);
  const value = options[name] ?? options[short];
  if (value === undefined) return fallback;
  validateUint32(value, options[name] === undefined ? short : name);
  return value || fallback;
}
function prepareScrypt(password, salt, length, options = {}) {
  const secret = bytesOf(password, "password"), salted = bytesOf(salt, "salt");
  validateInt32(length, "keylen", 0);
  const cost = option(options, "cost", "N", 16384), block = option(options, "blockSize", "r", 8), parallel = option(options, "parallelization", "p", 1);
  const memory = options.maxmem ?? 32 << 20;
  validateInteger(memory, "maxmem", 0);
  return () => asBuffer(host("scrypt", [cost, block, parallel, memory || 32 << 20, length, secret.length], secret, salted).bytes);
}
export const scryptSync = (...args) => prepareScrypt(...args)();
export function scrypt(password, salt, length, options, callback) {
  if (typeof options === "function") {
    callback = options;
    options = undefined;
  }
  const compute = prepareScrypt(password, salt, length, options);
  validateFunction(callback, "callback");
  later(compute, callback);
}

function prepareHkdf(digest, key, salt, info, length) {
  validateString(digest, "digest");
  const secret = secretOf(key, "ikm"), salted = bytesOf(salt, "salt"), context = bytesOf(info, "info");
  validateInteger(length, "length", 0, 0x7fffffff);
  checkDigest(digest);
  if (length > LENGTHS[plain(digest)] * 255) throw new ERR_CRYPTO_INVALID_KEYLEN();
  return () => {
    const { bytes } = host("hkdf", [plain(digest), length, secret.length, salted.length], secret, salted, context);
    return bytes.buffer.byteLength === bytes.byteLength ? bytes.buffer : bytes.slice().buffer;
  };
}
export const hkdfSync = (...args) => prepareHkdf(...args)();
export function hkdf(digest, key, salt, info, length, callback) {
  const compute = prepareHkdf(digest, key, salt, info, length);
  validateFunction(callback, "callback");
  later(compute, callback);
}
