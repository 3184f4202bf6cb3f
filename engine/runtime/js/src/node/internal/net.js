/** The client of node:net and node:tls: a Duplex over connect() of cloudflare:sockets. */
import errors from "nodelib:internal/errors";
import { Buffer } from "../buffer.js";
import { load } from "../../lazy.js";
import { Duplex } from "../stream.js";

const { ERR_INVALID_ARG_TYPE, ERR_MISSING_ARGS, ERR_SOCKET_CLOSED } = errors.codes;

/** `(options, listener)`, `(port, host, listener)` as Node takes them. @param {any[]} args @returns {[object, Function | null]} */
export function normalizeArgs(args) {
  const list = [...args];
  const listener = typeof list.at(-1) === "function" ? list.pop() : null;
  if (typeof list[0] === "object" && list[0] !== null) return [list[0], listener];
  if (typeof list[0] === "string" && Number.isNaN(Number(list[0]))) return [{ path: list[0] }, listener];
  return [{ port: list[0], ...(typeof list[1] === "string" ? { host: list[1] } : {}) }, listener];
}

const portOf = (address) => Number(address.slice(address.lastIndexOf(":") + 1));
const hostOf = (address) => address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");

export class Socket extends Duplex {
  #socket = null; #reader = null; #writer = null; #timer = null; #timeout = 0; #info = null;
  connecting = false;
  bytesRead = 0;
  bytesWritten = 0;
  #readAsked = false;

  constructor(options = {}) {
    super({
      allowHalfOpen: options.allowHalfOpen ?? false, emitClose: true, autoDestroy: true, decodeStrings: true,
      readableHighWaterMark: options.readableHighWaterMark, writableHighWaterMark: options.writableHighWaterMark,
    });
  }

  get pending() { return this.#info === null; }
  get readyState() {
    if (this.connecting) return "opening";
    if (this.#info === null || this.destroyed) return "closed";
    return this.readable ? (this.writable ? "open" : "readOnly") : "writeOnly";
  }
  get remoteAddress() { return this.#info === null ? undefined : hostOf(this.#info.remoteAddress); }
  get remotePort() { return this.#info === null ? undefined : portOf(this.#info.remoteAddress); }
  get remoteFamily() { return this.#info === null ? undefined : hostOf(this.#info.remoteAddress).includes(":") ? "IPv6" : "IPv4"; }
  get localAddress() { return this.#info === null ? undefined : hostOf(this.#info.localAddress); }
  get localPort() { return this.#info === null ? undefined : portOf(this.#info.localAddress); }
  get timeout() { return this.#timeout; }
  address() { return this.#info === null ? {} : { address: this.localAddress, port: this.localPort, family: this.remoteFamily }; }

  connect(...args) {
    const [options, listener] = normalizeArgs(args);
    const { host = "localhost", port, path } = options;
    if (path !== undefined) throw new Error("Sockets of a path (IPC) are not supported.");
    if (port === undefined) throw new ERR_MISSING_ARGS(["options", "port", "path"]);
    if (listener !== null) this.once("connect", listener);
    this.open(load("sockets").connect({ hostname: host, port }, { secureTransport: options.secureTransport ?? "starttls", allowHalfOpen: true }));
    return this;
  }

  /** Go on with a socket of cloudflare:sockets. @param {any} socket */
  open(socket) {
    this.connecting = true;
    this.#socket = socket;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    this.#writer.closed.catch(() => {});
    socket.opened.then((info) => {
      if (this.destroyed) return;
      this.#info = info;
      this.connecting = false;
      this.emit("connect");
      this.emit("ready");
      if (this.#readAsked) this.#pull();
    }, (error) => this.destroy(Object.assign(error, { code: "ECONNREFUSED", syscall: "connect" })));
  }

  /** The connection itself, for TLS to go on with; this object is of no use after. */
  release() {
    this.#reader.releaseLock();
    this.#writer.releaseLock();
    const socket = this.#socket;
    this.#socket = null;
    return socket;
  }

  _read() {
    if (this.#info === null) this.#readAsked = true;
    else this.#pull();
  }
  #pull() {
    const reader = this.#reader;
    reader.read().then(({ value, done }) => {
      if (this.#socket === null) return;
      this.#touch();
      if (done) {
        this.push(null);
        return;
      }
      this.bytesRead += value.length;
      this.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }, (error) => { if (this.#socket !== null) this.destroy(error); });
  }
  _write(chunk, encoding, done) {
    if (this.#socket === null) {
      if (this.connecting || this.destroyed) done(new ERR_SOCKET_CLOSED());
      else this.once("connect", () => this._write(chunk, encoding, done));
      return;
    }
    this.#touch();
    this.bytesWritten += chunk.length;
    this.#writer.write(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)).then(() => done(), done);
  }
  _final(done) {
    if (this.#socket === null) done();
    else this.#writer.close().then(() => done(), done);
  }
  _destroy(error, done) {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.connecting = false;
    if (socket !== null) socket.close().catch(() => {});
    done(error);
  }

  #touch() {
    if (this.#timeout === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.emit("timeout"), this.#timeout);
  }
  setTimeout(milliseconds, callback) {
    if (typeof milliseconds !== "number") throw new ERR_INVALID_ARG_TYPE("msecs", "number", milliseconds);
    clearTimeout(this.#timer);
    this.#timeout = milliseconds;
    if (callback !== undefined) {
      if (milliseconds === 0) this.removeListener("timeout", callback);
      else this.once("timeout", callback);
    }
    this.#touch();
    return this;
  }
  setNoDelay() { return this; }
  setKeepAlive() { return this; }
  ref() { return this; }
  unref() { return this; }
  destroySoon() {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }
}

/** @param {any[]} args @returns {Socket} */
export function connect(...args) {
  const [options, listener] = normalizeArgs(args);
  const socket = new Socket(options);
  if (options.timeout) socket.setTimeout(options.timeout);
  return listener === null ? socket.connect(options) : socket.connect(options, listener);
}

/** What tls.connect gives: over a socket of its own, or over one that is open. */
export class TLSSocket extends Socket {
  encrypted = true;
  authorized = false;
  authorizationError = null;
  alpnProtocol = false;

  /** @param {any} [options] host, port, servername; or socket */
  secure(options, listener) {
    if (listener !== null) this.once("secureConnect", listener);
    this.once("connect", () => {
      this.authorized = true;
      this.emit("secureConnect");
    });
    const { socket, host = "localhost", servername } = options;
    if (socket === undefined) this.connect({ ...options, secureTransport: "on" });
    else if (socket.pending) socket.once("connect", () => this.#upgrade(socket, servername ?? host));
    else this.#upgrade(socket, servername ?? host);
    return this;
  }
  #upgrade(socket, expectedServerHostname) {
    this.open(socket.release().startTls({ expectedServerHostname }));
  }
  getProtocol() { return this.encrypted ? "TLSv1.3" : null; }
}

/** @param {any[]} args @returns {TLSSocket} */
export function connectTls(...args) {
  const list = [...args];
  const listener = typeof list.at(-1) === "function" ? list.pop() : null;
  const more = typeof list.at(-1) === "object" ? list.pop() : {};
  const [place] = list.length > 0 ? normalizeArgs(list) : [{}];
  return new TLSSocket().secure({ ...place, ...more }, listener);
}
