import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { library, hex } from "./check.js";

const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

export default library(async ({ equal }) => {
  // RFC 8032, 7.1, test 1
  const secret = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  equal(hex(ed25519.getPublicKey(secret)), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  equal(hex(ed25519.sign(new Uint8Array(), secret)).slice(0, 32), "e5564300c360ac729086e2cc806e828a");
  const key = secp256k1.utils.randomSecretKey(), message = new TextEncoder().encode("message");
  const signature = secp256k1.sign(message, key);
  equal([secp256k1.verify(signature, message, secp256k1.getPublicKey(key)), secp256k1.verify(signature, new Uint8Array(3), secp256k1.getPublicKey(key))], [true, false]);
  // What it signs the runtime's own crypto verifies.
  const mine = p256.utils.randomSecretKey();
  const imported = await crypto.subtle.importKey("raw", p256.getPublicKey(mine, false), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  equal(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, p256.sign(message, mine), message), true);
});
