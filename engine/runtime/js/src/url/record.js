/** whatwg-url's record of a URL that is serialised already: its state machine takes every character one by one. */
import { Number_, StringPrototypeCharCodeAt, StringPrototypeSlice, StringPrototypeSplit } from "../primordials.js";
import { isDefaultPort, plainParts } from "./parse.js";

/** @param {string} text @returns {object | null} null for one that needs the state machine */
export function plainRecord(text) {
  const match = plainParts(text);
  if (match === null) return null;
  const scheme = match[1], host = match[2], port = match[3], path = match[4], query = match[5], fragment = match[6];
  const last = StringPrototypeCharCodeAt(host, host.length - 1);
  if (last >= 48 && last <= 57) return null; // maybe an IPv4 address, which the record has as a number
  return {
    scheme, username: "", password: "", host, port: isDefaultPort(scheme, port) ? null : Number_(port),
    path: path === undefined ? [""] : StringPrototypeSplit(StringPrototypeSlice(path, 1), "/"),
    query: query === undefined ? null : StringPrototypeSlice(query, 1),
    fragment: fragment === undefined ? null : StringPrototypeSlice(fragment, 1),
  };
}
