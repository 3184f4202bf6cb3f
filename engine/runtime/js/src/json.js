/**
 * JSON text of what the runtime sends to the host. JSON.stringify would call a `toJSON` that user code has
 * put on Object.prototype.
 */
import { ArrayIsArray, NumberIsFinite, ObjectKeys } from "./primordials.js";
import { quote } from "./ring.js";

/**
 * @param {any} value null, boolean, number, string, or arrays and plain objects of them; what JSON has no
 *     word for becomes null in an array and is left out of an object
 * @returns {string}
 */
export function toJson(value) {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return NumberIsFinite(value) ? `${value}` : "null";
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : ArrayIsArray(value) ? arrayJson(value) : objectJson(value);
  }
  return "null";
}

function arrayJson(list) {
  let text = "[";
  for (let i = 0; i < list.length; i++) text += i === 0 ? toJson(list[i]) : `,${toJson(list[i])}`;
  return `${text}]`;
}

function objectJson(object) {
  const keys = ObjectKeys(object);
  let text = "{";
  for (let i = 0; i < keys.length; i++) {
    const value = object[keys[i]];
    if (value === undefined || typeof value === "function" || typeof value === "symbol") continue;
    text += `${text.length === 1 ? "" : ","}${quote(keys[i])}:${toJson(value)}`;
  }
  return `${text}}`;
}
