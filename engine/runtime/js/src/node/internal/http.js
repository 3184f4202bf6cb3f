/** The messages of node:http, and its client (also node:https's): a request that `fetch` sends, a response that is a Readable. */
import errors from "nodelib:internal/errors";
import { Buffer } from "../buffer.js";
import { EventEmitter } from "../events.js";
import process from "../process.js";
import { Readable, Writable } from "../stream.js";
import { METHODS, STATUS_CODES } from "unenv/node/internal/http/constants";
import { urlToHttpOptions } from "./url.js";

const {
  ERR_HTTP_HEADERS_SENT, ERR_HTTP_INVALID_HEADER_VALUE, ERR_INVALID_ARG_TYPE, ERR_INVALID_CHAR, ERR_INVALID_HTTP_TOKEN, ERR_INVALID_PROTOCOL,
  ERR_INVALID_URL, ERR_UNESCAPED_CHARACTERS,
} = errors.codes;

const TOKEN = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const BAD_PATH = /[^\u0021-\u00ff]/;
/** Fields of which a message has one; what comes after the first is dropped. */
const SINGLE = new Set([
  "age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host", "if-modified-since", "if-unmodified-since",
  "last-modified", "location", "max-forwards", "proxy-authorization", "referer", "retry-after", "server", "user-agent",
]);

export function validateHeaderName(name, label = "Header name") {
  if (typeof name !== "string" || !TOKEN.test(name)) throw new ERR_INVALID_HTTP_TOKEN(label, name);
}
export function validateHeaderValue(name, value) {
  if (value === undefined) throw new ERR_HTTP_INVALID_HEADER_VALUE(value, name);
  if (BAD_VALUE.test(`${value}`)) throw new ERR_INVALID_CHAR("header content", name);
}

export class Agent extends EventEmitter {
  constructor(options = {}) {
    super();
    this.options = { path: null, noDelay: true, ...options };
    this.requests = this.sockets = this.freeSockets = Object.create(null);
    this.keepAlive = options.keepAlive ?? false;
    this.keepAliveMsecs = options.keepAliveMsecs ?? 1000;
    this.maxSockets = options.maxSockets ?? Infinity;
    this.maxFreeSockets = options.maxFreeSockets ?? 256;
    this.maxTotalSockets = options.maxTotalSockets ?? Infinity;
    this.scheduling = options.scheduling ?? "lifo";
    this.defaultPort = options.defaultPort ?? 80;
    this.protocol = options.protocol ?? "http:";
  }
  getName({ host = "localhost", port = "", localAddress = "", family } = {}) {
    return `${host}:${port}:${localAddress}${family === 4 || family === 6 ? `:${family}` : ""}`;
  }
  destroy() {}
}

export class IncomingMessage extends Readable {
  #reader;
  /** @param {Response | Request | unknown} message a client's response, or a server's request */
  constructor(message) {
    super();
    this.httpVersion = "1.1";
    this.httpVersionMajor = this.httpVersionMinor = 1;
    this.complete = false;
    this.aborted = false;
    this.socket = this.connection = null;
    this.trailers = {};
    this.rawTrailers = [];
    this.headers = {};
    this.headersDistinct = {};
    this.rawHeaders = [];
    if (message instanceof Response) {
      this.statusCode = message.status;
      this.statusMessage = message.statusText || STATUS_CODES[message.status] || "";
      this.url = message.url;
      this.#take(message);
    } else if (message instanceof Request) {
      this.method = message.method;
      this.url = message.url.slice(message.url.indexOf("/", message.url.indexOf("://") + 3));
      this.#take(message);
    }
  }
  #take(message) {
    for (const [name, value] of message.headers) {
      if (name === "content-encoding" && message instanceof Response) continue; // fetch has decoded it
      this.rawHeaders.push(name, value);
      (this.headersDistinct[name] ??= []).push(value);
      if (name === "set-cookie") (this.headers[name] ??= []).push(value);
      else if (this.headers[name] === undefined) this.headers[name] = value;
      else if (!SINGLE.has(name)) this.headers[name] += `${name === "cookie" ? "; " : ", "}${value}`;
    }
    // The gateway has taken the framing off; what reads a body looks for it.
    if (message instanceof Request && message.body && !this.headers["content-length"]) {
      this.rawHeaders.push("transfer-encoding", this.headers["transfer-encoding"] = "chunked");
    }
    this.#reader = message.body?.getReader() ?? null;
  }
  _read() {
    if (!this.#reader) {
      this.complete = true;
      this.push(null);
      return;
    }
    this.#reader.read().then(({ value, done }) => {
      if (done) this.complete = true;
      this.push(done ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }, (error) => this.destroy(error));
  }
  _destroy(error, done) {
    if (!this.complete) {
      this.aborted = true;
      this.#reader?.cancel(error).catch(() => {});
    }
    done(error);
  }
  setTimeout(milliseconds, callback) {
    if (callback) this.once("timeout", callback);
    return this;
  }
}

export class OutgoingMessage extends Writable {
  #fields = new Map();
  constructor(options) {
    super(options);
    this.headersSent = false;
    this.sendDate = false;
    this.finished = false;
  }
  setHeader(name, value) {
    if (this.headersSent) throw new ERR_HTTP_HEADERS_SENT("set");
    validateHeaderName(name);
    validateHeaderValue(name, value);
    this.#fields.set(name.toLowerCase(), [name, value]);
    return this;
  }
  appendHeader(name, value) {
    const before = this.getHeader(name);
    return this.setHeader(name, before === undefined ? value : [before, value].flat());
  }
  setHeaders(headers) {
    for (const [name, value] of headers) this.setHeader(name, value);
    return this;
  }
  getHeader(name) { return this.#fields.get(`${name}`.toLowerCase())?.[1]; }
  hasHeader(name) { return this.#fields.has(`${name}`.toLowerCase()); }
  removeHeader(name) {
    if (this.headersSent) throw new ERR_HTTP_HEADERS_SENT("remove");
    this.#fields.delete(`${name}`.toLowerCase());
  }
  getHeaderNames() { return [...this.#fields.keys()]; }
  getRawHeaderNames() { return [...this.#fields.values()].map(([name]) => name); }
  getHeaders() { return Object.assign(Object.create(null), Object.fromEntries([...this.#fields].map(([key, [, value]]) => [key, value]))); }
  flushHeaders() {}
  setTimeout(milliseconds, callback) {
    if (callback) this.once("timeout", callback);
    return this;
  }
  addTrailers() {}
}

export class ClientRequest extends OutgoingMessage {
  #chunks = []; #controller = new AbortController(); #url; #timer;
  constructor(input, options, callback) {
    super({ autoDestroy: false, emitClose: false });
    let given = {};
    if (typeof input === "string") given = urlToHttpOptions(parsed(input));
    else if (input instanceof URL) given = urlToHttpOptions(input);
    else {
      callback = options;
      options = input;
    }
    if (typeof options === "function") {
      callback = options;
      options = {};
    }
    const all = { ...given, ...options };
    this.agent = all.agent;
    this.protocol = all.protocol ?? all.agent?.protocol ?? all._defaultProtocol ?? "http:";
    if (all._defaultProtocol !== undefined && this.protocol !== all._defaultProtocol) {
      throw new ERR_INVALID_PROTOCOL(this.protocol, all._defaultProtocol);
    }
    this.path = all.path ?? "/";
    if (BAD_PATH.test(this.path)) throw new ERR_UNESCAPED_CHARACTERS("Request path");
    if (all.method != null && typeof all.method !== "string") throw new ERR_INVALID_ARG_TYPE("options.method", "string", all.method);
    this.method = (all.method ?? "GET").toUpperCase();
    if (!TOKEN.test(this.method)) throw new ERR_INVALID_HTTP_TOKEN("Method", this.method);
    this.host = all.hostname ?? all.host ?? "localhost";
    this.port = all.port ?? all.defaultPort ?? "";
    this.reusedSocket = false;
    this.aborted = false;
    const name = this.host.includes(":") && !this.host.startsWith("[") ? `[${this.host}]` : this.host;
    const host = /:\d+$/.test(name) || this.port === "" ? name : `${name}:${this.port}`;
    this.#url = new URL(`${this.protocol}//${host}${this.path}`);
    for (const [field, value] of fieldsOf(all.headers)) this.appendHeader(field, value);
    if (!this.hasHeader("host")) this.setHeader("Host", this.#url.host);
    if (all.auth && !this.hasHeader("authorization")) this.setHeader("Authorization", `Basic ${Buffer.from(all.auth).toString("base64")}`);
    if (callback) this.once("response", callback);
    if (all.timeout) this.setTimeout(all.timeout);
    if (all.signal) {
      if (all.signal.aborted) process.nextTick(() => this.destroy(all.signal.reason));
      else all.signal.addEventListener("abort", () => this.destroy(all.signal.reason), { once: true });
    }
  }
  _write(chunk, encoding, done) {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }
  _final(done) {
    done();
    this.headersSent = this.finished = true;
    const headers = new Headers();
    for (const name of this.getHeaderNames()) {
      if (name === "host") continue;
      for (const value of [this.getHeader(name)].flat()) headers.append(name, `${value}`);
    }
    const body = this.#chunks.length > 0 && this.method !== "GET" && this.method !== "HEAD" ? Buffer.concat(this.#chunks) : undefined;
    fetch(this.#url, { method: this.method, headers, body, redirect: "manual", signal: this.#controller.signal }).then((response) => {
      clearTimeout(this.#timer);
      const message = new IncomingMessage(response);
      message.req = this;
      this.res = message;
      if (!this.emit("response", message)) message.resume();
      message.once("close", () => this.emit("close"));
    }, (error) => {
      clearTimeout(this.#timer);
      if (!this.destroyed) this.destroy(error);
    });
  }
  _destroy(error, done) {
    clearTimeout(this.#timer);
    this.aborted = true;
    this.#controller.abort();
    done(error ?? (this.res ? null : Object.assign(new Error("socket hang up"), { code: "ECONNRESET" })));
  }
  abort() {
    this.emit("abort");
    this.destroy();
  }
  setTimeout(milliseconds, callback) {
    if (callback) this.once("timeout", callback);
    clearTimeout(this.#timer);
    if (milliseconds > 0) this.#timer = setTimeout(() => this.emit("timeout"), milliseconds);
    return this;
  }
  setNoDelay() {}
  setSocketKeepAlive() {}
  onSocket() {}
}

function parsed(text) {
  const url = URL.parse(text);
  if (url === null) throw new ERR_INVALID_URL(text);
  return url;
}

function fieldsOf(headers) {
  if (headers === undefined || headers === null) return [];
  if (!Array.isArray(headers)) return headers instanceof Headers ? [...headers] : Object.entries(headers).filter(([, value]) => value !== undefined);
  if (Array.isArray(headers[0])) return headers;
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []));
}

/** @param {"http:" | "https:"} protocol @param {Agent} agent @returns {{request: Function, get: Function}} */
export function client(protocol, agent) {
  function request(input, options, callback) {
    const own = { _defaultProtocol: protocol, agent };
    if (typeof input === "string" || input instanceof URL) {
      return typeof options === "function" ? new ClientRequest(input, own, options) : new ClientRequest(input, { ...own, ...options }, callback);
    }
    return new ClientRequest({ ...own, ...input }, options);
  }
  function get(input, options, callback) {
    const sent = request(input, options, callback);
    sent.end();
    return sent;
  }
  return { request, get };
}
export { METHODS, STATUS_CODES };
