/** node:crypto (https://nodejs.org/docs/latest/api/crypto.html), over the host's hashlib and cryptography. */
import errors from "nodelib:internal/errors";
import * as numbers from "unenv/node/internal/crypto/constants";
import { X509Certificate } from "./internal/crypto/certificate.js";
import { Cipheriv, createCipheriv, createDecipheriv, Decipheriv, getCipherInfo, getCiphers } from "./internal/crypto/cipher.js";
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from "./internal/crypto/derive.js";
import {
  createDiffieHellman, createDiffieHellmanGroup, createECDH, diffieHellman, DiffieHellman, DiffieHellmanGroup, ECDH, getCurves,
} from "./internal/crypto/exchange.js";
import { ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH } from "./internal/crypto/errors.js";
import { createHash, createHmac, getHashes, hash, Hash, Hmac } from "./internal/crypto/hash.js";
import { notImplemented, notImplementedError } from "./internal/not-implemented.js";
import {
  createPrivateKey, createPublicKey, createSecretKey, generateKey, generateKeyPair, generateKeyPairSync, generateKeySync, KeyObject,
} from "./internal/crypto/keys.js";
import {
  checkPrime, checkPrimeSync, generatePrime, generatePrimeSync, randomBytes, randomFill, randomFillSync, randomInt, randomUUID,
} from "./internal/crypto/random.js";
import { createSign, createVerify, privateDecrypt, publicEncrypt, Sign, sign, verify, Verify } from "./internal/crypto/sign.js";

const { ERR_INVALID_ARG_TYPE } = errors.codes;

/** @param {ArrayBuffer | ArrayBufferView} a @param {ArrayBuffer | ArrayBufferView} b @returns {boolean} in a time that says nothing of where they differ */
export function timingSafeEqual(a, b) {
  const views = [["buf1", a], ["buf2", b]].map(([name, value]) => {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    throw new ERR_INVALID_ARG_TYPE(name, ["ArrayBuffer", "Buffer", "TypedArray", "DataView"], value);
  });
  if (views[0].length !== views[1].length) throw new ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH();
  let difference = 0;
  for (let i = 0; i < views[0].length; i++) difference |= views[0][i] ^ views[1][i];
  return difference === 0;
}

const missingClass = (name) => ({
  [name]: class {
    constructor() { throw notImplementedError(`crypto.${name}`); }
  },
})[name];

export const constants = { ...numbers };
export const webcrypto = globalThis.crypto;
export const { subtle } = webcrypto;
export const getRandomValues = (array) => webcrypto.getRandomValues(array);
export const fips = false, getFips = () => 0, setFips = () => {}, secureHeapUsed = () => ({ total: 0, used: 0, utilization: 0, min: 0 });
export const setEngine = notImplemented("crypto.setEngine");
export const privateEncrypt = notImplemented("crypto.privateEncrypt"), publicDecrypt = notImplemented("crypto.publicDecrypt");
export const Certificate = missingClass("Certificate");
export const getDiffieHellman = createDiffieHellmanGroup, pseudoRandomBytes = randomBytes;

export {
  checkPrime, checkPrimeSync, Cipheriv, createCipheriv, createDecipheriv, createDiffieHellman, createDiffieHellmanGroup, createECDH,
  createHash, createHmac, createPrivateKey, createPublicKey, createSecretKey, createSign, createVerify, Decipheriv, diffieHellman,
  DiffieHellman, DiffieHellmanGroup, ECDH, generateKey, generateKeyPair, generateKeyPairSync, generateKeySync, generatePrime,
  generatePrimeSync, getCipherInfo, getCiphers, getCurves, getHashes, hash, Hash, hkdf, hkdfSync, Hmac, KeyObject, pbkdf2, pbkdf2Sync,
  privateDecrypt, publicEncrypt, randomBytes, randomFill, randomFillSync, randomInt, randomUUID, scrypt, scryptSync, Sign, sign, Verify,
  verify, X509Certificate,
};
export default {
  Certificate, checkPrime, checkPrimeSync, Cipheriv, constants, createCipheriv, createDecipheriv, createDiffieHellman,
  createDiffieHellmanGroup, createECDH, createHash, createHmac, createPrivateKey, createPublicKey, createSecretKey, createSign, createVerify,
  Decipheriv, diffieHellman, DiffieHellman, DiffieHellmanGroup, ECDH, fips, generateKey, generateKeyPair, generateKeyPairSync,
  generateKeySync, generatePrime, generatePrimeSync, getCipherInfo, getCiphers, getCurves, getDiffieHellman, getFips, getHashes,
  getRandomValues, hash, Hash, hkdf, hkdfSync, Hmac, KeyObject, pbkdf2, pbkdf2Sync, privateDecrypt, privateEncrypt, pseudoRandomBytes,
  publicDecrypt, publicEncrypt, randomBytes, randomFill, randomFillSync, randomInt, randomUUID, scrypt, scryptSync, secureHeapUsed, setEngine,
  setFips, Sign, sign, subtle, timingSafeEqual, Verify, verify, webcrypto, X509Certificate,
};
