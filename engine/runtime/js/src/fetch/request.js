/** Request (https://fetch.spec.whatwg.org/#request-class), with Workers' cf. */
import { abortSignal, createSignal, dependentSignal, isAbortSignal } from "../abort.js";
import { isOn } from "../compatibility.js";
import { ArrayPrototypeIncludes, Error_, RegExpPrototypeExec, StringPrototypeToLowerCase, StringPrototypeToUpperCase, TypeError_ } from "../primordials.js";
import { hasCredentials, normalizeUrl, withoutFragment } from "../url/parse.js";
import { defineInterface, isObject, requireArguments, toDictionary, toUSVString } from "../webidl.js";
import { Body, bodyUnusable, cloneBody, extractBody, mixinBody, takeBody } from "./body.js";
import { LOCAL, localCf } from "./cf.js";
import { copyHeaders, createHeaders, getHeader, headerFields, Headers, setDefaultHeader } from "./headers.js";

/**
 * @typedef {object} RequestState
 * @property {string} method
 * @property {string} url serialised, with its fragment
 * @property {Headers} headers
 * @property {Body | null} body
 * @property {"follow" | "manual"} redirect
 * @property {AbortSignal | null} signal null until somebody asks for it
 * @property {"no-store" | "no-cache" | undefined} cache
 * @property {string} integrity
 * @property {boolean} keepalive
 * @property {any} cf
 */

const TOKEN = {};
const NORMALIZED = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
const METHOD = /^[!#$%&'*+\-.^_`|~\w]+$/;
const FORBIDDEN = ["CONNECT", "TRACE", "TRACK"];
let stateOf, isRequest_;

function toMethod(value) {
  const method = `${value}`;
  const upper = StringPrototypeToUpperCase(method);
  if (RegExpPrototypeExec(METHOD, method) === null) throw new TypeError_(`Invalid HTTP method string: ${method}`);
  if (ArrayPrototypeIncludes(FORBIDDEN, upper)) throw new TypeError_(`'${method}' HTTP method is unsupported.`);
  return ArrayPrototypeIncludes(NORMALIZED, upper) || (upper === "PATCH" && isOn("upper_case_all_http_methods")) ? upper : method;
}

function toRedirect(value) {
  const mode = `${value}`;
  if (mode === "follow" || mode === "manual") return mode;
  throw new TypeError_(
    'Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be implemented since it does not make sense ' +
      'at the edge; use "manual" and check the response status code).',
  );
}

function toCacheMode(value) {
  if (!isOn("cache_option_enabled")) throw new Error_("The 'cache' field on 'RequestInitializerDict' is not implemented.");
  const mode = `${value}`;
  if (mode === "no-store" || (mode === "no-cache" && isOn("cache_no_cache_enabled"))) return mode;
  throw new TypeError_(`Unsupported cache mode: ${mode}`);
}

/** @returns {RequestState} */
const newState = (method, url, headers, body) => ({
  method, url, headers, body, redirect: "follow", signal: null, cache: undefined, integrity: "", keepalive: false, cf: undefined,
});

function initialize(input, init) {
  const options = toDictionary(init, "RequestInit");
  const source = isObject(input) && isRequest_(input) ? stateOf(input) : null;
  let state;
  if (source !== null) {
    state = { ...source, headers: copyHeaders(source.headers), body: null };
  } else {
    const url = normalizeUrl(toUSVString(input));
    if (hasCredentials(url)) throw new TypeError_(`Request URL must not have credentials: ${url}`);
    state = newState("GET", url, null, null);
  }
  if (options.method !== undefined) state.method = toMethod(options.method);
  if (options.headers !== undefined || state.headers === null) state.headers = new Headers(options.headers ?? undefined);
  if (options.redirect !== undefined) state.redirect = toRedirect(options.redirect);
  if (options.cache !== undefined) state.cache = toCacheMode(options.cache);
  if (options.integrity !== undefined) state.integrity = `${options.integrity}`;
  if (options.keepalive !== undefined) state.keepalive = !!options.keepalive;
  if (options.cf !== undefined) state.cf = options.cf;
  const { signal } = options;
  if (signal !== undefined) {
    if (signal !== null && !isAbortSignal(signal)) throw new TypeError_("Request: the signal is not an AbortSignal.");
    state.signal = signal === null ? null : dependentSignal([signal]);
  } else if (source?.signal) {
    state.signal = dependentSignal([source.signal]);
  }
  const { body: content } = options;
  const given = content !== undefined && content !== null;
  const bodiless = state.method === "GET" || state.method === "HEAD";
  if (bodiless && (given || (source?.body && content === undefined && options.method !== undefined && source.method !== state.method))) {
    throw new TypeError_("Request with a GET or HEAD method cannot have a body.");
  }
  if (given) {
    const { body, type } = extractBody(content);
    state.body = body;
    if (type !== null) setDefaultHeader(state.headers, "content-type", type);
  } else if (source !== null && source.body !== null && content === undefined) {
    if (bodyUnusable(source.body)) {
      throw new TypeError_("Cannot construct a Request with a Request object that has already been used.");
    }
    state.body = new Body(takeBody(source.body));
  }
  return state;
}

export class Request {
  #state;
  constructor(input, init = undefined) {
    requireArguments(arguments.length, 1, "Request constructor");
    this.#state = input === TOKEN ? init : initialize(input, init);
  }
  static {
    stateOf = (request) => request.#state;
    isRequest_ = (value) => #state in value;
  }
  get method() { return this.#state.method; }
  get url() { return this.#state.url; }
  get headers() { return this.#state.headers; }
  get cache() { return this.#state.cache; }
  get redirect() { return this.#state.redirect; }
  get integrity() { return this.#state.integrity; }
  get keepalive() { return this.#state.keepalive; }
  get cf() {
    const state = this.#state;
    return state.cf === LOCAL ? (state.cf = localCf(state.url)) : state.cf;
  }
  get signal() { return (this.#state.signal ??= createSignal()); }
  clone() {
    const state = this.#state;
    if (bodyUnusable(state.body)) throw new TypeError_("Body has already been used: the request cannot be cloned.");
    const body = state.body === null ? null : cloneBody(state.body);
    const signal = state.signal === null ? null : dependentSignal([state.signal]);
    return new Request(TOKEN, { ...state, headers: copyHeaders(state.headers), body, signal });
  }
}
mixinBody(Request, (request) => stateOf(request).body, (request) => getHeader(stateOf(request).headers, "content-type") ?? "");
defineInterface(Request, "Request");

/** @param {any} value @returns {boolean} */
export const isRequest = (value) => isObject(value) && isRequest_(value);

/**
 * The request that a handler gets. Nothing is parsed or checked.
 * @param {string} method
 * @param {string} url serialised by the host
 * @param {[string, string][]} headers kept, not copied; in any case
 * @param {string | Uint8Array | import("../streams.js").ByteSource | null} body
 * @param {any} [cf]
 * @returns {Request} with immutable headers
 */
export function createIncomingRequest(method, url, headers, body, cf = undefined) {
  const state = newState(method, url, createHeaders(headers, true), body === null ? null : new Body(body));
  state.redirect = "manual";
  state.cf = cf ?? LOCAL;
  return new Request(TOKEN, state);
}

/**
 * Whether a request asks for a WebSocket.
 * @param {string} method
 * @param {[string, string][]} fields
 */
export function asksUpgrade(method, fields) {
  if (method !== "GET") return false;
  for (let i = 0; i < fields.length; i++) {
    if (fields[i][1].length === 9 && StringPrototypeToLowerCase(fields[i][0]) === "upgrade" && StringPrototypeToLowerCase(fields[i][1]) === "websocket") return true;
  }
  return false;
}

/** Abort a request's signal: the client went away. @param {Request} request @param {any} [reason] */
export function abortRequest(request, reason = undefined) {
  const state = stateOf(request);
  abortSignal((state.signal ??= createSignal()), reason);
}

/**
 * What the Cache API goes by; the body stays as it is.
 * @param {any} input a Request, or what its constructor takes
 * @returns {{method: string, url: string, headers: [string, string][]}} url: without its fragment
 */
export function readRequestHead(input) {
  const state = isRequest(input) ? stateOf(input) : initialize(input, undefined);
  return { __proto__: null, method: state.method, url: withoutFragment(state.url), headers: headerFields(state.headers) };
}

/**
 * What fetch() and service bindings send; the body is used up. Looks at nothing user code can override.
 * @param {any} input a Request, or what its constructor takes
 * @param {any} [init]
 * @returns {{method: string, url: string, headers: [string, string][], redirect: "follow" | "manual",
 *   body: string | Uint8Array | import("../streams.js").ByteSource | null, signal: AbortSignal | null, cf: any}}
 *   url: without its fragment
 */
export function readRequest(input, init = undefined) {
  const state = init === undefined && isRequest(input) ? stateOf(input) : initialize(input, init);
  return {
    method: state.method,
    url: withoutFragment(state.url),
    headers: headerFields(state.headers),
    redirect: state.redirect,
    body: state.body === null ? null : takeBody(state.body),
    signal: state.signal,
    cf: state.cf === LOCAL ? undefined : state.cf,
  };
}
