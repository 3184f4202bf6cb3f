/** tr46's interface for whatwg-url: its tables are a bundle of their own, for hosts that are not plain ASCII. */
import { load } from "../lazy.js";

const PLAIN = /^[\x00-\x7f]*$/;
const PUNYCODE = /(?:^|\.)xn--/i;

/** @param {string} domain @param {object} options tr46's @returns {string | null} */
export function toASCII(domain, options) {
  const simple = PLAIN.test(domain) && !PUNYCODE.test(domain) && !options.verifyDNSLength;
  return simple ? domain.toLowerCase() : load("idna").toASCII(domain, options);
}

/** @param {string} domain @param {object} options @returns {{domain: string, error: boolean}} */
export const toUnicode = (domain, options) => load("idna").toUnicode(domain, options);
