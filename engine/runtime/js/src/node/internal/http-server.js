/**
 * The server of node:http (https://nodejs.org/docs/latest/api/http.html#class-httpserver) as Workers has it: `listen` takes a
 * number by which `cloudflare:node` finds the server, and requests come from the worker's own `fetch`.
 * (https://developers.cloudflare.com/workers/runtime-apis/nodejs/http/)
 */
import errors from "nodelib:internal/errors";
import { nodeHas } from "../../node.js";
import { Buffer } from "../buffer.js";
import { EventEmitter } from "../events.js";
import process from "../process.js";
import { IncomingMessage, OutgoingMessage, STATUS_CODES } from "./http.js";
import { notImplementedError } from "./not-implemented.js";

const { ERR_HTTP_HEADERS_SENT, ERR_HTTP_INVALID_STATUS_CODE, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_SERVER_ALREADY_LISTEN } = errors.codes;

/** @type {Map<number, Server>} those that listen */
const listening = new Map();
const FIRST_FREE_PORT = 49152;
/** Fields of one connection: there is none. */
const OF_A_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding"]);
const WITHOUT_BODY = new Set([204, 205, 304]);

/** What stands where a connection would be. */
class Connection extends EventEmitter {
  readable = true;
  writable = true;
  destroyed = false;
  connecting = false;
  bytesRead = 0;
  bytesWritten = 0;
  remoteFamily = "IPv4";
  remotePort = 0;
  localAddress = "127.0.0.1";
  constructor(request, localPort) {
    super();
    this.remoteAddress = request.headers.get("cf-connecting-ip") ?? "127.0.0.1";
    this.localPort = localPort;
    this.encrypted = request.url.startsWith("https:");
  }
  destroy(error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.readable = this.writable = false;
    process.nextTick(() => {
      if (error) this.emit("error", error);
      this.emit("close", Boolean(error));
    });
    return this;
  }
  end() { return this; }
  address() { return { address: this.localAddress, family: "IPv4", port: this.localPort }; }
  setTimeout() { return this; }
  setNoDelay() { return this; }
  setKeepAlive() { return this; }
  cork() {}
  uncork() {}
  ref() { return this; }
  unref() { return this; }
}

export class ServerResponse extends OutgoingMessage {
  #answer = null; #controller = null; #pulled = null; #ending = false; #empty;
  statusCode = 200;
  statusMessage = undefined;
  /** What middleware looks at to see whether the head has gone. */
  _header = null;
  constructor(request, options = {}) {
    super(options);
    this.req = request;
    this.socket = this.connection = request.socket;
    this.#empty = request.method === "HEAD";
    this.sendDate = true;
    this.shouldKeepAlive = true;
  }

  /** @param {{resolve: (response: Response) => void, reject: (error: any) => void}} answer what is told of the head, or why there is none */
  _answerTo(answer) { this.#answer = answer; }

  writeHead(status, message, fields) {
    if (this.headersSent) throw new ERR_HTTP_HEADERS_SENT("write");
    const code = status | 0;
    if (code < 100 || code > 999) throw new ERR_HTTP_INVALID_STATUS_CODE(status);
    if (typeof message === "string") this.statusMessage = message;
    else {
      fields = message;
      this.statusMessage ??= STATUS_CODES[code] ?? "unknown";
    }
    this.statusCode = code;
    if (Array.isArray(fields)) {
      const pairs = Array.isArray(fields[0]) ? fields : fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]]] : []));
      for (const [name] of pairs) this.removeHeader(name);
      for (const [name, value] of pairs) this.appendHeader(name, value);
    } else if (fields) {
      for (const name of Object.keys(fields)) if (fields[name] !== undefined) this.setHeader(name, fields[name]);
    }
    this._header = `HTTP/1.1 ${code} ${this.statusMessage}\r\n`;
    this.headersSent = true;
    if (WITHOUT_BODY.has(code)) this.#empty = true;
    return this;
  }
  _implicitHeader() { this.writeHead(this.statusCode); }
  writeHeader(...args) { return this.writeHead(...args); }
  writeContinue() {}
  writeProcessing() {}
  writeEarlyHints(hints, done) { done?.(); }
  assignSocket(socket) { this.socket = this.connection = socket; }
  detachSocket() { this.socket = this.connection = null; }
  flushHeaders() {
    if (!this.headersSent) this._implicitHeader();
    this.#stream();
  }

  write(chunk, encoding, done) {
    if (!this.headersSent) this._implicitHeader();
    return super.write(chunk, encoding, done);
  }
  end(chunk, encoding, done) {
    if (this.writableEnded) return super.end(chunk, encoding, done);
    this.#ending = true;
    if (!this.headersSent) {
      if (typeof chunk === "string" || ArrayBuffer.isView(chunk)) {
        if (!this.hasHeader("content-length") && !this.hasHeader("transfer-encoding")) {
          this.setHeader("Content-Length", `${Buffer.byteLength(chunk, typeof encoding === "string" ? encoding : "utf8")}`);
        }
      }
      this._implicitHeader();
    }
    this.finished = true;
    return super.end(chunk, encoding, done);
  }

  _write(chunk, encoding, done) {
    if (this.#empty) return done();
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
    if (this.#ending && this.#answer !== null && this.#controller === null && this.writableLength === bytes.length) {
      this.#respond(bytes);
      return done();
    }
    this.#stream();
    this.#controller.enqueue(new Uint8Array(bytes));
    if (this.#controller.desiredSize > 0) return done();
    this.#pulled = done;
    return undefined;
  }
  _final(done) {
    if (this.#answer !== null) this.#respond(null);
    this.#controller?.close();
    done();
  }
  _destroy(error, done) {
    const reason = error ?? Object.assign(new Error("aborted"), { code: "ECONNRESET" });
    if (this.#answer !== null) {
      this.#answer.reject(reason);
      this.#answer = null;
    } else if (!this.writableFinished) this.#controller?.error(reason);
    done(error);
  }

  #stream() {
    if (this.#controller !== null || this.#answer === null) return;
    if (this.#empty) return this.#respond(null);
    const body = new ReadableStream({
      start: (controller) => { this.#controller = controller; },
      pull: () => {
        const done = this.#pulled;
        this.#pulled = null;
        done?.();
      },
      cancel: () => {
        this.#controller = { enqueue() {}, close() {}, error() {}, desiredSize: 1 };
        this.socket?.destroy();
        this.destroy();
      },
    });
    this.#respond(body);
  }
  #respond(body) {
    const headers = new Headers();
    for (const [name, value] of Object.entries(this.getHeaders())) {
      if (OF_A_CONNECTION.has(name)) continue;
      for (const one of [value].flat()) headers.append(name, `${one}`);
    }
    const answer = this.#answer;
    this.#answer = null;
    try {
      answer.resolve(new Response(this.#empty ? null : body, { status: this.statusCode, statusText: this.statusMessage, headers }));
    } catch (error) {
      answer.reject(error);
    }
  }
}

export class Server extends EventEmitter {
  #port = null;
  timeout = 0;
  keepAliveTimeout = 5000;
  headersTimeout = 60000;
  requestTimeout = 300000;
  maxHeadersCount = null;
  maxRequestsPerSocket = 0;
  constructor(options, listener) {
    super();
    if (typeof options === "function") listener = options;
    else if (options !== undefined && options !== null && typeof options !== "object") throw new ERR_INVALID_ARG_TYPE("options", "object", options);
    if (listener !== undefined) this.on("request", listener);
  }
  get listening() { return this.#port !== null; }
  listen(...args) {
    if (this.#port !== null) throw new ERR_SERVER_ALREADY_LISTEN();
    const done = args.find((one) => typeof one === "function");
    let port = typeof args[0] === "object" && args[0] !== null ? args[0].port : args[0];
    port = typeof port === "function" || port === undefined || port === null ? 0 : +port;
    if (!(port >= 0 && port < 65536)) throw new ERR_INVALID_ARG_VALUE("options.port", args[0]);
    if (port === 0) for (port = FIRST_FREE_PORT; listening.has(port);) port++;
    if (listening.has(port)) throw Object.assign(new Error(`listen EADDRINUSE: address already in use :::${port}`), { code: "EADDRINUSE", syscall: "listen", port });
    this.#port = port;
    listening.set(port, this);
    if (done !== undefined) this.once("listening", done);
    process.nextTick(() => this.emit("listening"));
    return this;
  }
  address() { return this.#port === null ? null : { address: "127.0.0.1", family: "IPv4", port: this.#port }; }
  close(done) {
    const wasListening = this.#port !== null;
    if (wasListening) listening.delete(this.#port);
    this.#port = null;
    process.nextTick(() => {
      done?.(wasListening ? undefined : Object.assign(new Error("Server is not running."), { code: "ERR_SERVER_NOT_RUNNING" }));
      if (wasListening) this.emit("close");
    });
    return this;
  }
  closeAllConnections() {}
  closeIdleConnections() {}
  getConnections(done) { process.nextTick(done, null, 0); }
  setTimeout(milliseconds, listener) {
    this.timeout = milliseconds;
    if (listener) this.on("timeout", listener);
    return this;
  }
  ref() { return this; }
  unref() { return this; }
  async [Symbol.asyncDispose]() { this.close(); }
}

export function createServer(options, listener) {
  if (!nodeHas("server")) throw notImplementedError("http.createServer");
  return new Server(options, listener);
}

/** @param {number | {port: number} | Server} which @returns {Server} */
function serverOf(which) {
  if (which instanceof Server) return which;
  const port = typeof which === "object" && which !== null ? which.port : which;
  if (typeof port !== "number") throw new ERR_INVALID_ARG_TYPE("port", "number", port);
  const server = listening.get(port);
  if (server === undefined) {
    throw new Error(`Http server with port ${port} not found. This is likely a bug with your code. You should check if server.listen() was called with the same port (${port})`);
  }
  return server;
}

/**
 * Give a request to a server of node:http.
 * @param {number | {port: number} | Server} which
 * @param {Request} request
 * @returns {Promise<Response>}
 */
export async function handleAsNodeRequest(which, request) {
  const server = serverOf(which);
  if (!(request instanceof Request)) throw new ERR_INVALID_ARG_TYPE("request", "Request", request);
  const incoming = new IncomingMessage(request);
  incoming.socket = incoming.connection = new Connection(request, server.address()?.port ?? 0);
  const response = new ServerResponse(incoming);
  return new Promise((resolve, reject) => {
    response._answerTo({ resolve, reject });
    request.signal.addEventListener("abort", () => {
      if (response.writableFinished) return;
      incoming.emit("aborted");
      incoming.socket.destroy();
      incoming.destroy();
      response.destroy();
    });
    server.emit("connection", incoming.socket);
    if (server.listenerCount("request") === 0) response.writeHead(501).end();
    else server.emit("request", incoming, response);
  });
}

/**
 * The default export of a worker that is a server of node:http.
 * @param {number | {port: number} | Server} which
 * @returns {{fetch: (request: Request) => Promise<Response>}}
 */
export function httpServerHandler(which) {
  if (which instanceof Server && !which.listening) which.listen();
  return { fetch: (request) => handleAsNodeRequest(which, request) };
}
