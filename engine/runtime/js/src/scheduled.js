/** What a `scheduled` handler gets (https://developers.cloudflare.com/workers/runtime-apis/handlers/scheduled/). */
import { TypeError_ } from "./primordials.js";
import { defineInterface } from "./webidl.js";

const TOKEN = {};

export class ScheduledController {
  #payload;
  constructor(token, payload) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#payload = payload;
  }
  get scheduledTime() { return this.#payload.scheduledTime; }
  get cron() { return this.#payload.cron; }
  get type() { return "scheduled"; }
  /** A run that fails is not repeated here anyway. */
  noRetry() { this.#payload.noRetry = true; }
}
defineInterface(ScheduledController, "ScheduledController");

/** @param {{scheduledTime: number, cron: string}} payload @returns {ScheduledController} */
export const createController = (payload) => new ScheduledController(TOKEN, payload);
