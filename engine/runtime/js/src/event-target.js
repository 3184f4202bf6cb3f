/** Event, EventTarget, CustomEvent and the small event classes (https://dom.spec.whatwg.org/#events). */
import { DOMException } from "./dom-exception.js";
import {
  ArrayPrototypePush, ArrayPrototypeSlice, ArrayPrototypeSplice, Boolean_, FunctionPrototypeCall, Number_, ObjectDefineProperty, ObjectFreeze,
  ObjectGetOwnPropertyDescriptor, TypeError_,
} from "./primordials.js";
import {
  defineInterface, isObject, requireArguments, toDictionary, toSequence, toUnsignedShort, toUSVString,
} from "./webidl.js";

let stateOf, listenersOf, now = () => 0;

/** Gives `event.timeStamp` its clock (performance.js sets it). @param {() => number} clock in milliseconds */
export function setEventClock(clock) { now = clock; }

/** [LegacyUnforgeable]: each event has it as its own, with one getter for all. */
const IS_TRUSTED = {
  __proto__: null, enumerable: true, configurable: false, set: undefined,
  get: ObjectGetOwnPropertyDescriptor({ get isTrusted() { return stateOf(this).trusted; } }, "isTrusted").get,
};

export class Event {
  #state;
  constructor(type, init = undefined) {
    requireArguments(arguments.length, 1, "Event constructor");
    const options = toDictionary(init, "EventInit");
    this.#state = {
      type: `${type}`, bubbles: !!options.bubbles, cancelable: !!options.cancelable, composed: !!options.composed,
      target: null, currentTarget: null, phase: 0, stopped: false, stoppedNow: false, canceled: false, passive: false,
      dispatching: false, trusted: false, time: now(),
    };
    ObjectDefineProperty(this, "isTrusted", IS_TRUSTED);
  }
  static { stateOf = (event) => event.#state; }
  static isEvent(value) { return isObject(value) && #state in value; }

  get type() { return this.#state.type; }
  get target() { return this.#state.target; }
  get srcElement() { return this.#state.target; }
  get currentTarget() { return this.#state.currentTarget; }
  composedPath() { return this.#state.currentTarget === null ? [] : [this.#state.currentTarget]; }
  get eventPhase() { return this.#state.phase; }
  stopPropagation() { this.#state.stopped = true; }
  get cancelBubble() { return this.#state.stopped; }
  set cancelBubble(value) { if (value) this.#state.stopped = true; }
  stopImmediatePropagation() { this.#state.stopped = this.#state.stoppedNow = true; }
  get bubbles() { return this.#state.bubbles; }
  get cancelable() { return this.#state.cancelable; }
  get returnValue() { return !this.#state.canceled; }
  set returnValue(value) { if (!value) cancel(this.#state); }
  preventDefault() { cancel(this.#state); }
  get defaultPrevented() { return this.#state.canceled; }
  get composed() { return this.#state.composed; }
  get timeStamp() { return this.#state.time; }
  initEvent(type, bubbles = false, cancelable = false) {
    requireArguments(arguments.length, 1, "Event.initEvent");
    const state = this.#state;
    if (state.dispatching) return;
    state.type = `${type}`;
    state.bubbles = !!bubbles;
    state.cancelable = !!cancelable;
    state.stopped = state.stoppedNow = state.canceled = false;
  }
}
const isEvent = Event.isEvent;
delete Event.isEvent;
defineInterface(Event, "Event", { __proto__: null, NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });

function cancel(state) {
  if (state.cancelable && !state.passive) state.canceled = true;
}

/** Mark an event as made by the runtime. @template {Event} T @param {T} event @returns {T} */
export function trust(event) {
  stateOf(event).trusted = true;
  return event;
}

/** What to do with an exception a listener throws; the runtime replaces it by reportError. */
let report = () => {};
/** @param {(error: any) => void} handler */
export function setListenerErrorHandler(handler) { report = handler; }

export class EventTarget {
  /** @type {{type: string, callback: any, capture: boolean, once: boolean, passive: boolean, removed: boolean}[]} */
  #listeners = [];
  static { listenersOf = (target) => target.#listeners; }

  addEventListener(type, callback, options = undefined) {
    requireArguments(arguments.length, 2, "EventTarget.addEventListener");
    const target = this ?? globalThis;
    const listeners = listenersOf(target);
    const name = `${type}`;
    const given = isObject(options) ? options : { __proto__: null, capture: Boolean_(options) };
    const capture = !!given.capture;
    const once = !!given.once;
    const passive = !!given.passive;
    const signal = given.signal;
    if (signal !== undefined && !isSignal(signal)) {
      throw new TypeError_("EventTarget.addEventListener: options.signal is not an AbortSignal.");
    }
    if (callback !== null && callback !== undefined && !isObject(callback)) {
      throw new TypeError_("EventTarget.addEventListener: the listener is not an object.");
    }
    if (signal?.aborted || callback === null || callback === undefined) return;
    for (let i = 0; i < listeners.length; i++) {
      const other = listeners[i];
      if (other.type === name && other.callback === callback && other.capture === capture) return;
    }
    ArrayPrototypePush(listeners, { type: name, callback, capture, once, passive, removed: false });
    if (signal !== undefined) onAbort(signal, () => removeListener(listeners, name, callback, capture));
  }

  removeEventListener(type, callback, options = undefined) {
    requireArguments(arguments.length, 2, "EventTarget.removeEventListener");
    const capture = isObject(options) ? !!options.capture : !!options;
    removeListener(listenersOf(this ?? globalThis), `${type}`, callback, capture);
  }

  dispatchEvent(event) {
    if (!isEvent(event)) throw new TypeError_("EventTarget.dispatchEvent: the argument is not an Event.");
    const state = stateOf(event);
    if (state.dispatching) throw new DOMException("The event is already being dispatched.", "InvalidStateError");
    state.trusted = false;
    return dispatch(this ?? globalThis, event);
  }
}
defineInterface(EventTarget, "EventTarget");

function removeListener(listeners, type, callback, capture) {
  for (let i = 0; i < listeners.length; i++) {
    const listener = listeners[i];
    if (listener.type === type && listener.callback === callback && listener.capture === capture) {
      listener.removed = true;
      ArrayPrototypeSplice(listeners, i, 1);
      return;
    }
  }
}

/** Make a plain object (globalThis) an event target. @param {object} object */
export function adoptEventTarget(object) {
  const listeners = [];
  const inner = listenersOf;
  listenersOf = (target) => (target === object ? listeners : inner(target));
}

/** @param {EventTarget} target @param {string} type @returns {boolean} */
export function hasListener(target, type) {
  const listeners = listenersOf(target);
  for (let i = 0; i < listeners.length; i++) if (listeners[i].type === type) return true;
  return false;
}

/**
 * Dispatch an event whose trust is already set.
 * @param {EventTarget} target @param {Event} event
 * @returns {boolean} false when it was canceled
 */
export function dispatch(target, event) {
  const state = stateOf(event);
  const listeners = ArrayPrototypeSlice(listenersOf(target));
  state.dispatching = true;
  state.target = state.currentTarget = target;
  state.phase = 2;
  // At the target the capturing listeners come first.
  for (let pass = 0; pass < 2 && !state.stopped; pass++) {
    for (let i = 0; i < listeners.length && !state.stoppedNow; i++) {
      const listener = listeners[i];
      if (listener.removed || listener.type !== state.type || listener.capture !== (pass === 0)) continue;
      if (listener.once) removeListener(listenersOf(target), listener.type, listener.callback, listener.capture);
      state.passive = listener.passive;
      invoke(listener.callback, target, event);
      state.passive = false;
    }
  }
  state.phase = 0;
  state.currentTarget = null;
  state.dispatching = state.stopped = state.stoppedNow = false;
  return !state.canceled;
}

function invoke(callback, target, event) {
  try {
    if (typeof callback === "function") {
      FunctionPrototypeCall(callback, target, event);
    } else {
      const handle = callback.handleEvent;
      if (typeof handle !== "function") throw new TypeError_("The event listener has no handleEvent method.");
      FunctionPrototypeCall(handle, callback, event);
    }
  } catch (error) {
    report(error);
  }
}

let isSignal = () => false;
let onAbort = () => {};
/**
 * abort.js tells how to see an AbortSignal, which extends EventTarget and so cannot be imported here.
 * @param {(value: any) => boolean} is @param {(signal: any, run: () => void) => void} add
 */
export function setAbortHooks(is, add) { isSignal = is; onAbort = add; }

/**
 * Define `on<type>` on a prototype (https://html.spec.whatwg.org/#event-handler-attributes).
 * @param {object} prototype @param {string} type
 */
export function defineEventHandler(prototype, type) {
  const handlers = new WeakMap();
  const name = `on${type}`;
  Object.defineProperty(prototype, name, {
    __proto__: null, enumerable: true, configurable: true,
    get: { get() { return handlers.get(this)?.value ?? null; } }.get,
    set: {
      set(value) {
        let entry = handlers.get(this);
        const callable = isObject(value) ? value : null;
        if (entry === undefined && callable !== null) {
          entry = { value: callable };
          handlers.set(this, entry);
          const self = this;
          const run = function (event) {
            if (typeof entry.value !== "function") return;
            if (FunctionPrototypeCall(entry.value, self, event) === false) event.preventDefault();
          };
          ArrayPrototypePush(listenersOf(this), { type, callback: run, capture: false, once: false, passive: false, removed: false });
        } else if (entry !== undefined) {
          entry.value = callable;
        }
      },
    }.set,
  });
}

export class CustomEvent extends Event {
  #detail;
  constructor(type, init = undefined) {
    requireArguments(arguments.length, 1, "CustomEvent constructor");
    super(type, init);
    this.#detail = init?.detail ?? null;
  }
  get detail() { return this.#detail; }
  initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
    this.initEvent(type, bubbles, cancelable);
    this.#detail = detail;
  }
}
defineInterface(CustomEvent, "CustomEvent");

export class ErrorEvent extends Event {
  #message; #filename; #lineno; #colno; #error;
  constructor(type, init = undefined) {
    requireArguments(arguments.length, 1, "ErrorEvent constructor");
    super(type, init);
    const { colno, error, filename, lineno, message } = toDictionary(init, "ErrorEventInit");
    this.#colno = colno === undefined ? 0 : Number_(colno) >>> 0;
    this.#error = error;
    this.#filename = filename === undefined ? "" : toUSVString(filename);
    this.#lineno = lineno === undefined ? 0 : Number_(lineno) >>> 0;
    this.#message = message === undefined ? "" : `${message}`;
  }
  get message() { return this.#message; }
  get filename() { return this.#filename; }
  get lineno() { return this.#lineno; }
  get colno() { return this.#colno; }
  get error() { return this.#error; }
}
defineInterface(ErrorEvent, "ErrorEvent");

export class MessageEvent extends Event {
  #data; #origin; #lastEventId; #source; #ports;
  constructor(type, init = undefined) {
    requireArguments(arguments.length, 1, "MessageEvent constructor");
    super(type, init);
    const { data, lastEventId, origin, ports, source } = toDictionary(init, "MessageEventInit");
    this.#data = data === undefined ? null : data;
    this.#lastEventId = lastEventId === undefined ? "" : `${lastEventId}`;
    this.#origin = origin === undefined ? "" : toUSVString(origin);
    this.#ports = ports === undefined ? null : ObjectFreeze(toSequence(ports));
    this.#source = source ?? null;
  }
  get data() { return this.#data; }
  get origin() { return this.#origin; }
  get lastEventId() { return this.#lastEventId; }
  get source() { return this.#source; }
  get ports() { return this.#ports ??= ObjectFreeze([]); }
}
defineInterface(MessageEvent, "MessageEvent");

export class CloseEvent extends Event {
  #code; #reason; #wasClean;
  constructor(type, init = undefined) {
    requireArguments(arguments.length, 1, "CloseEvent constructor");
    super(type, init);
    const { code, reason, wasClean } = toDictionary(init, "CloseEventInit");
    this.#code = code === undefined ? 0 : toUnsignedShort(code);
    this.#reason = reason === undefined ? "" : toUSVString(reason);
    this.#wasClean = !!wasClean;
  }
  get code() { return this.#code; }
  get reason() { return this.#reason; }
  get wasClean() { return this.#wasClean; }
}
defineInterface(CloseEvent, "CloseEvent");

export class PromiseRejectionEvent extends Event {
  #promise; #reason;
  constructor(type, init) {
    requireArguments(arguments.length, 2, "PromiseRejectionEvent constructor");
    super(type, init);
    const { promise, reason } = toDictionary(init, "PromiseRejectionEventInit");
    if (promise === undefined) throw new TypeError_("PromiseRejectionEvent constructor: init.promise is missing.");
    this.#promise = promise;
    this.#reason = reason;
  }
  get promise() { return this.#promise; }
  get reason() { return this.#reason; }
}
defineInterface(PromiseRejectionEvent, "PromiseRejectionEvent");
