/** MIME types (https://mimesniff.spec.whatwg.org/#parsing-a-mime-type). */
import { RegExpPrototypeExec, StringPrototypeReplaceAll, StringPrototypeToLowerCase, StringPrototypeTrim } from "../primordials.js";

const TYPE = /^([!#$%&'*+\-.^_`|~\w]+\/[!#$%&'*+\-.^_`|~\w]+)[\t\n\r ]*(?:;|$)/;
const PARAMETER = /;[\t\n\r ]*([^;="]*)(?:=(?:"((?:[^"\\]|\\.)*)"?[^;]*|([^;]*)))?/y;
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
const QUOTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * @param {string} text a Content-Type value
 * @returns {{essence: string, parameters: Record<string, string>} | null} null when it is not a MIME type
 */
export function parseMimeType(text) {
  const input = StringPrototypeTrim(text);
  const match = RegExpPrototypeExec(TYPE, input);
  if (match === null) return null;
  const parameters = { __proto__: null };
  PARAMETER.lastIndex = input.indexOf(";") < 0 ? input.length : input.indexOf(";");
  for (let m = RegExpPrototypeExec(PARAMETER, input); m !== null; m = RegExpPrototypeExec(PARAMETER, input)) {
    const name = StringPrototypeToLowerCase(m[1]);
    const quoted = m[2] !== undefined;
    const value = quoted ? StringPrototypeReplaceAll(m[2], /\\(.)/g, "$1") : (m[3] ?? "").replace(/[\t\n\r ]+$/, "");
    if (parameters[name] !== undefined || (value === "" && !quoted)) continue;
    if (RegExpPrototypeExec(TOKEN, name) !== null && RegExpPrototypeExec(QUOTABLE, value) !== null) parameters[name] = value;
  }
  return { essence: StringPrototypeToLowerCase(match[1]), parameters };
}

/**
 * @param {string} text a Content-Type value
 * @returns {string} what Body.blob() gives as its type: the serialised MIME type, "" when it is none
 */
export function serializeMimeType(text) {
  const mime = parseMimeType(text);
  if (mime === null) return "";
  let result = mime.essence;
  for (const name in mime.parameters) {
    const value = mime.parameters[name];
    const plain = value !== "" && RegExpPrototypeExec(TOKEN, value) !== null;
    result += `;${name}=${plain ? value : `"${StringPrototypeReplaceAll(value, /["\\]/g, "\\$&")}"`}`;
  }
  return result;
}
