/** node:zlib (https://nodejs.org/docs/latest/api/zlib.html): Node's own, over the host's zlib. */
import own from "nodelib:zlib";

export const {
  crc32, Deflate, Inflate, Gzip, Gunzip, DeflateRaw, InflateRaw, Unzip, BrotliCompress, BrotliDecompress, deflate,
  deflateSync, gzip, gzipSync, deflateRaw, deflateRawSync, unzip, unzipSync, inflate, inflateSync, gunzip, gunzipSync, inflateRaw,
  inflateRawSync, brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, createDeflate, createInflate,
  createDeflateRaw, createInflateRaw, createGzip, createGunzip, createUnzip, createBrotliCompress, createBrotliDecompress,
  constants, codes,
} = own;
export * from "unenv/node/internal/zlib/constants";
export default own;
