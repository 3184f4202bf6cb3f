/**
 * What an older compatibility date, or a flag, turns off (engine/runtime/compatibility.py decides; names there).
 * Everything is on until a program says otherwise.
 */
import { Navigator } from "./navigator.js";
import { globalThis_, ObjectDefineProperty, ObjectFreeze, SymbolToStringTag } from "./primordials.js";

/** @type {Record<string, boolean>} */
const off = { __proto__: null };

/** @param {string} flag @returns {boolean} */
export const isOn = (flag) => off[flag] !== true;

/** The flags that are on by their date: those whose absence something here goes by. */
const DATED = [
  "allow_importable_env", "brotli_content_encoding", "cache_no_cache_enabled", "cache_option_enabled", "enable_navigator_language",
  "enable_request_signal", "expose_global_message_channel", "fetch_iterable_type_support", "global_fetch_strictly_public",
  "global_navigator", "upper_case_all_http_methods", "web_socket_auto_reply_to_close", "websocket_standard_binary_type",
];

/** `Cloudflare` (https://developers.cloudflare.com/workers/runtime-apis/web-standards/#cloudflarecompatibilityflags). */
function defineCloudflare(named) {
  const compatibilityFlags = {};
  for (let i = 0; i < DATED.length; i++) compatibilityFlags[DATED[i]] = isOn(DATED[i]);
  for (let i = 0; i < named.length; i++) compatibilityFlags[named[i]] = true;
  const value = { __proto__: null, compatibilityFlags: ObjectFreeze(compatibilityFlags) };
  ObjectDefineProperty(value, SymbolToStringTag, { __proto__: null, value: "Cloudflare", configurable: true });
  ObjectDefineProperty(globalThis_, "Cloudflare", { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

/**
 * Called once, before the program's global scope runs.
 * @param {string[]} without those that are off
 * @param {string[]} named those that the version names
 */
export function applyFlags(without, named) {
  for (let i = 0; i < without.length; i++) off[without[i]] = true;
  defineCloudflare(named);
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
