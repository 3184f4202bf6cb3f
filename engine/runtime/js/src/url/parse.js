/** URL parsing for the runtime itself. A URL that is already serialised, as most are, needs no parser. */
import { load } from "../lazy.js";
import { RegExpPrototypeExec, StringPrototypeToLowerCase, TypeError_ } from "../primordials.js";

/**
 * Absolute http(s) URLs whose serialisation is certainly themselves: a lower-case registered name that
 * does not end in a number, or a plain IPv4 address; no credentials, no dot segments, nothing to encode.
 */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const NAME = String.raw`(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z](?:[a-z0-9_-]*[a-z0-9])?`;
const SERIALIZED = new RegExp(
  String.raw`^(https?):\/\/(${NAME}|${OCTET}(?:\.${OCTET}){3})(?::([1-9]\d{0,3}))?` +
  String.raw`(\/[\w$&+,\/:;=@.!*()~%|-]*)?(\?[\w$&+,\/:;=?@.!*()~%|-]*)?` +
  String.raw`(#[\w$&+,\/:;=?@.!*()~%|-]*)?$`,
);
const DOTS = /\/(?:\.|%2e){1,2}(?:[\/?#]|$)|xn--/i;

/**
 * The parts of a URL that is serialised already.
 * @param {string} text
 * @returns {RegExpExecArray | null} scheme, host, port, path with its slash, query with its "?" and fragment with
 *   its "#", the last four undefined where they are missing; null for a URL that needs the parser
 */
export function plainParts(text) {
  const match = RegExpPrototypeExec(SERIALIZED, text);
  return match === null || RegExpPrototypeExec(DOTS, text) !== null ? null : match;
}

/** @param {string} scheme "http" or "https" @param {string | undefined} port */
export const isDefaultPort = (scheme, port) => port === undefined || port === (scheme === "http" ? "80" : "443");

/**
 * @param {string} text an absolute URL, or one relative to `base`
 * @param {string} [base]
 * @returns {string} serialised; throws TypeError
 */
export function normalizeUrl(text, base) {
  const match = plainParts(text);
  if (match !== null) {
    const scheme = match[1], port = match[3];
    return `${scheme}://${match[2]}${isDefaultPort(scheme, port) ? "" : `:${port}`}${match[4] ?? "/"}${match[5] ?? ""}${match[6] ?? ""}`;
  }
  const url = load("url").parse(text, base);
  if (url === null) throw new TypeError_(`Invalid URL: ${text}`);
  return url;
}

/** @param {string} url serialised @returns {string} its scheme without the colon */
export const schemeOf = (url) => StringPrototypeToLowerCase(RegExpPrototypeExec(/^[^:]*/, url)[0]);

/** @param {string} url serialised @returns {string} without the fragment */
export const withoutFragment = (url) => RegExpPrototypeExec(/^[^#]*/, url)[0];

/** @param {string} url serialised @returns {boolean} whether it has a user name or password */
export const hasCredentials = (url) => RegExpPrototypeExec(/^[^:]*:\/\/[^/?#]*@/, url) !== null;
