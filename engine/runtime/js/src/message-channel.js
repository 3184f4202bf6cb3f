/** MessageChannel (https://html.spec.whatwg.org/#message-channels), within one isolate. */
import { defineEventHandler, dispatch, EventTarget, MessageEvent, trust } from "./event-target.js";
import { ArrayIsArray, ArrayPrototypePush, ArrayPrototypeShift, TypeError_ } from "./primordials.js";
import { structuredClone } from "./structured-clone/clone.js";
import { setTimeout } from "./timers.js";
import { defineInterface, requireArguments } from "./webidl.js";

const TOKEN = {};
let stateOf;

export class MessagePort extends EventTarget {
  /** @type {{peer: MessagePort | null, queue: any[], started: boolean, scheduled: boolean}} */
  #state = { peer: null, queue: [], started: false, scheduled: false };
  constructor(token) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    super();
  }
  static { stateOf = (port) => port.#state; }
  postMessage(message, options = undefined) {
    requireArguments(arguments.length, 1, "MessagePort.postMessage");
    const transfer = ArrayIsArray(options) ? options : options?.transfer;
    const data = structuredClone(message, transfer === undefined ? undefined : { __proto__: null, transfer });
    const { peer } = this.#state;
    if (peer === null) return;
    ArrayPrototypePush(stateOf(peer).queue, data);
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

/** Messages arrive one a task. */
function schedule(port) {
  const state = stateOf(port);
  if (!state.started || state.scheduled || state.queue.length === 0) return;
  state.scheduled = true;
  setTimeout(() => {
    state.scheduled = false;
    if (state.queue.length === 0) return;
    const data = ArrayPrototypeShift(state.queue);
    schedule(port);
    dispatch(port, trust(new MessageEvent("message", { __proto__: null, data })));
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
