/**
 * TCP sockets (https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/).
 *
 * @typedef {import("./connection.js").Connection} Connection_
 */
import { requireEvent } from "../events.js";
import { load } from "../lazy.js";
import { PromisePrototypeThen, PromiseResolve, PromiseWithResolvers, TypedArrayPrototypeGetLength, TypeError_ } from "../primordials.js";
import { streamFromSource } from "../streams.js";
import { copyBytesOf, defineInterface, isBufferSource, requireArguments, toDictionary, toUSVString } from "../webidl.js";
import { parseAddress, parseOptions } from "./address.js";
import { Connection } from "./connection.js";

const TOKEN = {};
const CLOSED = "This socket has been closed.";
const quiet = (promise) => { PromisePrototypeThen(promise, undefined, () => {}); };

export class Socket {
  /** @type {Connection_} */
  #connection;
  #secure; #halfOpen; #hostname; #ready;
  #readable; #writable; #opened; #closed = PromiseWithResolvers();
  /** Resolves when this object has nothing to do with the connection any more. */
  #left = PromiseWithResolvers();
  #over = false; #upgraded = false;

  /** @param {object} token @param {Connection_} connection @param {object} options @param {Promise<any>} ready the connection, or TLS, is there */
  constructor(token, connection, options, ready) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#connection = connection;
    this.#secure = options.secureTransport;
    this.#halfOpen = options.allowHalfOpen;
    this.#hostname = options.hostname;
    this.#ready = ready;
    this.#opened = PromisePrototypeThen(ready, () => connection.opened);
    quiet(this.#opened);
    quiet(this.#closed.promise);
    this.#readable = streamFromSource({ read: () => this.#read(), cancel: () => this.#discard() });
    this.#writable = this.#makeWritable();
    PromisePrototypeThen(this.#opened, () => this.#watch(), (error) => this.#fail(error));
  }

  get readable() { return this.#readable; }
  get writable() { return this.#writable; }
  get opened() { return this.#opened; }
  get closed() { return this.#closed.promise; }
  get upgraded() { return this.#upgraded; }
  get secureTransport() { return this.#secure; }

  close() {
    if (!this.#over) {
      this.#leave();
      PromisePrototypeThen(this.#connection.close(), () => this.#closed.resolve(), (error) => this.#closed.reject(error));
    }
    return this.#closed.promise;
  }

  startTls(options = undefined) {
    const { expectedServerHostname } = toDictionary(options, "TlsOptions");
    if (this.#secure === "on") throw new TypeError_("Cannot startTls on a TLS socket.");
    if (this.#secure !== "starttls") {
      throw new TypeError_("The `secureTransport` socket option must be set to 'starttls' for startTls to be used.");
    }
    if (this.#over) throw new TypeError_(this.#upgraded ? "Cannot startTls on a socket that has been upgraded." : CLOSED);
    this.#upgraded = true;
    this.#leave();
    this.#closed.resolve();
    const hostname = expectedServerHostname === undefined ? this.#hostname : toUSVString(expectedServerHostname);
    const ready = this.#connection.startTls(hostname);
    return new Socket(TOKEN, this.#connection, { secureTransport: "on", allowHalfOpen: this.#halfOpen, hostname }, ready);
  }

  #leave() {
    this.#over = true;
    this.#left.resolve(null);
  }

  /** @returns {Promise<Uint8Array | null>} */
  async #read() {
    await this.#opened;
    if (this.#over) return null;
    const connection = this.#connection;
    const { promise, resolve, reject } = PromiseWithResolvers();
    PromisePrototypeThen(connection.next(), resolve, reject);
    PromisePrototypeThen(this.#left.promise, () => resolve(undefined));
    const chunk = await promise;
    if (chunk === undefined || (this.#over && this.#upgraded)) return null;
    if (chunk !== null) {
      connection.taken();
      if (!this.#over) this.#watch();
    }
    return chunk;
  }

  /** Have the next read under way before somebody asks for it, since it may be the end. */
  #watch() {
    if (this.#over) return;
    PromisePrototypeThen(this.#connection.next(), (chunk) => {
      if (chunk === null && !this.#over && !this.#halfOpen) this.close();
    }, (error) => this.#fail(error));
  }

  /** Nobody reads: what comes is dropped until the end. */
  async #discard() {
    PromisePrototypeThen(this.#drain(), undefined, (error) => this.#fail(error));
  }
  async #drain() {
    while (!this.#over && (await this.#read()) !== null);
  }

  #fail(error) {
    if (this.#over) return;
    this.#leave();
    this.#connection.outgoing.fail(error);
    this.#closed.reject(error);
  }

  #makeWritable() {
    const { WritableStream } = load("streams");
    return new WritableStream({
      __proto__: null,
      write: async (chunk) => {
        if (!isBufferSource(chunk)) {
          throw new TypeError_("This TransformStream is being used as a byte stream, but received an object of non-ArrayBuffer/ArrayBufferView type on its writable side.");
        }
        const bytes = copyBytesOf(chunk);
        await this.#opened;
        if (this.#over) throw new TypeError_(CLOSED);
        if (TypedArrayPrototypeGetLength(bytes) > 0) await this.#connection.outgoing.write(bytes);
      },
      close: async () => {
        await this.#opened;
        if (!this.#over) this.#connection.outgoing.end();
      },
      abort: (reason) => {
        if (this.#over) return;
        this.#leave();
        this.#connection.abort(reason);
        this.#closed.resolve();
      },
    });
  }
}
defineInterface(Socket, "Socket");

/**
 * @param {string | {hostname: string, port: number}} address
 * @param {{secureTransport?: "off" | "on" | "starttls", allowHalfOpen?: boolean}} [options]
 * @returns {Socket} at once; its `opened` tells whether there is a connection
 */
export function connect(address, options = undefined) {
  requireArguments(arguments.length, 1, "connect");
  const { hostname, port } = parseAddress(address);
  const { secureTransport, allowHalfOpen } = parseOptions(options);
  requireEvent();
  const connection = new Connection({ __proto__: null, hostname, port, secure: secureTransport === "on", allowHalfOpen });
  return new Socket(TOKEN, connection, { __proto__: null, secureTransport, allowHalfOpen, hostname }, PromiseResolve());
}
