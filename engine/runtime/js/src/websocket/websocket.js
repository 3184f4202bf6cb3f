/**
 * WebSocket and WebSocketPair (https://developers.cloudflare.com/workers/runtime-apis/websockets/).
 *
 * A socket is one of two ends. The other one is a socket in this isolate, or beyond the host: then messages
 * cross as bodies do, with their backpressure (messages.js).
 *
 * @typedef {import("../streams.js").ByteSource} ByteSource
 * @typedef {import("./messages.js").Message} Message
 */
import { Blob } from "../blob.js";
import { startCall } from "../channel.js";
import { isOn } from "../compatibility.js";
import { DOMException } from "../dom-exception.js";
import { utf8Length } from "../encoding/utf8.js";
import {
  CloseEvent, defineEventHandler, dispatch, ErrorEvent, Event, EventTarget, MessageEvent, trust,
} from "../event-target.js";
import { currentEvent, enter, onEnd, requireEvent } from "../events.js";
import { load } from "../lazy.js";
import { linger, unlingerLater } from "../linger.js";
import {
  ArrayIsArray, ArrayPrototypeIncludes, ArrayPrototypeJoin, ArrayPrototypePush, ArrayPrototypeShift, ObjectDefineProperty, PromisePrototypeThen,
  PromiseResolve, RegExpPrototypeExec, StringPrototypeIncludes, StringPrototypeSlice, StringPrototypeToLowerCase, SymbolIterator,
  TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetLength, TypeError_,
} from "../primordials.js";
import { normalizeUrl, schemeOf } from "../url/parse.js";
import { copyBytesOf, defineInterface, isBufferSource, isObject, requireArguments, toUSVString } from "../webidl.js";
import { attachmentOf, keepAttachment, openParked } from "./hibernation.js";
import { ABNORMAL, BINARY, CLOSE, closing, readMessages, TEXT, Writer } from "./messages.js";

const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const NO_STATUS = 1005;
const MESSAGE_LIMIT = 32 << 20;
const TOKEN = {};
const PROTOCOL = /^[!#$%&'*+\-.^_`|~\w]+$/;

const length = TypedArrayPrototypeGetLength;

/**
 * @typedef {object} State
 * @property {number} ready
 * @property {boolean} accepted
 * @property {boolean} halfOpen whether a close of the other side waits for ours
 * @property {boolean} sentClose
 * @property {Message[]} queue what came before accept()
 * @property {(message: Message) => void} send to the other end
 * @property {((message: Message) => void) | null} forward takes what comes, once the socket was handed over
 * @property {import("../events.js").Event_ | null} event
 * @property {WebSocket | null} peer the other half of a pair
 * @property {number} number of a socket that an object sleeps beside, else 0 (hibernation.js)
 * @property {number} parked the number of the socket whose other end this is, until somebody takes it
 * @property {Uint8Array | null | undefined} attachment serialized; undefined while only the host knows
 */
let stateOf, isWebSocket_;

/** @returns {State} */
const newState = () => ({
  __proto__: null, ready: OPEN, accepted: false, halfOpen: false, sentClose: false, queue: [], send: () => {}, forward: null,
  url: null, protocol: "", binaryType: isOn("websocket_standard_binary_type") ? "blob" : "arraybuffer", attachment: null, event: currentEvent(), peer: null, number: 0, parked: 0,
});

export class WebSocket extends EventTarget {
  #state;
  constructor(url, protocols = undefined) {
    if (url === TOKEN) {
      super();
      this.#state = newState();
      return;
    }
    requireArguments(arguments.length, 1, "WebSocket constructor");
    requireEvent();
    const address = toUSVString(url), target = socketUrl(address);
    const offered = protocolsOf(protocols);
    super();
    this.#state = newState();
    this.#state.url = normalizeUrl(address);
    connect(this, this.#state, target, offered);
  }
  static {
    stateOf = (socket) => socket.#state;
    isWebSocket_ = (value) => isObject(value) && #state in value;
  }
  get readyState() { return this.#state.ready; }
  get url() { return this.#state.url; }
  get protocol() { return this.#state.protocol; }
  get extensions() { return (this.#state, ""); }
  get bufferedAmount() { return (this.#state, 0); }
  get binaryType() { return this.#state.binaryType; }
  set binaryType(value) {
    if (value === "arraybuffer" || value === "blob") this.#state.binaryType = value;
  }
  accept(options = undefined) {
    const state = this.#state;
    if (state.number !== 0) throw new TypeError_("Can't accept() WebSocket after enabling hibernation.");
    if (state.forward !== null) throw new TypeError_("Can't accept() WebSocket that was already used in a response.");
    state.halfOpen = !!options?.allowHalfOpen;
    if (state.parked !== 0) openParked(this, state);
    begin(this, state);
  }
  send(data) {
    requireArguments(arguments.length, 1, "WebSocket.send");
    const state = this.#state;
    const message = isBufferSource(data)
      ? { __proto__: null, kind: BINARY, data: copyBytesOf(data) }
      : { __proto__: null, kind: TEXT, data: toUSVString(data) };
    if (state.ready === CONNECTING) throw new DOMException("WebSocket.send() was called before the connection was open.", "InvalidStateError");
    requireAccepted(state, "sending messages");
    if (state.sentClose && state.ready !== CLOSED) throw new TypeError_("Can't call WebSocket send() after close().");
    if ((message.kind === TEXT ? message.data.length : length(message.data)) > MESSAGE_LIMIT) {
      throw new TypeError_("WebSocket.send(): a message is larger than 32 MiB.");
    }
    if (!state.sentClose) state.send(message);
  }
  close(code = undefined, reason = undefined) {
    const state = this.#state;
    const number = code === undefined ? NO_STATUS : +code & 0xffff;
    if (code !== undefined && (number < 1000 || number >= 5000 || number === 1004 || number === NO_STATUS || number === ABNORMAL || number === 1015)) {
      throw new DOMException(`Invalid WebSocket close code: ${number}.`, "InvalidAccessError");
    }
    if (code === undefined && reason !== undefined) {
      throw new DOMException("If you specify a WebSocket close reason, you must also specify a code.", "InvalidAccessError");
    }
    const text = reason === undefined ? "" : toUSVString(reason);
    if (utf8Length(text) > 123) {
      throw new DOMException("WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.", "SyntaxError");
    }
    if (state.ready === CONNECTING) {
      fail(this, state, "WebSocket was closed before the connection was established.");
      return;
    }
    requireAccepted(state, "closing it");
    sendClose(state, number, text);
  }
  serializeAttachment(value) {
    if (arguments.length === 0) {
      throw new TypeError_("Failed to execute 'serializeAttachment' on 'WebSocket': parameter 1 is not of type 'Value'.");
    }
    keepAttachment(this.#state, value);
  }
  deserializeAttachment() {
    return attachmentOf(this.#state);
  }
}
defineEventHandler(WebSocket.prototype, "open");
defineEventHandler(WebSocket.prototype, "message");
defineEventHandler(WebSocket.prototype, "close");
defineEventHandler(WebSocket.prototype, "error");
defineInterface(WebSocket, "WebSocket", { __proto__: null, CONNECTING, OPEN, CLOSING, CLOSED });
for (const name of ["READY_STATE_CONNECTING", "READY_STATE_OPEN", "READY_STATE_CLOSING", "READY_STATE_CLOSED"]) {
  // Workers has had these names longer than the standard's.
  ObjectDefineProperty(WebSocket, name, { __proto__: null, value: WebSocket[StringPrototypeSlice(name, 12)], enumerable: true });
}

function requireAccepted(state, what) {
  if (state.accepted) return;
  throw new TypeError_(
    state.forward === null ? `You must call accept() on this WebSocket before ${what}.` : "Can't use a WebSocket that was already used in a response.",
  );
}

/** From now on what comes is dispatched, what has come already first. */
function begin(socket, state) {
  if (state.accepted) return;
  state.accepted = true;
  while (state.queue.length > 0) receive(socket, state, ArrayPrototypeShift(state.queue));
}

function sendClose(state, code, reason) {
  if (state.sentClose) return;
  state.sentClose = true;
  state.ready = state.ready === OPEN ? CLOSING : CLOSED;
  state.send(closing(code, reason));
}

/** A message has come for a socket. @param {WebSocket} socket @param {Message} message */
export function deliver(socket, message) {
  const state = stateOf(socket);
  if (state.forward !== null) state.forward(message);
  else if (state.accepted) receive(socket, state, message);
  else ArrayPrototypePush(state.queue, message);
}

function receive(socket, state, { kind, data }) {
  if (state.ready === CLOSED) return;
  if (state.event !== null) enter(state.event);
  if (kind === TEXT) dispatch(socket, trust(new MessageEvent("message", { __proto__: null, data })));
  else if (kind === BINARY) {
    const value = state.binaryType === "blob" ? new Blob([data]) : TypedArrayPrototypeGetBuffer(data);
    dispatch(socket, trust(new MessageEvent("message", { __proto__: null, data: value })));
  } else closed(socket, state, data.code, data.reason);
}

function closed(socket, state, code, reason) {
  const lost = code === ABNORMAL;
  state.ready = lost || state.sentClose ? CLOSED : CLOSING;
  if (lost) {
    state.sentClose = true;
    state.send(closing(ABNORMAL));
  }
  dispatch(socket, trust(new CloseEvent("close", { __proto__: null, code, reason, wasClean: !lost })));
  if (!state.halfOpen) sendClose(state, code, reason);
}

/** The two ends of a connection within this isolate, until one of them goes out with a response. */
export class WebSocketPair {
  constructor() {
    const first = new WebSocket(TOKEN), second = new WebSocket(TOKEN);
    link(first, second);
    link(second, first);
    stateOf(first).peer = second;
    stateOf(second).peer = first;
    this[0] = first;
    this[1] = second;
  }
  *[SymbolIterator]() {
    yield this[0];
    yield this[1];
  }
}
defineInterface(WebSocketPair, "WebSocketPair");

function link(from, to) {
  stateOf(from).send = (message) => {
    if (stateOf(to).forward !== null) deliver(to, message);
    else PromisePrototypeThen(PromiseResolve(), () => deliver(to, message));
  };
}

// -- across the host

/** @param {any} value @returns {boolean} */
export const isWebSocket = (value) => isWebSocket_(value);

/** A socket that comes from beyond the host. @returns {WebSocket} */
export const newSocket = () => new WebSocket(TOKEN);

/** @param {WebSocket} socket @returns {State} */
export const socketState = (socket) => stateOf(socket);

/**
 * Give one end to whoever is beyond the host.
 * @param {WebSocket} socket a response's
 * @param {ByteSource} source the other side's messages
 * @returns {Writer} the body of messages for the other side
 */
export function handOver(socket, source) {
  if (!isWebSocket_(socket)) throw new TypeError_("The response's webSocket is not a WebSocket.");
  const state = stateOf(socket);
  if (state.accepted) throw new TypeError_("Can't return WebSocket in a Response after calling accept().");
  if (state.forward !== null) throw new TypeError_("Can't return WebSocket that was already used in a response.");
  const writer = new Writer();
  state.forward = (message) => writer.push(message);
  while (state.queue.length > 0) writer.push(ArrayPrototypeShift(state.queue));
  readMessages(source, (message) => state.send(message));
  return writer;
}

/**
 * The near end of a connection that the host has made; it is for the user to accept it.
 * @param {Writer} writer messages for the other side
 * @param {ByteSource} source the other side's
 * @returns {WebSocket}
 */
export function receiveSocket(writer, source) {
  const socket = new WebSocket(TOKEN);
  attach(socket, stateOf(socket), writer, source);
  return socket;
}

function attach(socket, state, writer, source) {
  state.send = (message) => writer.push(message);
  // It keeps an object's event open, which keeps the object in memory for some time.
  const held = linger(state.event);
  readMessages(source, (message) => {
    deliver(socket, message);
    if (message.kind === CLOSE) unlingerLater(held);
  });
  if (state.event !== null && (held !== null || !state.event.object)) onEnd(state.event, () => abandon(state, source));
}

/** The event that opened a socket has ended: nothing can listen to it any more. */
function abandon(state, source) {
  if (!state.sentClose) {
    state.sentClose = true;
    state.send(closing(ABNORMAL));
  }
  state.ready = CLOSED;
  source.cancel();
}

function socketUrl(text) {
  let url;
  try {
    url = normalizeUrl(text);
  } catch {
    throw new DOMException("WebSocket Constructor: The url is invalid.", "SyntaxError");
  }
  const scheme = schemeOf(url);
  if (scheme !== "ws" && scheme !== "wss" && scheme !== "http" && scheme !== "https") {
    throw new DOMException("WebSocket Constructor: The url scheme must be ws, wss, http or https.", "SyntaxError");
  }
  if (StringPrototypeIncludes(url, "#")) throw new DOMException("WebSocket Constructor: The url fragment must be empty.", "SyntaxError");
  return scheme === "ws" || scheme === "wss" ? `http${StringPrototypeSlice(url, 2)}` : url;
}

function protocolsOf(protocols) {
  if (protocols === undefined || protocols === null) return "";
  const list = ArrayIsArray(protocols) ? protocols : [protocols];
  const names = [], seen = [];
  for (let i = 0; i < list.length; i++) {
    const name = `${list[i]}`;
    if (RegExpPrototypeExec(PROTOCOL, name) === null) throw new DOMException("WebSocket Constructor: The protocol header token is invalid.", "SyntaxError");
    const same = StringPrototypeToLowerCase(name);
    if (ArrayPrototypeIncludes(seen, same)) {
      throw new DOMException("WebSocket Constructor: The protocols header cannot have repeating values.", "SyntaxError");
    }
    ArrayPrototypePush(seen, same);
    ArrayPrototypePush(names, name);
  }
  return ArrayPrototypeJoin(names, ", ");
}

function connect(socket, state, url, protocols) {
  state.ready = CONNECTING;
  const writer = new Writer();
  const headers = [["upgrade", "websocket"]];
  if (protocols !== "") ArrayPrototypePush(headers, ["sec-websocket-protocol", protocols]);
  const head = { __proto__: null, method: "GET", url, headers, redirect: "manual", cf: null };
  const { promise } = startCall("fetch", "fetch", [head], writer, state.event);
  PromisePrototypeThen(promise, ({ value, body }) => {
    if (state.ready !== CONNECTING || value.status !== 101 || body === null || body.read === undefined) {
      writer.cancel();
      if (body !== null && body.cancel !== undefined) body.cancel();
      if (state.ready === CONNECTING) fail(socket, state, `Failed to establish the WebSocket connection: expected server to reply with status code 101 (switching protocols). Got ${value.status} instead.`);
      return;
    }
    for (let i = 0; i < value.headers.length; i++) {
      if (StringPrototypeToLowerCase(value.headers[i][0]) === "sec-websocket-protocol") state.protocol = value.headers[i][1];
    }
    state.ready = OPEN;
    state.accepted = true;
    attach(socket, state, writer, body);
    dispatch(socket, trust(new Event("open")));
  }, (error) => {
    writer.cancel();
    if (state.ready === CONNECTING) fail(socket, state, error.message);
  });
}

function fail(socket, state, message) {
  state.ready = CLOSED;
  state.sentClose = true;
  PromisePrototypeThen(PromiseResolve(), () => {
    dispatch(socket, trust(new ErrorEvent("error", { __proto__: null, message })));
    dispatch(socket, trust(new CloseEvent("close", { __proto__: null, code: ABNORMAL, reason: message, wasClean: false })));
  });
}
