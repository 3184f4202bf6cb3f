/** What keys that are plain bytes have in common: how they are imported and exported. */
import { own } from "./host.js";
import { ArrayPrototypeSlice, TypedArrayPrototypeGetLength, TypedArrayPrototypeSubarray, Uint8Array_ } from "../primordials.js";
import { fillRandom } from "./random.js";
import { requireEvent } from "../events.js";
import { fail } from "./key.js";
import { checkAlg, checkJwk, decodeBase64url, encodeBase64url, requireMember } from "./jwk.js";

/** @param {number} size bytes @returns {Uint8Array} random ones; throws in a global scope, as Workers does */
export function randomBytes(size) {
  requireEvent();
  const bytes = new Uint8Array_(size);
  for (let at = 0; at < size; at += 65536) fillRandom(TypedArrayPrototypeSubarray(bytes, at, at + 65536));
  return bytes;
}

/**
 * @param {string} format
 * @param {any} keyData bytes or a JsonWebKey
 * @param {{use: "sig" | "enc", extractable: boolean, usages: string[], alg: (size: number) => string | undefined, raw?: string}} how
 * @returns {Uint8Array}
 */
export function importSecret(format, keyData, { use, extractable, usages, alg, raw = "raw" }) {
  if (format === "raw-secret" || (format === "raw" && raw === "raw")) return keyData;
  if (format !== "jwk") fail(`Unsupported key format: "${format}".`, "NotSupportedError");
  if (keyData.kty === "oct") requireMember(keyData, "k");
  checkJwk(keyData, "oct", use, extractable, usages);
  const data = decodeBase64url(keyData.k);
  const expected = alg(TypedArrayPrototypeGetLength(data));
  if (expected !== undefined) checkAlg(keyData, expected);
  return data;
}

/**
 * @param {string} format
 * @param {import("./key.js").KeyState} key
 * @param {string | undefined} alg
 * @param {string} [raw] whether the format "raw" is one of its
 */
export function exportSecret(format, key, alg, raw = "raw") {
  if (format === "raw-secret" || (format === "raw" && raw === "raw")) return own(key.data);
  if (format !== "jwk") fail(`Unsupported key format: "${format}".`, "NotSupportedError");
  const jwk = { kty: "oct", k: encodeBase64url(key.data), alg, key_ops: ArrayPrototypeSlice(key.usages), ext: key.extractable };
  if (alg === undefined) delete jwk.alg;
  return jwk;
}
