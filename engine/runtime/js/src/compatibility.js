/**
 * What an older compatibility date, or a flag, turns off (engine/runtime/compatibility.py decides; names there).
 * Everything is on until a program says otherwise.
 */
import { Navigator } from "./navigator.js";
import { globalThis_ } from "./primordials.js";

/** @type {Record<string, boolean>} */
const off = { __proto__: null };

/** @param {string} flag @returns {boolean} */
export const isOn = (flag) => off[flag] !== true;

/** Called once, before the program's global scope runs. @param {string[]} flags those that are off */
export function turnOff(flags) {
  for (let i = 0; i < flags.length; i++) off[flags[i]] = true;
  if (!isOn("global_navigator")) {
    delete globalThis_.navigator;
    delete globalThis_.Navigator;
  }
  if (!isOn("enable_navigator_language")) {
    delete Navigator.prototype.language;
    delete Navigator.prototype.languages;
  }
  if (!isOn("expose_global_message_channel")) {
    delete globalThis_.MessageChannel;
    delete globalThis_.MessagePort;
  }
}
