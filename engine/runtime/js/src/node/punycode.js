/** node:punycode (https://nodejs.org/docs/latest/api/punycode.html), from the package that it became. */
import own from "punycode/punycode.js";

export const { decode, encode, toASCII, toUnicode, ucs2, version } = own;
export default own;
