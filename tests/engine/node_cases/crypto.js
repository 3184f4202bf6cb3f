import crypto from "node:crypto";
import { Buffer } from "node:buffer";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";

const fails = (run) => { try { run(); return "no error"; } catch (error) { return [error.name, error.code ?? null, error.message]; } };

const EC = { key: { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }, format: "jwk" };

export async function answer() {
  const key = Buffer.alloc(32, 1), iv = Buffer.alloc(16, 2);
  const cipher = (name, length, vector, options) => {
    const c = crypto.createCipheriv(name, key.subarray(0, length), vector, options);
    const data = c.update("hello world, this is text", "utf8", "hex") + c.final("hex");
    const d = crypto.createDecipheriv(name, key.subarray(0, length), vector, options);
    if (options || name.endsWith("gcm")) d.setAuthTag(c.getAuthTag());
    return [data, options || name.endsWith("gcm") ? c.getAuthTag().toString("hex") : null, d.update(data, "hex", "utf8") + d.final("utf8")];
  };
  const hash = crypto.createHash("sha256");
  await pipeline(Readable.from([Buffer.from("a"), Buffer.from("b")]), hash);
  const privateKey = crypto.createPrivateKey(EC), publicKey = crypto.createPublicKey(privateKey);
  const signature = crypto.sign("sha256", Buffer.from("data"), { key: privateKey, dsaEncoding: "ieee-p1363" });
  const rsa = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ed = crypto.generateKeyPairSync("ed25519");
  const pem = rsa.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "top" });
  const alice = crypto.createDiffieHellmanGroup("modp14"), bob = crypto.createDiffieHellmanGroup("modp14");
  alice.generateKeys(); bob.generateKeys();
  const x = crypto.createECDH("prime256v1"), y = crypto.createECDH("prime256v1");
  x.setPrivateKey(Buffer.from(EC.key.d, "base64url")); y.generateKeys();
  const copied = crypto.createHash("sha1").update("a");
  const copy = copied.copy().update("b").digest("hex");
  return {
    hashes: ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-256", "sha3-256", "RSA-SHA256", "shake128", "blake2b512"].map((name) => crypto.createHash(name).update("abc").digest("hex")),
    hash: [hash.read().toString("hex"), copy, copied.digest("base64url"), crypto.hash("sha1", "abc"), crypto.createHash("shake256", { outputLength: 8 }).update("x").digest("hex"), crypto.createHash("sha256").update(Buffer.alloc(300000, 97)).digest("hex")],
    hmac: [crypto.createHmac("sha256", "key").update("data").update("more").digest("hex"), crypto.createHmac("md5", Buffer.alloc(100, 1)).update("é", "latin1").digest("base64"), crypto.createHmac("sha256", crypto.createSecretKey(Buffer.from("key"))).update("data").digest("hex")],
    derive: [crypto.pbkdf2Sync("p", "s", 100, 20, "sha256").toString("hex"), crypto.scryptSync("p", "s", 20, { N: 1024 }).toString("hex"), Buffer.from(crypto.hkdfSync("sha256", "k", "", "i", 20)).toString("hex")],
    async: await Promise.all([new Promise((r) => crypto.pbkdf2("p", "s", 1, 8, "sha1", (e, v) => r(v.toString("hex")))), new Promise((r) => crypto.scrypt("p", "s", 8, (e, v) => r(v.toString("hex")))), new Promise((r) => crypto.randomBytes(4, (e, v) => r(v.length))), new Promise((r) => crypto.hkdf("sha1", "k", "s", "i", 4, (e, v) => r(Buffer.from(v).toString("hex"))))]),
    ciphers: [cipher("aes-128-cbc", 16, iv), cipher("aes-256-ctr", 32, iv), cipher("aes-192-ecb", 24, null), cipher("aes-256-gcm", 32, iv.subarray(0, 12)), cipher("chacha20-poly1305", 32, iv.subarray(0, 12), { authTagLength: 16 }), cipher("aes-128-ofb", 16, iv), cipher("aes-128-cfb8", 16, iv)],
    cipherErrors: [
      fails(() => crypto.createCipheriv("nope", key, iv)), fails(() => crypto.createCipheriv("aes-128-cbc", key, iv)), fails(() => crypto.createCipheriv("aes-256-cbc", key, Buffer.alloc(3))),
      fails(() => { const d = crypto.createDecipheriv("aes-256-gcm", key, iv.subarray(0, 12)); d.setAuthTag(Buffer.alloc(16)); d.update("00", "hex"); d.final(); }),
      fails(() => { const d = crypto.createDecipheriv("aes-256-cbc", key, iv); d.update(Buffer.alloc(16)); d.final(); })[1],
    ],
    keys: [privateKey.type, publicKey.asymmetricKeyType, publicKey.asymmetricKeyDetails, publicKey.export({ format: "jwk" }), publicKey.export({ type: "spki", format: "pem" }), rsa.publicKey.asymmetricKeyDetails.modulusLength, ed.privateKey.asymmetricKeyType, crypto.createPrivateKey({ key: pem, passphrase: "top" }).equals(rsa.privateKey), crypto.createSecretKey("aa", "hex").symmetricKeySize],
    sign: [signature.length, crypto.verify("sha256", Buffer.from("data"), { key: publicKey, dsaEncoding: "ieee-p1363" }, signature), crypto.verify("sha256", Buffer.from("other"), { key: publicKey, dsaEncoding: "ieee-p1363" }, signature), crypto.verify(null, Buffer.from("m"), ed.publicKey, crypto.sign(null, Buffer.from("m"), ed.privateKey)), crypto.createVerify("sha256").update("q").verify({ key: rsa.publicKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING }, crypto.createSign("sha256").update("q").sign({ key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING }))],
    rsa: [crypto.privateDecrypt({ key: rsa.privateKey, oaepHash: "sha256" }, crypto.publicEncrypt({ key: rsa.publicKey, oaepHash: "sha256" }, Buffer.from("m"))).toString()],
    exchange: [alice.computeSecret(bob.getPublicKey()).equals(bob.computeSecret(alice.getPublicKey())), x.getPublicKey("hex", "compressed"), x.computeSecret(y.getPublicKey()).equals(y.computeSecret(x.getPublicKey())), alice.getPrime("hex").slice(0, 48), crypto.diffieHellman({ privateKey, publicKey }).toString("hex")],
    random: [crypto.randomBytes(70000).length, crypto.randomUUID().length, crypto.randomInt(5, 6), crypto.randomFillSync(Buffer.alloc(4)).length, fails(() => crypto.randomInt(5, 5)), fails(() => crypto.randomBytes(-1))],
    primes: [crypto.checkPrimeSync(97n), crypto.checkPrimeSync(Buffer.from([4])), crypto.generatePrimeSync(32, { bigint: true }) > 2n ** 31n],
    equal: [crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ab")), crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ac")), fails(() => crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("ab")))],
    errors: [fails(() => crypto.createHash("nope"))[2], fails(() => crypto.createHash("sha1").update(5)), fails(() => { const h = crypto.createHash("sha1"); h.digest(); h.update("x"); }), fails(() => crypto.pbkdf2Sync("p", "s", 0, 1, "sha1")), fails(() => crypto.createHmac("sha1", null))],
    info: [crypto.getCipherInfo("aes-256-cbc"), crypto.getCipherInfo("aes-128-gcm"), crypto.getHashes().includes("sha256"), crypto.getCurves().includes("secp256k1"), crypto.webcrypto === globalThis.crypto],
  };
}
