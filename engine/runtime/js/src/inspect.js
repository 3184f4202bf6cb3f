/** What console.log prints. Text needs no library; anything else is shown as Node's util.inspect does, lazily. */
import { load } from "./lazy.js";
import { ArrayPrototypeIncludes, StringPrototypeIncludes } from "./primordials.js";

const PLAIN = ["number", "boolean", "undefined", "bigint"];

const plain = (value) => {
  if (typeof value === "string") return value;
  if (value === null) return "null";
  if (!ArrayPrototypeIncludes(PLAIN, typeof value)) return undefined;
  if (value === 0 && 1 / value < 0) return "-0";
  return typeof value === "bigint" ? `${value}n` : `${value}`;
};

/**
 * As Node's util.format: a first text with %s, %d, %o … takes the values that follow.
 * @param {any[]} args
 * @returns {string}
 */
export function formatLog(args) {
  let text = "";
  const formats = args.length > 1 && typeof args[0] === "string" && StringPrototypeIncludes(args[0], "%");
  for (let i = 0; i < args.length && !formats; i++) {
    const one = plain(args[i]);
    if (one === undefined) return load("inspect").format(args);
    text += i === 0 ? one : ` ${one}`;
  }
  return formats ? load("inspect").format(args) : text;
}

/** @param {any} value @param {object} [options] Node's @returns {string} */
export const inspect = (value, options) => load("inspect").inspect(value, options);
