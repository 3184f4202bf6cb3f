/**
 * `ctx.acceptWebSocket` and what belongs to it: one object's WebSockets, which stay open while it is not in memory
 * (https://developers.cloudflare.com/durable-objects/best-practices/websockets/). The host has them; what is here
 * are the WebSocket objects of those that this instance has touched. Texts of errors are workerd's.
 */
import { hostCallSync } from "../channel.js";
import { decodeUtf8Raw, utf8Length } from "../encoding/utf8.js";
import { load } from "../lazy.js";
import {
  ArrayBuffer_, ArrayIsArray, ArrayPrototypeIncludes, ArrayPrototypePush, Date_, Error_, MapPrototypeDelete, MapPrototypeGet,
  MapPrototypeSet, Map_, MathTrunc, NumberIsNaN, RangeError_, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetLength,
  TypeError_,
} from "../primordials.js";

const MAX_TAGS = 10, MAX_TAG_BYTES = 256, MAX_ANSWER_BYTES = 2048, MAX_TIMEOUT = 604_800_000;
const OPEN = 1, CLOSING = 2;

const wrong = (method, position, type) =>
  new TypeError_(`Failed to execute '${method}' on 'DurableObjectState': parameter ${position} is not of type '${type}'.`);

const requireSocket = (socket, method) => {
  if (!load("websocket").isWebSocket(socket)) throw wrong(method, 1, "WebSocket");
};

function distinct(tags) {
  const found = [];
  if (tags === undefined) return found;
  if (!ArrayIsArray(tags)) throw wrong("acceptWebSocket", 2, "Array");
  for (let i = 0; i < tags.length; i++) {
    const tag = `${tags[i]}`;
    if (found.length >= MAX_TAGS) throw new Error_(`a Hibernatable WebSocket cannot have more than ${MAX_TAGS} tags`);
    if (utf8Length(tag) > MAX_TAG_BYTES) throw new Error_(`"${tag}" is longer than the max tag length (${MAX_TAG_BYTES} characters).`);
    if (!ArrayPrototypeIncludes(found, tag)) ArrayPrototypePush(found, tag);
  }
  return found;
}

/** As the binding layer of workerd makes a u32 of a value. */
function toUint32(value) {
  const number = +value;
  if (NumberIsNaN(number)) throw new TypeError_("The value cannot be converted because it is not an integer.");
  if (number < 0) throw new TypeError_("The value cannot be converted because it is negative and this API expects a positive number.");
  if (number > 4294967295) throw new TypeError_("Value out of range. Must be less than or equal to 4294967295.");
  return MathTrunc(number);
}

export class Sockets {
  #handle;
  /** @type {Map<number, any>} */
  #awake = new Map_();
  constructor(handle) {
    this.#handle = handle;
  }

  #ask(operation, ...args) {
    return hostCallSync("sockets", operation, [this.#handle, ...args]).value;
  }

  #find(number, ready) {
    let socket = MapPrototypeGet(this.#awake, number);
    if (socket === undefined) {
      socket = load("websocket").wakeSocket(number, ready);
      MapPrototypeSet(this.#awake, number, socket);
    }
    return socket;
  }

  accept(socket, tags) {
    requireSocket(socket, "acceptWebSocket");
    MapPrototypeSet(this.#awake, load("websocket").acceptHibernating(this.#handle, socket, () => distinct(tags)), socket);
  }

  list(tag) {
    const numbers = this.#ask("list", tag === undefined ? null : `${tag}`);
    const found = [];
    for (let i = 0; i < numbers.length; i++) {
      // Negative: the object has closed its end already.
      const closed = numbers[i] < 0;
      ArrayPrototypePush(found, this.#find(closed ? -numbers[i] : numbers[i], closed ? CLOSING : OPEN));
    }
    return found;
  }

  tags(socket) {
    requireSocket(socket, "getTags");
    return load("websocket").tagsOf(socket);
  }

  setAnswer(pair) {
    if (pair === undefined) {
      this.#ask("setAnswer", null, null);
      return;
    }
    if (!load("websocket").isPair(pair)) throw wrong("setWebSocketAutoResponse", 1, "WebSocketRequestResponsePair");
    const { request, response } = pair;
    const size = utf8Length(request), answer = utf8Length(response);
    if (size > MAX_ANSWER_BYTES) throw new RangeError_(`Request cannot be larger than ${MAX_ANSWER_BYTES} bytes. A request of size ${size} was provided.`);
    if (answer > MAX_ANSWER_BYTES) throw new RangeError_(`Response cannot be larger than ${MAX_ANSWER_BYTES} bytes. A response of size ${answer} was provided.`);
    this.#ask("setAnswer", request, response);
  }

  answer() {
    const found = this.#ask("answer");
    return found === null ? null : new (load("websocket").WebSocketRequestResponsePair)(found[0], found[1]);
  }

  answeredAt(socket) {
    requireSocket(socket, "getWebSocketAutoResponseTimestamp");
    const at = load("websocket").answeredAt(socket);
    return at === null ? null : new Date_(at);
  }

  setTimeout(ms) {
    const number = ms === undefined ? 0 : toUint32(ms);
    if (number > MAX_TIMEOUT) throw new Error_(`Event timeout should not exceed ${MAX_TIMEOUT} ms.`);
    this.#ask("setTimeout", number === 0 ? null : number);
  }

  timeout() { return this.#ask("timeout"); }

  /** What the handler of an event is called with. */
  event(name, payload, body) {
    const socket = this.#find(payload.socket, payload.ready);
    if (name === "webSocketMessage") return [socket, payload.binary ? bufferOf(body) : textOf(body)];
    MapPrototypeDelete(this.#awake, payload.socket);
    hostCallSync("sockets", "closed", [payload.socket]);
    load("websocket").hasEnded(socket, payload.ready);
    return name === "webSocketClose" ? [socket, payload.code, payload.reason, payload.clean] : [socket, new Error_(payload.message)];
  }
}

const textOf = (body) => (body === null ? "" : decodeUtf8Raw(body));
const bufferOf = (body) =>
  body === null || TypedArrayPrototypeGetLength(body) === 0 ? new ArrayBuffer_(0) : TypedArrayPrototypeGetBuffer(body);
