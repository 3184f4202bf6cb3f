/** What whatwg-url wants of the Encoding standard. */
export { encodeUtf8 as utf8Encode, decodeUtf8Raw as utf8DecodeWithoutBOM } from "../encoding/utf8.js";
