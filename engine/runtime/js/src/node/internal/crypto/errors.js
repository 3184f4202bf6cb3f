/** The errors that Node's crypto throws from C++ (src/node_errors.h); the others are in nodelib:internal/errors. */

/** A class whose instances have a code, as `codes.ERR_…` do. */
const coded = (Base, code, text) => class extends Base {
  constructor(...args) {
    super(typeof text === "function" ? text(...args) : text);
    this.code = code;
    Object.defineProperty(this, "name", { value: Base.name, writable: true, enumerable: false, configurable: true });
  }
};

export const ERR_CRYPTO_INVALID_AUTH_TAG =
  coded(TypeError, "ERR_CRYPTO_INVALID_AUTH_TAG", (length) => `Invalid authentication tag length: ${length}`);
export const ERR_CRYPTO_INVALID_IV = coded(TypeError, "ERR_CRYPTO_INVALID_IV", "Invalid initialization vector");
export const ERR_CRYPTO_INVALID_KEYLEN = coded(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
export const ERR_CRYPTO_INVALID_KEYPAIR = coded(RangeError, "ERR_CRYPTO_INVALID_KEYPAIR", "Invalid key pair");
export const ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH =
  coded(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
export const ERR_CRYPTO_UNKNOWN_CIPHER = coded(Error, "ERR_CRYPTO_UNKNOWN_CIPHER", "Unknown cipher");
export const ERR_MISSING_PASSPHRASE = coded(TypeError, "ERR_MISSING_PASSPHRASE", "Passphrase required for encrypted key");
