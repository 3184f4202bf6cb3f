/** MessageChannel (https://html.spec.whatwg.org/#message-channels), within one isolate. */
import { DOMException } from "./dom-exception.js";
import { defineEventHandler, dispatch, EventTarget, MessageEvent, trust } from "./event-target.js";
import { ArrayIsArray, ArrayPrototypeIncludes, ArrayPrototypePush, ArrayPrototypeShift, TypeError_ } from "./primordials.js";
import { cloneWithTransfer } from "./structured-clone/clone.js";
import { setTimeout } from "./timers.js";
import { defineInterface, isObject, requireArguments, toDictionary, toSequence } from "./webidl.js";

const TOKEN = {};
let stateOf, isPort;

export class MessagePort extends EventTarget {
  /** @type {{peer: MessagePort | null, queue: {data: any, ports: MessagePort[]}[], started: boolean, scheduled: boolean, detached: boolean}} */
  #state = { peer: null, queue: [], started: false, scheduled: false, detached: false };
  constructor(token) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    super();
  }
  static {
    stateOf = (port) => port.#state;
    isPort = (value) => isObject(value) && #state in value;
  }
  postMessage(message, options = undefined) {
    requireArguments(arguments.length, 1, "MessagePort.postMessage");
    const transfer = ArrayIsArray(options) ? options : toDictionary(options, "StructuredSerializeOptions").transfer;
    const list = transfer === undefined ? [] : toSequence(transfer);
    if (ArrayPrototypeIncludes(list, this)) throw new DOMException("A port cannot be sent through itself.", "DataCloneError");
    const { data, ports } = cloneWithTransfer(message, list);
    const { peer } = this.#state;
    if (peer === null) return;
    ArrayPrototypePush(stateOf(peer).queue, { data, ports });
    schedule(peer);
  }
  start() {
    this.#state.started = true;
    schedule(this);
  }
  close() {
    const { peer } = this.#state;
    this.#state.peer = null;
    this.#state.queue = [];
    if (peer !== null) stateOf(peer).peer = null;
  }
}
defineEventHandler(MessagePort.prototype, "message");
defineEventHandler(MessagePort.prototype, "messageerror");
defineInterface(MessagePort, "MessagePort");

// Setting onmessage starts the port.
const handler = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
Object.defineProperty(MessagePort.prototype, "onmessage", {
  ...handler,
  set(value) { handler.set.call(this, value); this.start(); },
});

/** @param {any} value @returns {boolean} */
export const isMessagePort = (value) => isPort(value);
/** @param {MessagePort} port @returns {boolean} whether it was transferred, and so is dead */
export const isDetachedPort = (port) => stateOf(port).detached;

/**
 * Transfer a port: another takes its place and the messages that wait for it.
 * @param {MessagePort} port dead from now on
 * @returns {MessagePort}
 */
export function movePort(port) {
  const moved = new MessagePort(TOKEN);
  const from = stateOf(port), to = stateOf(moved);
  to.peer = from.peer;
  to.queue = from.queue;
  if (from.peer !== null) stateOf(from.peer).peer = moved;
  from.peer = null;
  from.queue = [];
  from.detached = true;
  return moved;
}

/** Messages arrive one a task. */
function schedule(port) {
  const state = stateOf(port);
  if (!state.started || state.scheduled || state.queue.length === 0) return;
  state.scheduled = true;
  setTimeout(() => {
    state.scheduled = false;
    if (state.queue.length === 0) return;
    const { data, ports } = ArrayPrototypeShift(state.queue);
    schedule(port);
    dispatch(port, trust(new MessageEvent("message", { __proto__: null, data, ports })));
  }, 0);
}

export class MessageChannel {
  #ports;
  constructor() {
    const [first, second] = [new MessagePort(TOKEN), new MessagePort(TOKEN)];
    stateOf(first).peer = second;
    stateOf(second).peer = first;
    this.#ports = [first, second];
  }
  get port1() { return this.#ports[0]; }
  get port2() { return this.#ports[1]; }
}
defineInterface(MessageChannel, "MessageChannel");
