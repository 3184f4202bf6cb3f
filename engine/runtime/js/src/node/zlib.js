/** node:zlib (https://nodejs.org/docs/latest/api/zlib.html): Node's own, over the host's zlib. */
import own from "nodelib:zlib";
import {
  createZstdCompress, createZstdDecompress, ZstdCompress, zstdCompress, zstdCompressSync, ZstdDecompress, zstdDecompress, zstdDecompressSync,
} from "./internal/zstd.js";

Object.assign(own, {
  ZstdCompress, ZstdDecompress, createZstdCompress, createZstdDecompress, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync,
});

export const {
  crc32, Deflate, Inflate, Gzip, Gunzip, DeflateRaw, InflateRaw, Unzip, BrotliCompress, BrotliDecompress, deflate,
  deflateSync, gzip, gzipSync, deflateRaw, deflateRawSync, unzip, unzipSync, inflate, inflateSync, gunzip, gunzipSync, inflateRaw,
  inflateRawSync, brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, createDeflate, createInflate,
  createDeflateRaw, createInflateRaw, createGzip, createGunzip, createUnzip, createBrotliCompress, createBrotliDecompress,
  constants, codes,
} = own;
export {
  createZstdCompress, createZstdDecompress, ZstdCompress, zstdCompress, zstdCompressSync, ZstdDecompress, zstdDecompress, zstdDecompressSync,
};
export * from "./internal/zlib-numbers.js";
export default own;
