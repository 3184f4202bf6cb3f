/** crypto.subtle: see ../crypto/subtle.js. */
export { CryptoKey } from "../crypto/key.js";
export { SubtleCrypto, subtle } from "../crypto/subtle.js";
