/** CryptoKey (https://w3c.github.io/webcrypto/#cryptokey-interface). */
import { TypeError_ } from "../primordials.js";
import { defineInterface } from "../webidl.js";

const TOKEN = {};
let stateOf;

export class CryptoKey {
  #state;
  constructor(token, state) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#state = state;
  }
  static { stateOf = (key) => key.#state; }
  get type() { return this.#state.type; }
  get extractable() { return this.#state.extractable; }
  get algorithm() { return this.#state.algorithm; }
  get usages() { return this.#state.usages; }
}
defineInterface(CryptoKey, "CryptoKey");
