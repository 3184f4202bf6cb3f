/** crypto.subtle: see ../crypto/subtle.js. */
export { digestName } from "../crypto/algorithms.js";
export { CryptoKey } from "../crypto/key.js";
export { SubtleCrypto, subtle } from "../crypto/subtle.js";
