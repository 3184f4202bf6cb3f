/** What every part of node:crypto needs: arguments as bytes, and the host. */
import errors from "nodelib:internal/errors";
import { hostCallSync } from "../../../channel.js";
import { Buffer } from "../../buffer.js";
import process from "../../process.js";
import { isAnyArrayBuffer } from "../util/types.js";

const { ERR_INVALID_ARG_TYPE } = errors.codes;

/** What the host's messages are in Node: a code, and sometimes another class. */
const CODES = {
  __proto__: null,
  "Digest method not supported": "ERR_CRYPTO_INVALID_DIGEST", "Invalid EC curve name": "ERR_CRYPTO_INVALID_CURVE",
  "Invalid digest": "ERR_CRYPTO_INVALID_DIGEST",
  "bad decrypt": "ERR_OSSL_BAD_DECRYPT", "wrong final block length": "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH",
  "Passphrase required for encrypted key": "ERR_MISSING_PASSPHRASE", "error:1E08010C:DECODER routines::unsupported": "ERR_OSSL_UNSUPPORTED",
  "Unknown DH group": "ERR_CRYPTO_UNKNOWN_DH_GROUP", "Invalid JWK data": "ERR_CRYPTO_INVALID_JWK",
  "Incompatible key types for Diffie-Hellman": "ERR_CRYPTO_INCOMPATIBLE_KEY",
  "Private key is not valid for specified curve.": "ERR_CRYPTO_INVALID_KEYPAIR",
  "Public key is not valid for specified curve": "ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY",
};

/**
 * @param {string} operation of services/node/
 * @param {any[]} args
 * @param {...(Uint8Array | null)} parts one after the other
 * @returns {{value: any, bytes: Uint8Array | null}}
 */
export function host(operation, args, ...parts) {
  try {
    return hostCallSync("crypto-node", operation, args, parts.length === 1 && parts[0] !== null ? parts[0] : Buffer.concat(parts.filter(Boolean)));
  } catch (error) {
    const code = CODES[error.message] ?? (error.message.startsWith("Invalid scrypt") ? "ERR_CRYPTO_INVALID_SCRYPT_PARAMS" : undefined);
    if (code !== undefined) error.code = code;
    throw error;
  }
}

/** A Buffer over the bytes the host gave. @param {Uint8Array} bytes @returns {Buffer} */
export const asBuffer = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @param {Uint8Array} bytes @param {string} [encoding] @returns {Buffer | string} */
export const output = (bytes, encoding) =>
  encoding === undefined || encoding === null || encoding === "buffer" ? asBuffer(bytes) : asBuffer(bytes).toString(encoding);

/**
 * @param {any} value text, an ArrayBuffer or a view of one
 * @param {string} name for the error
 * @param {string} [encoding] of text
 * @returns {Buffer}
 */
export function bytesOf(value, name, encoding = "utf8") {
  if (typeof value === "string") return Buffer.from(value, encoding === "buffer" ? "utf8" : encoding);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (isAnyArrayBuffer(value)) return Buffer.from(value);
  throw new ERR_INVALID_ARG_TYPE(name, ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"], value);
}

/** Call back with what `compute` gives, as the operations of Node's thread pool do. @param {() => any} compute @param {Function} callback */
export function later(compute, callback) {
  process.nextTick(() => {
    let value;
    try {
      value = compute();
    } catch (error) {
      callback(error);
      return;
    }
    callback(null, value);
  });
}
