/** scheduler.wait (https://developers.cloudflare.com/workers/runtime-apis/scheduler/). */
import { TypeError_ } from "./primordials.js";
import { wait } from "./timers.js";
import { defineInterface } from "./webidl.js";

const TOKEN = {};

export class Scheduler {
  #brand;
  constructor(token) { if (token !== TOKEN) throw new TypeError_("Illegal constructor"); }
  wait(delay, options = undefined) { return (this.#brand, wait(delay, options)); }
}
defineInterface(Scheduler, "Scheduler");

export const scheduler = new Scheduler(TOKEN);
