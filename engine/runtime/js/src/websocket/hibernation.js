/**
 * WebSockets that an object sleeps beside (engine/durable/sockets.py). The host has the connection; a WebSocket here
 * is a name for it, and there may be none. Its other end goes out with a response as a number, so that nothing of an
 * isolate stands between the client and the object; whoever accepts that end gets its messages as a body.
 *
 * @typedef {import("./websocket.js").State} State
 */
import { hostCallSync, startCall } from "../channel.js";
import { onEnd } from "../events.js";
import { load } from "../lazy.js";
import { linger, unlingerLater } from "../linger.js";
import { Error_, PromisePrototypeThen, TypedArrayPrototypeGetLength, TypeError_ } from "../primordials.js";
import { post, SOCKET } from "../ring.js";
import { defineInterface, isObject } from "../webidl.js";
import { ABNORMAL, CLOSE, closePayload, closing, readMessages, Writer } from "./messages.js";
import { deliver, isWebSocket, newSocket, socketState } from "./websocket.js";

/** What else the host is told of a socket: engine/durable/sockets.py. */
const ATTACH = 3, DROP = 4;
const OPEN = 1, CLOSED = 3;
const MAX_ATTACHMENT = 16384;

const length = TypedArrayPrototypeGetLength;

/**
 * `ctx.acceptWebSocket`.
 * @param {number} handle the object's @param {any} socket @param {() => string[]} tags checked when the socket was
 * @returns {number}
 */
export function acceptHibernating(handle, socket, tags) {
  const state = socketState(socket);
  if (state.accepted) throw new Error_("Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`");
  const peer = state.peer === null ? null : socketState(state.peer);
  if (peer === null || state.forward !== null || state.parked !== 0 || peer.accepted || peer.forward !== null) {
    throw new Error_("Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used in a Response.");
  }
  const attached = state.attachment !== null;
  const number = hostCallSync("sockets", "accept", [handle, tags(), attached], state.attachment).value;
  sleepBeside(state, number);
  peer.parked = number;
  return number;
}

/** @param {State} state @param {number} number */
function sleepBeside(state, number) {
  state.number = number;
  state.accepted = true;
  state.event = null;
  state.send = ({ kind, data }) => post(SOCKET, kind, number, "", kind === CLOSE ? closePayload(data) : data);
}

/** The WebSocket of a connection that an instance before this one has accepted. @param {number} number @param {number} ready */
export function wakeSocket(number, ready) {
  const socket = newSocket(), state = socketState(socket);
  sleepBeside(state, number);
  state.attachment = undefined;
  state.ready = ready;
  state.sentClose = ready !== OPEN;
  return socket;
}

/** Its last event has come. @param {any} socket @param {number} ready 2 while the object may still answer the close */
export function hasEnded(socket, ready) {
  const state = socketState(socket);
  state.ready = ready;
  state.sentClose = ready === CLOSED;
}

/** @param {any} socket @returns {string[]} */
export function tagsOf(socket) {
  const { number, accepted } = socketState(socket);
  if (number !== 0) return hostCallSync("sockets", "tags", [number]).value;
  throw new Error_(accepted ? "only hibernatable websockets can have tags." : "you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.");
}

/** When a socket was last answered automatically. @param {any} socket @returns {number | null} */
export function answeredAt(socket) {
  const { number } = socketState(socket);
  return number === 0 ? null : hostCallSync("sockets", "answeredAt", [number]).value;
}

/** `serializeAttachment`. @param {State} state @param {any} value */
export function keepAttachment(state, value) {
  const bytes = load("durable").serialize(value);
  if (length(bytes) > MAX_ATTACHMENT) {
    throw new Error_(`A WebSocket 'attachment' cannot be larger than ${MAX_ATTACHMENT} bytes.'attachment' was ${length(bytes)} bytes.`);
  }
  state.attachment = bytes;
  if (state.number !== 0) post(SOCKET, ATTACH, state.number, "", bytes);
}

/** `deserializeAttachment`. @param {State} state @returns {any} */
export function attachmentOf(state) {
  if (state.attachment === undefined) {
    const { value, bytes } = hostCallSync("sockets", "attachment", [state.number]);
    state.attachment = value ? bytes : null;
  }
  return state.attachment === null ? null : load("durable").deserialize(state.attachment);
}

// -- the other end

/** The other end of an object's socket, from another isolate. @param {number} number @returns {any} */
export function parkSocket(number) {
  const socket = newSocket(), state = socketState(socket);
  state.parked = number;
  if (state.event !== null && !state.event.object) {
    onEnd(state.event, () => {
      if (state.parked !== 0) post(SOCKET, DROP, number, "", null);
    });
  }
  return socket;
}

/** Let it go out with a response. @param {any} socket @returns {number | undefined} undefined when it is no such end */
export function handOverParked(socket) {
  if (!isWebSocket(socket)) return undefined;
  const state = socketState(socket), number = state.parked;
  if (number === 0) return undefined;
  state.parked = 0;
  state.forward = () => {};
  return number;
}

/** Take it here: its messages come as a body. @param {any} socket @param {State} state */
export function openParked(socket, state) {
  const writer = new Writer(), number = state.parked;
  state.parked = 0;
  state.send = (message) => writer.push(message);
  let source = null;
  const held = linger(state.event);
  if (state.event !== null && (held !== null || !state.event.object)) {
    onEnd(state.event, () => {
      state.ready = CLOSED;
      if (!state.sentClose) writer.push(closing(ABNORMAL));
      state.sentClose = true;
      if (source !== null) source.cancel();
    });
  }
  PromisePrototypeThen(startCall("sockets", "open", [number], writer, state.event).promise, ({ body }) => {
    source = body;
    readMessages(body, (message) => {
      deliver(socket, message);
      if (message.kind === CLOSE) unlingerLater(held);
    });
  }, () => {
    unlingerLater(held);
    writer.cancel();
    deliver(socket, closing(ABNORMAL));
  });
}

/** @type {(value: any) => boolean} */
export let isPair;

/** What is answered without waking the object. */
export class WebSocketRequestResponsePair {
  #request; #response;
  static {
    isPair = (value) => isObject(value) && #request in value;
  }
  constructor(request, response) {
    for (let i = 0; i < 2; i++) {
      if (arguments.length <= i) {
        throw new TypeError_(`Failed to construct 'WebSocketRequestResponsePair': constructor parameter ${i + 1} is not of type 'string'.`);
      }
    }
    this.#request = `${request}`;
    this.#response = `${response}`;
  }
  get request() { return this.#request; }
  get response() { return this.#response; }
}
defineInterface(WebSocketRequestResponsePair, "WebSocketRequestResponsePair");
