/** What connect() is given (https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/). */
import { Number_, NumberIsInteger, RegExpPrototypeExec, StringPrototypeReplace, StringPrototypeStartsWith, TypeError_ } from "../primordials.js";
import { isObject, toDictionary, toUSVString } from "../webidl.js";

const ADDRESS = /^(\[[^\]/?#@]*\]|[^:/?#@\s]*)(?::(\d*))?$/;
const SECURE = { __proto__: null, off: true, on: true, starttls: true };

/**
 * @param {any} address "host:port", or {hostname, port}
 * @returns {{hostname: string, port: number}} throws TypeError
 */
export function parseAddress(address) {
  let hostname, port;
  if (isObject(address)) {
    if (address.hostname === undefined || address.port === undefined) throw new TypeError_("Specified address is missing its hostname or port.");
    hostname = toUSVString(address.hostname);
    port = Number_(address.port);
    if (hostname === "") throw new TypeError_("Specified address is missing hostname.");
  } else {
    const text = toUSVString(address);
    if (text === "") throw new TypeError_("Specified address is empty string.");
    const match = RegExpPrototypeExec(ADDRESS, text);
    if (match === null) throw new TypeError_("Specified address could not be parsed.");
    if (match[1] === "") throw new TypeError_("Specified address is missing hostname.");
    if (match[2] === undefined || match[2] === "") throw new TypeError_("Specified address is missing port.");
    hostname = match[1];
    port = Number_(match[2]);
  }
  if (!NumberIsInteger(port) || port < 0 || port > 65535) throw new TypeError_("Specified address could not be parsed.");
  if (StringPrototypeStartsWith(hostname, "[")) hostname = StringPrototypeReplace(hostname, /[[\]]/g, "");
  return { __proto__: null, hostname, port };
}

/**
 * @param {any} options
 * @returns {{secureTransport: "off" | "on" | "starttls", allowHalfOpen: boolean}} throws TypeError
 */
export function parseOptions(options) {
  const given = toDictionary(options, "SocketOptions");
  const secureTransport = given.secureTransport === undefined ? "off" : `${given.secureTransport}`;
  if (SECURE[secureTransport] !== true) {
    throw new TypeError_(`Unsupported value in secureTransport socket option: ${secureTransport}`);
  }
  return { __proto__: null, secureTransport, allowHalfOpen: !!given.allowHalfOpen };
}
