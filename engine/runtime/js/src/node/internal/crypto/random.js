/** Random bytes, numbers and primes (https://nodejs.org/docs/latest/api/crypto.html#cryptorandombytessize-callback). */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { fillRandom, randomUUID as uuid } from "../../../crypto/random.js";
import { Buffer } from "../../buffer.js";
import { bytesOf, host, later } from "./bytes.js";

const { ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } = errors.codes;
const { validateBoolean, validateFunction, validateInt32, validateNumber, validateObject } = validators;

const MOST = 2 ** 31 - 1, PIECE = 65536;

/** Fill any amount. @param {Uint8Array} bytes */
function fill(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) fillRandom(new Uint8Array(bytes.buffer, bytes.byteOffset + at, Math.min(PIECE, bytes.length - at)));
  return bytes;
}

export function randomBytes(size, callback) {
  validateNumber(size, "size");
  if (!(size >= 0 && size <= MOST)) throw new ERR_OUT_OF_RANGE("size", `>= 0 && <= ${MOST}`, size);
  const compute = () => fill(Buffer.alloc(size));
  if (callback === undefined) return compute();
  validateFunction(callback, "callback");
  return later(compute, callback);
}

function partOf(target, offset, size) {
  const isView = ArrayBuffer.isView(target);
  if (!isView && !(target instanceof ArrayBuffer) && !(target instanceof SharedArrayBuffer)) {
    throw new ERR_INVALID_ARG_TYPE("buf", ["ArrayBuffer", "ArrayBufferView"], target);
  }
  const unit = isView ? (target.BYTES_PER_ELEMENT ?? 1) : 1;
  const total = target.byteLength;
  validateNumber(offset, "offset");
  const start = offset * unit;
  if (!(start >= 0 && start <= total)) throw new ERR_OUT_OF_RANGE("offset", `>= 0 && <= ${total}`, offset);
  const length = size === undefined ? total - start : size * unit;
  if (size !== undefined) validateNumber(size, "size");
  if (!(length >= 0 && start + length <= total)) throw new ERR_OUT_OF_RANGE("size + offset", `<= ${total}`, start + length);
  return isView ? new Uint8Array(target.buffer, target.byteOffset + start, length) : new Uint8Array(target, start, length);
}
export function randomFillSync(target, offset = 0, size = undefined) {
  fill(partOf(target, offset, size));
  return target;
}
export function randomFill(target, offset, size, callback) {
  const args = [offset, size, callback].filter((one) => typeof one !== "function");
  const done = [offset, size, callback].find((one) => typeof one === "function");
  validateFunction(done, "callback");
  const part = partOf(target, args[0] ?? 0, args[1]);
  later(() => {
    fill(part);
    return target;
  }, done);
}

const RANGE = 2 ** 48 - 1;
export function randomInt(min, max, callback) {
  if (max === undefined || typeof max === "function") {
    callback = max;
    max = min;
    min = 0;
  }
  if (!Number.isSafeInteger(min)) throw new ERR_INVALID_ARG_TYPE("min", "a safe integer", min);
  if (!Number.isSafeInteger(max)) throw new ERR_INVALID_ARG_TYPE("max", "a safe integer", max);
  if (max <= min) throw new ERR_OUT_OF_RANGE("max", `greater than the value of "min" (${min})`, max);
  const range = max - min;
  if (range > RANGE) throw new ERR_OUT_OF_RANGE(max === range ? "max" : "max - min", `<= ${RANGE}`, range);
  const compute = () => {
    const limit = RANGE - (RANGE % range);
    for (;;) {
      const number = fill(Buffer.alloc(6)).readUIntBE(0, 6);
      if (number < limit) return min + (number % range);
    }
  };
  if (callback === undefined) return compute();
  validateFunction(callback, "callback");
  return later(compute, callback);
}

export function randomUUID(options) {
  if (options !== undefined) {
    validateObject(options, "options");
    if (options.disableEntropyCache !== undefined) validateBoolean(options.disableEntropyCache, "options.disableEntropyCache");
  }
  return uuid();
}

const bytesOfNumber = (value) => {
  if (typeof value !== "bigint") return bytesOf(value, "candidate");
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
};
export function checkPrimeSync(candidate) { return host("checkPrime", [], bytesOfNumber(candidate)).value; }
export function checkPrime(candidate, options, callback) {
  const done = typeof options === "function" ? options : callback;
  validateFunction(done, "callback");
  later(() => checkPrimeSync(candidate), done);
}
export function generatePrimeSync(size, options = {}) {
  validateInt32(size, "size", 1);
  validateObject(options, "options");
  const { safe = false, bigint = false, add, rem } = options;
  const step = add === undefined ? Buffer.alloc(0) : bytesOfNumber(add), rest = rem === undefined ? Buffer.alloc(0) : bytesOfNumber(rem);
  const { bytes } = host("generatePrime", [size, safe, step.length], step, rest);
  return bigint ? BigInt(`0x${Buffer.from(bytes).toString("hex")}`) : bytes.slice().buffer;
}
export function generatePrime(size, options, callback) {
  const done = typeof options === "function" ? options : callback;
  validateFunction(done, "callback");
  later(() => generatePrimeSync(size, typeof options === "function" ? {} : options), done);
}
