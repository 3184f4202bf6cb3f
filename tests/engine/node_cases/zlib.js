import zlib, { constants } from "node:zlib";
import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { pipeline } from "node:stream/promises";
import { Readable, Writable } from "node:stream";

const fails = (run) => { try { run(); return "no error"; } catch (error) { return [error.name, error.code, error.errno ?? null, error.message]; } };

export async function answer() {
  const text = "hello hello hello ".repeat(5000);
  const gz = zlib.gzipSync(text);
  const chunks = [];
  await pipeline(Readable.from([Buffer.from(text.slice(0, 40000)), Buffer.from(text.slice(40000))]), zlib.createGzip(), zlib.createGunzip({ chunkSize: 1024 }), new Writable({ write(chunk, encoding, done) { chunks.push(chunk); done(); } }));
  const flushed = await new Promise((resolve) => {
    const deflate = zlib.createDeflateRaw();
    const got = [];
    deflate.on("data", (chunk) => got.push(chunk));
    deflate.write("abc");
    deflate.flush(() => resolve(zlib.inflateRawSync(Buffer.concat(got), { finishFlush: constants.Z_SYNC_FLUSH }).toString()));
  });
  const streamed = await new Promise((resolve) => { const g = zlib.createGunzip(); g.on("error", (error) => resolve([error.code, error.message])); g.end(Buffer.from("not gzip at all")); });
  const dictionary = Buffer.from("hello world");
  const packed = zlib.deflateSync("hello world hello", { dictionary });
  return {
    sizes: [zlib.gunzipSync(gz).toString() === text, gz[0], gz[1], gz.length < 2000],
    round: [zlib.inflateSync(zlib.deflateSync(text)).length, zlib.inflateRawSync(zlib.deflateRawSync("raw", { level: 1 })).toString(), zlib.unzipSync(gz).length, zlib.unzipSync(zlib.deflateSync("u")).toString()],
    known: [zlib.deflateSync("a").toString("hex"), zlib.deflateRawSync("").toString("hex"), zlib.inflateSync(Buffer.from("789c4b040000620062", "hex")).toString()],
    async: [(await promisify(zlib.gunzip)(gz)).length, (await promisify(zlib.deflate)("x")).toString("hex"), await promisify(zlib.inflate)(Buffer.from("00", "hex")).catch((error) => [error.code, error.message])],
    members: zlib.gunzipSync(Buffer.concat([zlib.gzipSync("one"), zlib.gzipSync("two"), Buffer.alloc(3)])).toString(),
    errors: [
      fails(() => zlib.gunzipSync(Buffer.from("nope"))), fails(() => zlib.inflateSync(zlib.deflateSync("abcabc").subarray(0, 6))), fails(() => zlib.gunzipSync(gz, { maxOutputLength: 100 })),
      fails(() => zlib.inflateSync(packed)), fails(() => zlib.inflateSync(packed, { dictionary: Buffer.from("zzz") })), fails(() => zlib.deflateSync(5)), fails(() => zlib.createGzip({ level: 42 })),
    ],
    dictionary: zlib.inflateSync(packed, { dictionary }).toString(),
    streams: [Buffer.concat(chunks).toString() === text, flushed, streamed],
    crc: [zlib.crc32("hello"), zlib.crc32(Buffer.from("world"), zlib.crc32("hello "))],
    codes: [zlib.codes.Z_BUF_ERROR, constants.Z_BEST_COMPRESSION, constants.BROTLI_PARAM_QUALITY],
  };
}
