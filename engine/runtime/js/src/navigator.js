/** navigator (https://developers.cloudflare.com/workers/runtime-apis/web-standards/#navigatoruseragent). */
import { TypeError_ } from "./primordials.js";
import { defineInterface } from "./webidl.js";

const TOKEN = {};

export class Navigator {
  #brand;
  constructor(token) { if (token !== TOKEN) throw new TypeError_("Illegal constructor"); }
  get userAgent() { return (this.#brand, "Cloudflare-Workers"); }
  get language() { return (this.#brand, "en"); }
  get languages() { return (this.#brand, ["en"]); }
  get hardwareConcurrency() { return (this.#brand, 1); }
}
defineInterface(Navigator, "Navigator");

export const navigator = new Navigator(TOKEN);
