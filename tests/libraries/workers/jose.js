import * as jose from "jose";
import { library } from "./check.js";

export default library(async ({ equal, throws }) => {
  for (const alg of ["RS256", "PS256", "ES256", "ES384", "EdDSA"]) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const token = await new jose.SignJWT({ role: "admin" }).setProtectedHeader({ alg }).setIssuer("me").setExpirationTime("1h").sign(privateKey);
    const key = await jose.importJWK(await jose.exportJWK(publicKey), alg);
    const { payload, protectedHeader } = await jose.jwtVerify(token, key, { issuer: "me" });
    equal([payload.role, protectedHeader.alg], ["admin", alg]);
    await throws(() => jose.jwtVerify(`${token.slice(0, -4)}AAAA`, key), "JWSSignatureVerificationFailed");
    const pem = await jose.exportSPKI(await jose.importSPKI(await jose.exportSPKI(publicKey), alg, { extractable: true }));
    equal(pem.startsWith("-----BEGIN PUBLIC KEY-----"), true);
  }
  // RFC 7515, A.1
  const key = await jose.importJWK({ kty: "oct", k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" }, "HS256");
  const { payload } = await jose.compactVerify("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", key);
  equal(JSON.parse(new TextDecoder().decode(payload)).iss, "joe");
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const sealed = await new jose.EncryptJWT({ a: 1 }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(secret);
  equal((await jose.jwtDecrypt(sealed, secret)).payload.a, 1);
  const pair = await jose.generateKeyPair("ECDH-ES+A128KW");
  const box = await new jose.CompactEncrypt(new TextEncoder().encode("box")).setProtectedHeader({ alg: "ECDH-ES+A128KW", enc: "A128CBC-HS256" }).encrypt(pair.publicKey);
  equal(new TextDecoder().decode((await jose.compactDecrypt(box, pair.privateKey)).plaintext), "box");
  // RFC 7638, 3.1
  equal(await jose.calculateJwkThumbprint({ kty: "RSA", e: "AQAB", n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" }),
    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
});
