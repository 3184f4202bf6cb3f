/**
 * Rate limits: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
 *
 * What is refused, and in which words, follows Miniflare.
 *
 * @typedef {import("./index.js").Call} Call
 */
import { Error_, MathTrunc, NumberIsFinite, ObjectKeys, RangeError_, Symbol_, TypeError_ } from "../primordials.js";
import { defineInterface } from "../webidl.js";

const KEY = Symbol_();
const OPTIONS = { __proto__: null, key: true, limit: true, period: true, delta: true };

const validate = (holds, message) => {
  if (!holds) throw new Error_(message);
};

const toWeight = (delta) => {
  const value = +delta;
  if (!NumberIsFinite(value)) throw new TypeError_("The value cannot be converted because it is not an integer.");
  if (value < 0) throw new TypeError_("The value cannot be converted because it is negative and this API expects a positive number.");
  if (value > 4294967295) throw new TypeError_("Value out of range. Must be less than or equal to 4294967295.");
  const weight = MathTrunc(value);
  if (weight === 0) throw new RangeError_("delta must be non-zero");
  return weight;
};

export class Ratelimit {
  /** @type {Call} */
  #call;

  /** @param {symbol} key @param {Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
  }

  /** Counts one use of a key. @param {{key: string}} options @returns {Promise<{success: boolean}>} */
  async limit(options) {
    validate(typeof options === "object" && options !== null, "invalid rate limit options");
    const names = ObjectKeys(options);
    let bad = "";
    for (let i = 0; i < names.length; i++) if (OPTIONS[names[i]] !== true) bad += bad === "" ? names[i] : `,${names[i]}`;
    validate(bad === "", `bad rate limit options: [${bad}]`);
    const { key = "", limit = null, period = null, delta = 1 } = options;
    validate(typeof key === "string", `invalid key: ${key}`);
    validate(limit === null || typeof limit === "number", `limit must be a number: ${limit}`);
    validate(period === null || typeof period === "number", `period must be a number: ${period}`);
    validate(period === null || period === 10 || period === 60, `unsupported period: ${period}`);
    const { value } = await this.#call("limit", [key, limit, period, toWeight(delta)]).promise;
    return value;
  }
}

defineInterface(Ratelimit, "Ratelimit");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createRatelimit = (spec, call) => new Ratelimit(KEY, call);
