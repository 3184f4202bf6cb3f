"""Zstandard of node:zlib: the bytes and answers of workerd."""

from __future__ import annotations

from nodekit import node_lab

SOURCE = """
import zlib, { ZstdCompress, constants, createZstdDecompress, zstdCompress, zstdDecompress } from "node:zlib";
import { promisify } from "node:util";

const messageOf = (act) => {
  try {
    return `no error: ${act()}`;
  } catch ({ message }) {
    return message;
  }
};
const { zstdCompressSync: pack, zstdDecompressSync: unpack } = zlib;
const text = "hello hello hello hello", long = "hello ".repeat(100000);
const finished = (stream) => new Promise((resolve) => {
  const parts = [];
  stream.on("data", (part) => parts.push(part));
  stream.on("error", ({ code, errno, message }) => resolve({ code, errno, message }));
  stream.on("end", () => resolve(unpack(Buffer.concat(parts)).toString()));
});
async function answer() {
  const checked = pack(long, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  checked[checked.length - 1] ^= 1;
  const stream = new ZstdCompress(), streamed = finished(stream);
  stream.write("one ");
  stream.flush(() => stream.end("two"));
  const broken = createZstdDecompress(), failed = finished(broken);
  broken.end("garbage!");
  return {
    packed: pack(text).toString("hex"),
    level: pack("hello ".repeat(1000), { params: { [constants.ZSTD_c_compressionLevel]: 19 } }).length < 40,
    unpacked: unpack(pack(long)).toString() === long,
    called: `${await promisify(zstdDecompress)(await promisify(zstdCompress)(new Uint8Array([97]).buffer))}`,
    first: unpack(Buffer.concat([pack("abc"), pack("def")])).toString(),
    empty: [pack("").toString("hex"), unpack("").length],
    streamed: [await streamed, stream.bytesWritten],
    failed: await failed,
    errors: [
      () => unpack("not zstd at all"), () => unpack(pack(long).subarray(0, 12)), () => unpack(checked),
      () => pack("x", { params: { 99999: 1 } }),
      () => pack("x", { params: { [constants.ZSTD_c_windowLog]: 99 } }),
      () => unpack(pack(long), { maxOutputLength: 10 }), () => pack(5), () => zstdCompress("x"),
    ].map(messageOf),
    names: Object.keys(constants).filter((name) => name.startsWith("ZSTD_")).length,
  };
}
"""


async def test_zstd() -> None:
    async with node_lab() as bench:
        found = await bench.run(SOURCE)
    assert found == {
        "packed": "28b52ffd20176500003068656c6c6f200100994b11",
        "level": True,
        "unpacked": True,
        "called": "a",
        "first": "abc",
        "empty": ["28b52ffd2000010000", 0],
        "streamed": ["one two", 7],
        "failed": {
            "code": "ERR_ZSTD_DECOMPRESSION_FAILED",
            "errno": -1,
            "message": "Zstd decompression failed: Unknown frame descriptor",
        },
        "errors": [
            "Zstd decompression failed: Unknown frame descriptor",
            "unexpected end of file",
            "Zstd decompression failed: Restored data doesn't match checksum",
            "Setting parameter failed: Unsupported parameter",
            "Setting parameter failed: Parameter is out of bound",
            "Cannot create a Buffer larger than 10 bytes",
            'The "buffer" argument must be of type string or an instance of Buffer, TypedArray, DataView, '
            "or ArrayBuffer. Received type number (5)",
            'The "callback" argument must be of type function. Received undefined',
        ],
        "names": 65,
    }
