/** What Node adds to the URL standard (https://nodejs.org/docs/latest/api/url.html). */
import errors from "nodelib:internal/errors";
import { load } from "../../lazy.js";

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_FILE_URL_HOST, ERR_INVALID_FILE_URL_PATH, ERR_INVALID_URL_SCHEME } = errors.codes;

export const { URL, URLSearchParams } = globalThis;

const protocols = (...names) => new Set(names.flatMap((name) => [name, `${name}:`]));
export const unsafeProtocol = protocols("javascript");
export const hostlessProtocol = protocols("javascript");
export const slashedProtocol = protocols("http", "https", "ftp", "gopher", "file", "ws", "wss");

/** @param {any} value @returns {boolean} whether it is a URL, not a legacy one */
export const isURL = (value) => Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);

/** @param {string} domain @returns {string} "" when it is invalid */
export function domainToASCII(domain) {
  const url = URL.parse(`ws://${domain}`);
  return url === null ? "" : url.hostname;
}
/** @param {string} domain @returns {string} */
export function domainToUnicode(domain) {
  const ascii = domainToASCII(`${domain}`);
  return ascii.includes("xn--") ? load("idna").toUnicode(ascii, {}).domain : ascii;
}

function pathOf(url) {
  if (url.hostname !== "") throw new ERR_INVALID_FILE_URL_HOST("linux");
  if (/%2f/i.test(url.pathname)) throw new ERR_INVALID_FILE_URL_PATH("must not include encoded / characters");
  return decodeURIComponent(url.pathname);
}

function windowsPathOf(url) {
  if (/%2f|%5c/i.test(url.pathname)) throw new ERR_INVALID_FILE_URL_PATH("must not include encoded \\ or / characters");
  const path = decodeURIComponent(url.pathname.replaceAll("/", "\\"));
  if (url.hostname !== "") return `\\\\${domainToUnicode(url.hostname)}${path}`;
  if (!/^\\[a-z]:/i.test(path)) throw new ERR_INVALID_FILE_URL_PATH("must be absolute");
  return path.slice(1);
}

/** @param {string | URL} path a file: URL @param {{windows?: boolean}} [options] @returns {string} */
export function fileURLToPath(path, options = undefined) {
  const url = typeof path === "string" ? new URL(path) : path;
  if (!isURL(url)) throw new ERR_INVALID_ARG_TYPE("path", ["string", "URL"], path);
  if (url.protocol !== "file:") throw new ERR_INVALID_URL_SCHEME("file");
  return options?.windows ? windowsPathOf(url) : pathOf(url);
}

const ESCAPES = { __proto__: null, "%": "%25", "\\": "%5C", "\n": "%0A", "\r": "%0D", "\t": "%09", "?": "%3F", "#": "%23" };

/** @param {string} path @param {{windows?: boolean}} [options] @returns {URL} */
export function pathToFileURL(path, options = undefined) {
  if (typeof path !== "string") throw new ERR_INVALID_ARG_TYPE("path", "string", path);
  const { posix, win32 } = load("node-path").default;
  const windows = options?.windows === true;
  if (windows && path.startsWith("\\\\")) {
    const [, , host, ...rest] = path.split("\\");
    return new URL(`file://${host}/${rest.join("/").replace(/[%\n\r\t?#]/g, (one) => ESCAPES[one])}`);
  }
  let absolute = windows ? win32.resolve(path).replaceAll("\\", "/") : posix.resolve(path);
  if (/[/\\]$/.test(path) && !absolute.endsWith("/")) absolute += "/";
  return new URL(`file://${windows ? "/" : ""}${absolute.replace(/[%\\\n\r\t?#]/g, (one) => ESCAPES[one])}`);
}

/** @param {URL} url @returns {object} what http.request takes */
export function urlToHttpOptions(url) {
  const { hostname, pathname, port, username, password, search } = url;
  const options = {
    __proto__: null, ...url, protocol: url.protocol,
    hostname: hostname && hostname[0] === "[" ? hostname.slice(1, -1) : hostname,
    hash: url.hash, search, pathname, path: `${pathname || ""}${search || ""}`, href: url.href,
  };
  if (port !== "") options.port = Number(port);
  if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return options;
}

/** url.format of a URL. @param {string} href @param {boolean} fragment @param {boolean} unicode @param {boolean} search @param {boolean} auth */
export function formatUrl(href, fragment, unicode, search, auth) {
  const url = new URL(href);
  if (!fragment) url.hash = "";
  if (!search) url.search = "";
  if (!auth) url.username = url.password = "";
  return unicode && url.hostname ? url.href.replace(url.hostname, domainToUnicode(url.hostname)) : url.href;
}
