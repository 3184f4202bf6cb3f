/** URL and URLSearchParams (https://url.spec.whatwg.org/), from whatwg-url. */
import urlInterface from "whatwg-url/lib/URL.js";
import searchParamsInterface from "whatwg-url/lib/URLSearchParams.js";
import { basicURLParse, serializeURL } from "whatwg-url/lib/url-state-machine.js";

const scope = { Array, Object, Promise, String, TypeError };
urlInterface.install(scope, ["Worker"]);
searchParamsInterface.install(scope, ["Worker"]);

export const { URL, URLSearchParams } = scope;

/** @param {any} value @returns {boolean} */
export const isURLSearchParams = (value) => searchParamsInterface.is(value);

/**
 * @param {string} text
 * @param {string} [base]
 * @returns {string | null} serialised; null when it does not parse
 */
export function parse(text, base) {
  const baseURL = base === undefined ? null : basicURLParse(base);
  if (base !== undefined && baseURL === null) return null;
  const url = basicURLParse(text, { baseURL });
  return url === null ? null : serializeURL(url);
}
