/** "Percent-encode after encoding" for UTF-8, the only encoding a URL has here (https://url.spec.whatwg.org/). */
import { encodeUtf8 } from "../encoding/utf8.js";

const HEX = Array.from({ length: 256 }, (_, i) => `%${i < 16 ? "0" : ""}${i.toString(16).toUpperCase()}`);
const tables = new Map();

/** For each byte what it becomes. @param {string} set extra characters to encode */
function tableOf(set) {
  let table = tables.get(set);
  if (table === undefined) {
    table = HEX.map((hex, i) => (i < 0x20 || i > 0x7e || set.includes(String.fromCharCode(i)) ? hex : String.fromCharCode(i)));
    tables.set(set, table);
  }
  return table;
}

/**
 * @param {string} encoding always UTF-8
 * @param {string} input
 * @param {string} percentEncodeSet the ASCII characters to encode beside controls
 * @returns {string}
 */
export function percentEncodeAfterEncoding(encoding, input, percentEncodeSet) {
  const table = tableOf(percentEncodeSet);
  const bytes = encodeUtf8(input);
  let result = "";
  for (let i = 0; i < bytes.length; i++) result += table[bytes[i]];
  return result;
}
