/**
 * The objects that live in this isolate: one instance an id, events one after the other
 * (https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/).
 *
 * The host sends an object's isolate one frame at a time, each after everything that the one before set going
 * without waiting has run: an event never comes between a storage operation and the code that waits for it.
 *
 * @typedef {{handle: number, class: string, id: string, name: string | null, jurisdiction: string | null}} Reference
 */
import { hostCall } from "../channel.js";
import { waitUntil } from "../context.js";
import { createId } from "../bindings/durable.js";
import { moduleEnv } from "../env.js";
import { currentEvent, onEnd } from "../events.js";
import { abandon, finish } from "../linger.js";
import {
  ArrayPrototypePush, ArrayPrototypeShift, Error_, MapPrototypeDelete, MapPrototypeForEach, MapPrototypeGet, MapPrototypeSet, Map_,
  PromisePrototypeThen, PromiseResolve, PromiseWithResolvers, ReflectApply, ReflectConstruct, SetPrototypeAdd, SetPrototypeDelete,
  SetPrototypeForEach, Set_, TypeError_,
} from "../primordials.js";
import { defineInterface } from "../webidl.js";
import { post, SOCKET } from "../ring.js";
import { Sockets } from "./sockets.js";
import { Database, makeStorage } from "./storage.js";

const KEY = {};
/** What tells the host that an instance was given up: engine/durable/sockets.py. */
const RESET = 5;
/** @type {Map<number, Living>} */
const objects = new Map_();

class Living {
  instance = null;
  broken = null;
  aborted = PromiseWithResolvers();
  /** @type {Set<import("../events.js").Event_>} those that are open */
  events = new Set_();
  #blocks = 0;
  #waiting = [];
  #draining = false;

  constructor(handle) {
    this.handle = handle;
    this.database = new Database(handle);
    this.sockets = new Sockets(handle);
    PromisePrototypeThen(this.aborted.promise, undefined, () => {});
  }

  /** Run `work` when nothing blocks the object. */
  enter(work) {
    if (this.#blocks === 0 && !this.#draining) return work();
    const { promise, resolve } = PromiseWithResolvers();
    ArrayPrototypePush(this.#waiting, () => resolve(PromisePrototypeThen(PromiseResolve(), work)));
    return promise;
  }

  /** Let nothing in while `work` runs. */
  async block(work) {
    this.#blocks++;
    try {
      return await work();
    } finally {
      this.#blocks--;
      if (this.#blocks === 0) this.#drain();
    }
  }

  /** What waited comes in one by one, each in a turn of its own. */
  async #drain() {
    if (this.#draining) return;
    this.#draining = true;
    while (this.#waiting.length > 0 && this.#blocks === 0) {
      await hostCall("durable", "turn", []);
      if (this.#blocks === 0) ArrayPrototypeShift(this.#waiting)();
    }
    this.#draining = false;
  }

  reset(error) {
    if (this.broken !== null) return;
    this.broken = error;
    this.database.broken = error;
    MapPrototypeDelete(objects, this.handle);
    post(SOCKET, RESET, this.handle, "", null);
    this.aborted.reject(error);
    SetPrototypeForEach(this.events, abandon);
  }

  /** Note what is under way for it. @param {import("../events.js").Event_} event */
  take(event) {
    SetPrototypeAdd(this.events, event);
    onEnd(event, () => SetPrototypeDelete(this.events, event));
  }
}

export class DurableObjectState {
  #living; #id; #storage;
  constructor(key, living, id) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#living = living;
    this.#id = id;
    this.#storage = makeStorage(living.database, (work) => living.block(work));
  }
  get id() { return this.#id; }
  get storage() { return this.#storage; }
  get props() { return {}; }

  waitUntil(promise) {
    const event = currentEvent();
    if (event !== null) waitUntil(event, promise);
  }

  /** Delivers nothing to the object until the callback's promise settles; a rejection resets the object. */
  blockConcurrencyWhile(callback) {
    const living = this.#living;
    return living.block(async () => {
      try {
        return await ReflectApply(callback, undefined, []);
      } catch (error) {
        living.reset(error);
        throw error;
      }
    });
  }

  acceptWebSocket(socket, tags = undefined) { this.#living.sockets.accept(socket, tags); }
  getWebSockets(tag = undefined) { return this.#living.sockets.list(tag); }
  getTags(socket) { return this.#living.sockets.tags(socket); }
  setWebSocketAutoResponse(pair = undefined) { this.#living.sockets.setAnswer(pair); }
  getWebSocketAutoResponse() { return this.#living.sockets.answer(); }
  getWebSocketAutoResponseTimestamp(socket) { return this.#living.sockets.answeredAt(socket); }
  setHibernatableWebSocketEventTimeout(ms = undefined) { this.#living.sockets.setTimeout(ms); }
  getHibernatableWebSocketEventTimeout() { return this.#living.sockets.timeout(); }

  abort(reason) {
    const error = new Error_(reason === undefined ? "Application called abort() to reset Durable Object." : `${reason}`);
    this.#living.reset(error);
    throw error;
  }
}
defineInterface(DurableObjectState, "DurableObjectState");

/** @param {Reference} reference @param {any} Class */
function start(reference, Class) {
  const living = new Living(reference.handle);
  MapPrototypeSet(objects, reference.handle, living);
  const state = new DurableObjectState(KEY, living, createId(reference.id, reference.name, reference.jurisdiction));
  try {
    living.database.call("start", []);
    living.instance = ReflectConstruct(Class, [state, moduleEnv()]);
  } catch (error) {
    living.reset(error);
    throw error;
  }
  return living;
}

/**
 * Give an event to an object; the object is made when it does not live yet.
 * @param {import("../events.js").Event_} event
 * @param {Reference} reference
 * @param {Record<string, any>} exports the main module's
 * @param {(instance: any, living: Living) => any} use what to do with it
 * @returns {Promise<any>}
 */
export function deliver(event, reference, exports, use) {
  const living = MapPrototypeGet(objects, reference.handle) ?? start(reference, classOf(reference, exports));
  living.take(event);
  const result = living.enter(() => {
    if (living.broken !== null) throw living.broken;
    return use(living.instance, living);
  });
  const { promise, resolve, reject } = PromiseWithResolvers();
  PromisePrototypeThen(PromiseResolve(result), resolve, reject);
  PromisePrototypeThen(living.aborted.promise, undefined, reject);
  return promise;
}

function classOf(reference, exports) {
  const Class = exports?.[reference.class];
  if (typeof Class !== "function") throw new TypeError_(`The script does not export the class ${reference.class}.`);
  return Class;
}

/** Call a handler of an object. @param {any} instance @param {string} name @param {any[]} args */
export function callHandler(instance, name, args) {
  if (typeof instance[name] !== "function") {
    throw new TypeError_(name === "alarm"
      ? "Attempted to run a scheduled alarm without a handler, did you remember to export an alarm() function?"
      : "Handler does not export a fetch() function.");
  }
  return ReflectApply(instance[name], instance, args);
}

/**
 * Tell an object of one of its WebSockets. One that has no handler for it is not told (as in workerd).
 * @param {Living} living @param {any} instance @param {string} name the handler's
 * @param {{socket: number, ready: number, binary?: boolean, code?: number, reason?: string, clean?: boolean, message?: string}} payload
 * @param {Uint8Array | null} body a message
 */
export function socketEvent(living, instance, name, payload, body) {
  const args = living.sockets.event(name, payload, body);
  if (typeof instance[name] === "function") return ReflectApply(instance[name], instance, args);
}

/** The object has been idle: forget it, and what it has begun. @param {Reference} reference */
export function evict(reference) {
  const living = MapPrototypeGet(objects, reference.handle);
  if (living === undefined) return;
  MapPrototypeDelete(objects, reference.handle);
  SetPrototypeForEach(living.events, finish);
}

/** New code comes: what waits for an answer gets it, and nothing else is waited for. */
export function retire() {
  MapPrototypeForEach(objects, (living) => SetPrototypeForEach(living.events, abandon));
}
