import { blake3 } from "@noble/hashes/blake3.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { keccak_256, sha3_256 } from "@noble/hashes/sha3.js";
import { library, hex } from "./check.js";

const bytes = (text) => new TextEncoder().encode(text);

export default library(async ({ equal }) => {
  equal(hex(sha256(bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  equal(hex(sha512(bytes(""))).slice(0, 32), "cf83e1357eefb8bdf1542850d66d8007");
  equal(hex(sha3_256(bytes(""))), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
  equal(hex(keccak_256(bytes(""))), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  equal(hex(blake3(bytes(""))), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  equal(hex(hmac(sha256, bytes("key"), bytes("The quick brown fox jumps over the lazy dog"))), "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  const key = await crypto.subtle.importKey("raw", bytes("ikm"), "HKDF", false, ["deriveBits"]);
  const native = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: bytes("salt"), info: bytes("info") }, key, 256);
  equal(hex(hkdf(sha256, bytes("ikm"), bytes("salt"), bytes("info"), 32)), hex(new Uint8Array(native)));
  equal(hex(await scryptAsync("password", "NaCl", { N: 16, r: 8, p: 1, dkLen: 16 })).length, 32);
});
