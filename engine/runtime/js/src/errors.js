/**
 * Errors as they cross to the host and back.
 */
import {
  Error_, ErrorPrototypeToString, ObjectDefineProperty, RangeError_, StringPrototypeEndsWith, SyntaxError_, TypeError_,
} from "./primordials.js";
import { quote } from "./ring.js";

const CLASSES = { __proto__: null, Error: Error_, TypeError: TypeError_, RangeError: RangeError_, SyntaxError: SyntaxError_ };

/** @type {(message: string, name: string) => any} set by main.js: channel and DOMException would import each other */
let domException = (message) => new Error_(message);
export function useDOMException(make) {
  domException = make;
}

/** A property as a string; user code may have made it anything, a getter that throws included. */
function text(value, key) {
  try {
    const found = value[key];
    return typeof found === "string" ? found : "";
  } catch {
    return "";
  }
}

/**
 * What was thrown, as JSON text `[name, message, stack]`.
 * @param {any} thrown
 */
export function describe(thrown) {
  if (typeof thrown !== "object" || thrown === null) {
    let message;
    try {
      message = typeof thrown === "symbol" ? "Symbol()" : `${thrown}`;
    } catch {
      message = "a value that cannot be shown";
    }
    return `["Error",${quote(message)},""]`;
  }
  const name = text(thrown, "name") || "Error";
  let message = text(thrown, "message");
  if (message === "" && !isError(thrown)) message = show(thrown);
  return `[${quote(name)},${quote(message)},${quote(text(thrown, "stack"))}]`;
}

/** A revoked proxy has no prototype to look at. */
function isError(thrown) {
  try {
    return thrown instanceof Error_;
  } catch {
    return false;
  }
}

/** As V8 shows it where there is nothing better. */
function show(thrown) {
  try {
    const found = ErrorPrototypeToString(thrown);
    return found === "Error" ? `#<${thrown.constructor?.name || "Object"}>` : found;
  } catch {
    return "a value that cannot be shown";
  }
}

/**
 * The error that the host gave.
 * @param {string} name "TypeError", or a DOMException's, e.g. "AbortError"
 * @param {string} message
 */
export function revive(name, message) {
  const Class = CLASSES[name];
  if (Class !== undefined) return new Class(message);
  if (name.length > 5 && name !== "Error" && StringPrototypeEndsWith(name, "Error")) return domException(message, name);
  const error = new Error_(message);
  ObjectDefineProperty(error, "name", { __proto__: null, value: name, writable: true, configurable: true });
  return error;
}
