/** navigator (https://developers.cloudflare.com/workers/runtime-apis/web-standards/#navigatoruseragent). */
import { waitUntil } from "./context.js";
import { currentEvent, requireEvent } from "./events.js";
import { fetch } from "./fetch/fetch.js";
import { PromisePrototypeThen, TypeError_ } from "./primordials.js";
import { defineInterface, requireArguments } from "./webidl.js";

const TOKEN = {};

export class Navigator {
  #brand;
  constructor(token) { if (token !== TOKEN) throw new TypeError_("Illegal constructor"); }
  get userAgent() { return (this.#brand, "Cloudflare-Workers"); }
  get language() { return (this.#brand, "en"); }
  get languages() { return (this.#brand, ["en"]); }
  get hardwareConcurrency() { return (this.#brand, 1); }
  get platform() { return (this.#brand, ""); }
  /** A POST that nobody waits for; the event stays open until it is through. */
  sendBeacon(url, data = undefined) {
    void this.#brand;
    requireArguments(arguments.length, 1, "Navigator.sendBeacon");
    requireEvent();
    const sent = PromisePrototypeThen(fetch(url, { __proto__: null, method: "POST", body: data }), (response) => response.bytes());
    waitUntil(currentEvent(), PromisePrototypeThen(sent, undefined, () => {}));
    return true;
  }
}
defineInterface(Navigator, "Navigator");

export const navigator = new Navigator(TOKEN);
