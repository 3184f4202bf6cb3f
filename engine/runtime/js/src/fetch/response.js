/** Response (https://fetch.spec.whatwg.org/#response-class), with Workers' webSocket, cf and encodeBody. */
import { JSONStringify, ObjectDefineProperty, RangeError_, RegExpPrototypeExec, TypeError_ } from "../primordials.js";
import { normalizeUrl } from "../url/parse.js";
import { defineInterface, isObject, requireArguments, toByteString, toDictionary, toUnsignedShort, toUSVString } from "../webidl.js";
import { Body, bodyUnusable, cloneBody, extractBody, mixinBody, takeBody } from "./body.js";
import { copyHeaders, createHeaders, freezeHeaders, getHeader, headerFields, Headers, setDefaultHeader } from "./headers.js";

/**
 * @typedef {object} ResponseState
 * @property {number} status
 * @property {string} statusText
 * @property {Headers} headers
 * @property {Body | null} body
 * @property {string} type
 * @property {string} url
 * @property {boolean} redirected
 * @property {any} cf
 * @property {any} webSocket
 * @property {"automatic" | "manual"} encodeBody
 */

const TOKEN = {};
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;
let stateOf, isResponse_;

const isNullBodyStatus = (status) => status === 101 || status === 204 || status === 205 || status === 304;

/** @returns {ResponseState} */
const newState = (status, statusText, headers, body, type) => ({
  status, statusText, headers, body, type, url: "", redirected: false, cf: undefined, webSocket: null, encodeBody: "automatic",
});

/** Checks an init and makes the state (https://fetch.spec.whatwg.org/#initialize-a-response). */
function initialize(init, content, contentType) {
  const options = toDictionary(init, "ResponseInit");
  const webSocket = options.webSocket ?? null;
  const status = options.status === undefined ? (webSocket === null ? 200 : 101) : toUnsignedShort(options.status);
  if ((status < 200 || status > 599) && !(status === 101 && webSocket !== null)) {
    throw new RangeError_("Responses may only be constructed with status codes in the range 200 to 599, inclusive.");
  }
  if (webSocket !== null && status !== 101) throw new RangeError_("Responses with a WebSocket must have status code 101.");
  const statusText = options.statusText === undefined ? "" : toByteString(options.statusText, "statusText");
  if (RegExpPrototypeExec(REASON, statusText) === null) throw new TypeError_(`Invalid statusText: ${statusText}`);
  const encodeBody = options.encodeBody === undefined ? "automatic" : `${options.encodeBody}`;
  if (encodeBody !== "automatic" && encodeBody !== "manual") {
    throw new TypeError_(`encodeBody: unexpected value: ${encodeBody}`);
  }
  const headers = new Headers(options.headers ?? undefined);
  const state = newState(status, statusText, headers, null, "default");
  state.encodeBody = encodeBody;
  state.webSocket = webSocket;
  state.cf = options.cf;
  if (content !== null && content !== undefined) {
    if (isNullBodyStatus(status)) {
      // As Workers do: an empty body is taken for none, since proxies often pass "" on.
      if (content === "") return state;
      throw new TypeError_("Response with null body status (101, 204, 205, or 304) cannot have a body.");
    }
    const { body, type } = extractBody(content);
    state.body = body;
    const implied = contentType ?? type;
    if (implied !== null) setDefaultHeader(headers, "content-type", implied);
  }
  return state;
}

/** A Response given as init lends its fields, whatever user code did to its getters. */
const asInit = (init) => {
  if (!isObject(init) || !isResponse_(init)) return init;
  const { status, statusText, headers, cf, webSocket, encodeBody } = stateOf(init);
  return { __proto__: null, status, statusText, headers, cf, webSocket: webSocket ?? undefined, encodeBody };
};

export class Response {
  #state;
  constructor(body = null, init = undefined) {
    this.#state = body === TOKEN ? init : initialize(asInit(init), body, null);
  }
  static {
    stateOf = (response) => response.#state;
    isResponse_ = (value) => #state in value;
  }
  static error() { return new Response(TOKEN, newState(0, "", freezeHeaders(new Headers()), null, "error")); }
  static json(data, init = undefined) {
    requireArguments(arguments.length, 1, "Response.json");
    const text = JSONStringify(data);
    if (text === undefined) throw new TypeError_("Response.json: the value is not JSON serializable.");
    return new Response(TOKEN, initialize(asInit(init), text, "application/json"));
  }
  static redirect(url, status = 302) {
    requireArguments(arguments.length, 1, "Response.redirect");
    const location = normalizeUrl(toUSVString(url));
    const code = toUnsignedShort(status);
    if (code !== 301 && code !== 302 && code !== 303 && code !== 307 && code !== 308) {
      throw new RangeError_(`${code} is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.`);
    }
    return new Response(TOKEN, newState(code, "", createHeaders([["location", location]], true), null, "default"));
  }
  get type() { return this.#state.type; }
  get url() { return this.#state.url; }
  get redirected() { return this.#state.redirected; }
  get status() { return this.#state.status; }
  get ok() { const { status } = this.#state; return status >= 200 && status <= 299; }
  get statusText() { return this.#state.statusText; }
  get headers() { return this.#state.headers; }
  get cf() { return this.#state.cf; }
  get webSocket() { return this.#state.webSocket; }
  clone() {
    const state = this.#state;
    if (state.webSocket !== null) throw new TypeError_("Cannot clone a response to a WebSocket handshake.");
    if (bodyUnusable(state.body)) throw new TypeError_("Body has already been used: the response cannot be cloned.");
    const body = state.body === null ? null : cloneBody(state.body);
    return new Response(TOKEN, { ...state, headers: copyHeaders(state.headers), body });
  }
}
mixinBody(Response, (response) => stateOf(response).body, (response) => getHeader(stateOf(response).headers, "content-type") ?? "");
defineInterface(Response, "Response");
ObjectDefineProperty(Response, "length", { __proto__: null, value: 0, configurable: true });

/** @param {any} value @returns {boolean} */
export const isResponse = (value) => isObject(value) && isResponse_(value);

/**
 * A response from outside (fetch, a service binding, the cache), with immutable headers.
 * @param {object} head
 * @param {number} head.status
 * @param {string} head.statusText
 * @param {[string, string][]} head.headers
 * @param {string} head.url serialised; "" if it has none
 * @param {boolean} [head.redirected]
 * @param {any} [head.cf]
 * @param {any} [head.webSocket]
 * @param {string | Uint8Array | import("../streams.js").ByteSource | null} body
 * @returns {Response}
 */
export function createIncomingResponse(head, body) {
  const content = body === null || isNullBodyStatus(head.status) ? null : new Body(body);
  const state = newState(head.status, head.statusText, createHeaders(head.headers, true), content, "default");
  state.url = head.url;
  state.redirected = head.redirected ?? false;
  state.cf = head.cf;
  state.webSocket = head.webSocket ?? null;
  return new Response(TOKEN, state);
}

/**
 * What the Cache API refuses a response by; the body stays as it is.
 * @param {Response} response
 * @returns {{status: number, type: string, vary: string | null, webSocket: any}}
 */
export function readResponseHead(response) {
  const { status, type, headers, webSocket } = stateOf(response);
  return { __proto__: null, status, type, vary: getHeader(headers, "vary"), webSocket };
}

/**
 * What goes out of the isolate; the body is used up. Looks at nothing user code can override.
 * @param {Response} response
 * @returns {{status: number, statusText: string, headers: [string, string][],
 *   body: string | Uint8Array | import("../streams.js").ByteSource | null, encodeBody: "automatic" | "manual", webSocket: any}}
 *   throws TypeError for a body already used and for Response.error()
 */
export function readResponse(response) {
  const { status, statusText, headers, body, encodeBody, webSocket, type } = stateOf(response);
  if (type === "error") throw new TypeError_("Return value from the handler is Response.error(), a network error.");
  return {
    status, statusText, headers: headerFields(headers), body: body === null ? null : takeBody(body), encodeBody, webSocket,
  };
}
