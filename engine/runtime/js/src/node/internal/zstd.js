/**
 * Zstandard of node:zlib (https://nodejs.org/docs/latest/api/zlib.html#class-zlibzstdcompress), which the Node whose zlib
 * is here has not yet: streams of its own base class, that works by the same numbers as for Brotli.
 */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import own from "nodelib:zlib";
import { Buffer } from "../buffer.js";
import { later } from "./crypto/bytes.js";
import { isAnyArrayBuffer } from "./util/types.js";
import { ZstdDecoder, ZstdEncoder } from "./zlib.js";

const { ERR_INVALID_ARG_TYPE } = errors.codes;
const { BROTLI_DECODE, BROTLI_ENCODE } = own.constants;
/** ZSTD_e_continue, ZSTD_e_end, ZSTD_e_flush: Brotli's operations have the same numbers. */
const FLUSHES = { flush: 0, finishFlush: 2, fullFlush: 1 };
const ZlibBase = Object.getPrototypeOf(Object.getPrototypeOf(own.Deflate));

/** What the handles call is Node's own, and only given to a handle. */
let whenDone;
function processed() {
  if (whenDone === undefined) {
    const probe = new own.Deflate();
    whenDone = probe._handle.done;
    probe.close();
  }
  return whenDone;
}

class Zstd extends ZlibBase {
  constructor(options, mode, handle) {
    const state = new Uint32Array(2);
    const parameters = Object.entries(options?.params ?? {}).map(([key, value]) => [+key, Math.trunc(+value) || 0]);
    handle.init(parameters, state, processed());
    super(options, mode, handle, FLUSHES);
    this._writeState = state;
  }
}
export class ZstdCompress extends Zstd {
  constructor(options = undefined) { super(options, BROTLI_ENCODE, new ZstdEncoder()); }
}
export class ZstdDecompress extends Zstd {
  constructor(options = undefined) { super(options, BROTLI_DECODE, new ZstdDecoder()); }
}

function bytesOf(buffer) {
  if (typeof buffer === "string" || isAnyArrayBuffer(buffer)) return Buffer.from(buffer);
  if (ArrayBuffer.isView(buffer)) return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  throw new ERR_INVALID_ARG_TYPE("buffer", ["string", "Buffer", "TypedArray", "DataView", "ArrayBuffer"], buffer);
}

function atOnce(stream, buffer) {
  const result = stream._processChunk(bytesOf(buffer), stream._finishFlushFlag);
  return stream._info ? { buffer: result, engine: stream } : result;
}

function calling(make, buffer, options, callback) {
  if (typeof options === "function") {
    callback = options;
    options = undefined;
  }
  validators.validateFunction(callback, "callback");
  const bytes = bytesOf(buffer), stream = make(options);
  later(() => atOnce(stream, bytes), callback);
}

export const createZstdCompress = (options) => new ZstdCompress(options);
export const createZstdDecompress = (options) => new ZstdDecompress(options);
export const zstdCompressSync = (buffer, options) => atOnce(new ZstdCompress(options), buffer);
export const zstdDecompressSync = (buffer, options) => atOnce(new ZstdDecompress(options), buffer);
export const zstdCompress = (buffer, options, callback) => calling(createZstdCompress, buffer, options, callback);
export const zstdDecompress = (buffer, options, callback) => calling(createZstdDecompress, buffer, options, callback);
