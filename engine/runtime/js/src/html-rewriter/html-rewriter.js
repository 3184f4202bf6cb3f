/**
 * HTMLRewriter (https://developers.cloudflare.com/workers/runtime-apis/html-rewriter/). The body is rewritten as
 * it is read: nothing is taken from the original before somebody wants the result.
 */
import { encodeUtf8 } from "../encoding/utf8.js";
import { TextDecoder } from "../encoding/text-decoder.js";
import { parseMimeType } from "../fetch/mime-type.js";
import { isResponse, readResponse, Response } from "../fetch/response.js";
import { ArrayPrototypePush, ArrayPrototypeSlice, StringPrototypeToLowerCase, TypeError_, Uint8Array_ } from "../primordials.js";
import { sourceFromBytes, streamFromSource } from "../streams.js";
import { defineInterface, isObject, requireArguments } from "../webidl.js";
import { takeInstance, giveBack } from "./instance.js";
import { Rewriting } from "./rewriting.js";

const ELEMENT = ["element", "comments", "text"];
const DOCUMENT = ["doctype", "comments", "text", "end"];

/** The handlers an object has now, each to be called on it. */
function handlersOf(object, names, method) {
  if (!isObject(object)) throw new TypeError_(`Failed to execute '${method}' on 'HTMLRewriter': the handlers are not an object.`);
  const found = [];
  for (let i = 0; i < names.length; i++) {
    const run = object[names[i]];
    if (run === undefined || run === null) continue;
    if (typeof run !== "function") throw new TypeError_(`HTMLRewriter.${method}: '${names[i]}' is not a function.`);
    ArrayPrototypePush(found, { name: names[i], run });
  }
  return { object, found };
}

/** lol-html parses it; throws TypeError. */
function checkSelector(selector) {
  const instance = takeInstance();
  const scratch = new instance.HTMLRewriter(() => {});
  scratch.on(selector, { __proto__: null });
  scratch.free();
  giveBack(instance);
}

/**
 * The headers of a rewritten response. Its length is another; what is in another encoding than UTF-8, which is all
 * that lol-html's WebAssembly reads, is decoded first, and the result is UTF-8.
 * @param {[string, string][]} headers
 * @returns {{fields: [string, string][], decoder: TextDecoder | null}}
 */
function resultOf(headers) {
  const fields = [];
  let decoder = null;
  for (let i = 0; i < headers.length; i++) {
    let [name, value] = headers[i];
    if (StringPrototypeToLowerCase(name) === "content-length") continue;
    if (StringPrototypeToLowerCase(name) === "content-type") {
      const type = parseMimeType(value);
      const found = new TextDecoder(type?.parameters.charset ?? "utf-8");
      if (found.encoding !== "utf-8") {
        decoder = found;
        value = `${type.essence};charset=utf-8`;
      }
    }
    ArrayPrototypePush(fields, [name, value]);
  }
  return { fields, decoder };
}

export class HTMLRewriter {
  /** @type {import("./rewriting.js").Registration[]} */
  #registrations = [];

  on(selector, handlers) {
    requireArguments(arguments.length, 2, "on");
    const text = `${selector}`;
    checkSelector(text);
    ArrayPrototypePush(this.#registrations, { selector: text, ...handlersOf(handlers, ELEMENT, "on") });
    return this;
  }

  onDocument(handlers) {
    requireArguments(arguments.length, 1, "onDocument");
    ArrayPrototypePush(this.#registrations, { selector: null, ...handlersOf(handlers, DOCUMENT, "onDocument") });
    return this;
  }

  transform(response) {
    const registrations = this.#registrations;
    if (!isResponse(response)) throw new TypeError_("Failed to execute 'transform' on 'HTMLRewriter': parameter 1 is not of type 'Response'.");
    const { cf } = response;
    const { body, status, statusText, headers, encodeBody } = readResponse(response);
    if (body === null) return response;
    const source = typeof body === "string" ? sourceFromBytes(encodeUtf8(body)) : body instanceof Uint8Array_ ? sourceFromBytes(body) : body;
    const { fields, decoder } = resultOf(headers);
    const rewriting = new Rewriting(source, ArrayPrototypeSlice(registrations), decoder);
    return new Response(streamFromSource(rewriting), { __proto__: null, status, statusText, headers: fields, encodeBody, cf });
  }
}
defineInterface(HTMLRewriter, "HTMLRewriter");
