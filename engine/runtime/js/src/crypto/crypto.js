/** The global `crypto` (https://w3c.github.io/webcrypto/#Crypto-interface); crypto.subtle is a lazy bundle. */
import { requireEvent } from "../events.js";
import { load } from "../lazy.js";
import { TypeError_ } from "../primordials.js";
import { defineInterface, requireArguments } from "../webidl.js";
import { getRandomValues, randomUUID } from "./random.js";

const TOKEN = {};

export class Crypto {
  #brand;
  constructor(token = undefined) { if (token !== TOKEN) throw new TypeError_("Illegal constructor"); }
  get subtle() { return (this.#brand, load("subtle").subtle); }
  getRandomValues(array) {
    void this.#brand;
    requireArguments(arguments.length, 1, "Crypto.getRandomValues");
    requireEvent();
    return getRandomValues(array);
  }
  randomUUID() {
    void this.#brand;
    requireEvent();
    return randomUUID();
  }
  /** Workers' own (https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#digeststream). */
  get DigestStream() { return (this.#brand, load("digest-stream").DigestStream); }
}
defineInterface(Crypto, "Crypto");

export const crypto = new Crypto(TOKEN);
