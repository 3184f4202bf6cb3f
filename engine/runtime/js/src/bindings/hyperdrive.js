/**
 * Hyperdrive: https://developers.cloudflare.com/hyperdrive/
 *
 * On one machine there is nothing to speed up: the parts are those of the database itself.
 */
import { Error_, ObjectDefineProperty, Symbol_, TypeError_ } from "../primordials.js";
import { defineInterface } from "../webidl.js";

const KEY = Symbol_();
const PARTS = ["connectionString", "host", "port", "user", "password", "database"];

export class Hyperdrive {
  #name;

  /** @param {symbol} key @param {import("./index.js").Spec} spec */
  constructor(key, spec) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#name = spec.name;
    for (let i = 0; i < PARTS.length; i++) {
      ObjectDefineProperty(this, PARTS[i], { __proto__: null, value: spec[PARTS[i]], enumerable: true, configurable: true });
    }
  }

  /** A socket to the database: this machine's workers have no sockets. */
  connect() {
    throw new Error_(`Binding "${this.#name}" (hyperdrive): connect() is not available on this machine; use its connectionString.`);
  }
}

defineInterface(Hyperdrive, "Hyperdrive");

/** @param {import("./index.js").Spec} spec */
export const createHyperdrive = (spec) => new Hyperdrive(KEY, spec);
