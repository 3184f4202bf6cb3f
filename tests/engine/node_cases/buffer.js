import { Buffer, transcode, isUtf8, isAscii, constants } from "node:buffer";

const fails = (run) => { try { run(); return "no error"; } catch (error) { return [error.name, error.code, error.message]; } };

export function answer() {
  const text = "héllo wörld ✓ 😀";
  const encodings = ["utf8", "utf16le", "latin1", "ascii", "hex", "base64", "base64url"];
  const numbers = Buffer.alloc(16);
  numbers.writeUInt32BE(0xdeadbeef, 0);
  numbers.writeDoubleLE(Math.PI, 4);
  numbers.writeInt16LE(-2, 12);
  return {
    encode: encodings.map((one) => Buffer.from(text, "utf8").toString(one)),
    decode: encodings.slice(0, 4).map((one) => Buffer.from(text, one).toString("hex")),
    lengths: encodings.map((one) => Buffer.byteLength("aGk_aGk-", one)),
    base64: ["aGk=", "aGk", "aG k=\n", "_-8=", "a", "aGk=ignored"].map((one) => Buffer.from(one, "base64").toString("hex")),
    hex: ["abc", "zz00", "00ff"].map((one) => Buffer.from(one, "hex").toString("hex")),
    bad: Buffer.from([0xff, 0xe2, 0x82, 0x41, 0xf0, 0x9f, 0x98]).toString(),
    numbers: [numbers.toString("hex"), numbers.readUInt32LE(0), numbers.readDoubleLE(4), numbers.readInt16BE(12), numbers.readUIntBE(0, 6)],
    big: [numbers.readBigUInt64LE(0).toString(), numbers.readBigInt64BE(8).toString()],
    ranges: [fails(() => numbers.readUInt32LE(14)), fails(() => numbers.writeUInt8(256, 0)), fails(() => numbers.readInt8("1"))],
    search: [
      Buffer.from("abcabc").indexOf("ca"), Buffer.from("abcabc").lastIndexOf("bc"), Buffer.from("abcabc").indexOf(99, 3),
      Buffer.from("abc").includes(Buffer.from("bc")), Buffer.from("abc").indexOf(""), Buffer.from("aXbX").lastIndexOf("X", -2),
      Buffer.from("ab", "utf16le").indexOf("b", 0, "utf16le"),
    ],
    fill: [Buffer.alloc(7, "abc").toString(), Buffer.alloc(5, "YQ==", "base64").toString(), Buffer.from("abcdef").fill(0x7a, 2, 4).toString(), Buffer.alloc(4).fill("é").toString("hex")],
    compare: [Buffer.compare(Buffer.from("a"), Buffer.from("b")), Buffer.from("a").equals(Buffer.from("a")), Buffer.from("abcd").compare(Buffer.from("bc"), 0, 2, 1, 3)],
    concat: [Buffer.concat([Buffer.from("ab"), Buffer.from("cd")], 3).toString(), Buffer.concat([Buffer.from("a")], 3).length],
    write: (() => { const b = Buffer.alloc(8); return [b.write("héé", 1, 4), b.toString("hex"), b.write("abc", 6), b.write("zz", "hex")]; })(),
    copy: (() => { const b = Buffer.alloc(4); return [Buffer.from("hello").copy(b, 1, 2), b.toString("latin1")]; })(),
    swap: [Buffer.from([1, 2, 3, 4]).swap16().toString("hex"), Buffer.from([1, 2, 3, 4]).swap32().toString("hex"), fails(() => Buffer.alloc(3).swap16())],
    json: Buffer.from("hi"),
    slices: [Buffer.from("hello").subarray(1, -1).toString(), Buffer.from("hello").slice(-3).toString(), Buffer.from("hello").subarray(1) instanceof Buffer],
    from: [Buffer.from([257, -1, "3"]).toString("hex"), Buffer.from(new Uint16Array([1, 256])).toString("hex"), Buffer.from({ length: 2, 0: 7 }).toString("hex"), Buffer.from(new String("x")).toString()],
    errors: [fails(() => Buffer.from(5)), fails(() => Buffer.from(null)), fails(() => Buffer.alloc("5")), fails(() => Buffer.from("a", "nope")), fails(() => Buffer.concat("x"))],
    kinds: [Buffer.isBuffer(Buffer.alloc(1)), Buffer.isBuffer(new Uint8Array(1)), Buffer.isEncoding("BASE64URL"), Buffer.isEncoding("x"), isUtf8(Buffer.from([0xc3])), isAscii(Buffer.from("a"))],
    transcode: transcode(Buffer.from("€é"), "utf8", "latin1").toString("hex"),
    inspect: `${Buffer.from("abc")}`,
    limits: constants.MAX_LENGTH > 2 ** 30,
    iterate: [[...Buffer.from("ab").entries()], [...Buffer.from("ab")]],
  };
}
