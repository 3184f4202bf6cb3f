import { decode, decodeMultiStream, encode, ExtensionCodec } from "@msgpack/msgpack";
import { library, hex } from "./check.js";

export default library(async ({ equal, throws }) => {
  equal(hex(encode({ compact: true, schema: 0 })), "82a7636f6d70616374c3a6736368656d6100");
  const value = { n: [1, -1, 2 ** 40, 1.5], s: "ä€😀".repeat(50), b: new Uint8Array([1, 2]), nil: null, at: new Date(1234567) };
  equal(decode(encode(value)), value);
  const extensionCodec = new ExtensionCodec();
  extensionCodec.register({ type: 0, encode: (one) => (one instanceof Set ? encode([...one]) : null), decode: (data) => new Set(decode(data)) });
  equal(decode(encode(new Set([1, 2]), { extensionCodec }), { extensionCodec }).size, 2);
  const parts = [];
  for await (const part of decodeMultiStream(new Blob([encode(1), encode("two")]).stream())) parts.push(part);
  equal(parts, [1, "two"]);
  await throws(() => decode(new Uint8Array([0xc1])), "DecodeError");
});
