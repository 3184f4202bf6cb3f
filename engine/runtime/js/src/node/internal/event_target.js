/** For Node's own files: what they ask of the EventTarget of the Web platform. */
import { EventTarget } from "../../event-target.js";

export const kResistStopPropagation = Symbol("kResistStopPropagation");
/** Node keeps an EventTarget's listeners here; ours tell nobody. */
export const kEvents = Symbol("kEvents");

/** @param {any} value @returns {boolean} */
export const isEventTarget = (value) => value instanceof EventTarget;
