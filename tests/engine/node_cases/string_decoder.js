import { StringDecoder } from "node:string_decoder";
import { Buffer } from "node:buffer";

export function answer() {
  const split = (encoding, bytes, size) => {
    const decoder = new StringDecoder(encoding);
    const result = [];
    for (let i = 0; i < bytes.length; i += size) result.push(decoder.write(bytes.subarray(i, i + size)));
    result.push(decoder.end());
    return result;
  };
  const text = Buffer.from("é✓😀a");
  return {
    utf8: [1, 2, 3].map((size) => split("utf8", text, size)),
    utf16: split("utf16le", Buffer.from("a😀", "utf16le"), 3),
    base64: split("base64", Buffer.from("hello"), 2),
    base64url: split("base64url", Buffer.from([255, 254, 253, 252]), 1),
    hex: split("hex", Buffer.from("ab"), 1),
    bad: [split("utf8", Buffer.from([0xe2, 0x82]), 2), split("utf8", Buffer.from([0xff, 0xc3]), 1), split("utf8", Buffer.from([0xf0, 0x80, 0x80, 0x41]), 1), split("utf8", Buffer.from([0xe0, 0x80, 0x41]), 2)],
    unknown: (() => { try { new StringDecoder("nope"); } catch (error) { return [error.code, error.message]; } })(),
    name: new StringDecoder("UCS-2").encoding,
  };
}
