/** AbortController and AbortSignal (https://dom.spec.whatwg.org/#aborting-ongoing-activities). */
import { DOMException } from "./dom-exception.js";
import { defineEventHandler, dispatch, Event, EventTarget, setAbortHooks, trust } from "./event-target.js";
import { ArrayPrototypePush, Number_, NumberIsFinite, ObjectDefineProperty, TypeError_ } from "./primordials.js";
import { setTimeout } from "./timers.js";
import { defineInterface, isObject, requireArguments, toSequence } from "./webidl.js";

const TOKEN = {};
let stateOf, isSignal;

export class AbortSignal extends EventTarget {
  /** reason: undefined until aborted; run: algorithms; dependents: made by any(); sources: of a dependent. */
  #state = { aborted: false, reason: undefined, run: [], dependents: [], sources: null };
  constructor(token) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    super();
  }
  static {
    stateOf = (signal) => signal.#state;
    isSignal = (value) => isObject(value) && #state in value;
  }
  static abort(reason = undefined) {
    const signal = new AbortSignal(TOKEN);
    const state = stateOf(signal);
    state.aborted = true;
    state.reason = reason === undefined ? defaultReason() : reason;
    return signal;
  }
  static timeout(milliseconds) {
    requireArguments(arguments.length, 1, "AbortSignal.timeout");
    const delay = Number_(milliseconds);
    if (!NumberIsFinite(delay) || delay < 0 || delay > Number.MAX_SAFE_INTEGER) {
      throw new TypeError_("AbortSignal.timeout: the delay is out of range.");
    }
    const signal = new AbortSignal(TOKEN);
    setTimeout(() => abortSignal(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")), delay);
    return signal;
  }
  static any(signals) {
    requireArguments(arguments.length, 1, "AbortSignal.any");
    const given = toSequence(signals);
    for (let i = 0; i < given.length; i++) {
      if (!isSignal(given[i])) throw new TypeError_("AbortSignal.any: a value is not an AbortSignal.");
    }
    return dependentSignal(given);
  }
  get aborted() { return this.#state.aborted; }
  get reason() { return this.#state.reason; }
  throwIfAborted() { if (this.#state.aborted) throw this.#state.reason; }
}
defineEventHandler(AbortSignal.prototype, "abort");
defineInterface(AbortSignal, "AbortSignal");
ObjectDefineProperty(AbortSignal, "length", { __proto__: null, value: 0 });

const defaultReason = () => new DOMException("The operation was aborted", "AbortError");

/** A signal that aborts when any of the given does. @param {AbortSignal[]} given @returns {AbortSignal} */
export function dependentSignal(given) {
  const result = new AbortSignal(TOKEN);
  const state = stateOf(result);
  for (let i = 0; i < given.length; i++) {
    const source = stateOf(given[i]);
    if (source.aborted) {
      state.aborted = true;
      state.reason = source.reason;
      return result;
    }
  }
  state.sources = [];
  const follow = (signal) => {
    if (state.sources.includes(signal)) return;
    ArrayPrototypePush(state.sources, signal);
    ArrayPrototypePush(stateOf(signal).dependents, result);
  };
  for (let i = 0; i < given.length; i++) {
    const { sources } = stateOf(given[i]);
    if (sources === null) follow(given[i]);
    else for (let j = 0; j < sources.length; j++) follow(sources[j]);
  }
  return result;
}

/** @param {AbortSignal} signal @param {any} [reason] */
export function abortSignal(signal, reason) {
  const state = stateOf(signal);
  if (state.aborted) return;
  state.aborted = true;
  state.reason = reason === undefined ? defaultReason() : reason;
  const waiting = [];
  for (let i = 0; i < state.dependents.length; i++) {
    const dependent = stateOf(state.dependents[i]);
    if (dependent.aborted) continue;
    dependent.aborted = true;
    dependent.reason = state.reason;
    ArrayPrototypePush(waiting, state.dependents[i]);
  }
  state.dependents = [];
  runSteps(signal);
  for (let i = 0; i < waiting.length; i++) runSteps(waiting[i]);
}

function runSteps(signal) {
  const state = stateOf(signal);
  const { run } = state;
  state.run = [];
  for (let i = 0; i < run.length; i++) run[i]();
  dispatch(signal, trust(new Event("abort")));
}

/**
 * Run something when a signal aborts (once; never when it has already).
 * @param {AbortSignal} signal @param {() => void} run
 */
export function onAbort(signal, run) {
  const state = stateOf(signal);
  if (!state.aborted) ArrayPrototypePush(state.run, run);
}

setAbortHooks(isSignal, onAbort);
export { isSignal as isAbortSignal };

/** @returns {AbortSignal} one that only the runtime can abort, with abortSignal() */
export const createSignal = () => new AbortSignal(TOKEN);

export class AbortController {
  #signal = new AbortSignal(TOKEN);
  get signal() { return this.#signal; }
  abort(reason = undefined) { abortSignal(this.#signal, reason); }
}
defineInterface(AbortController, "AbortController");
