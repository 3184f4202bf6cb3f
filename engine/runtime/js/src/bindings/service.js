/**
 * Service bindings: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/http/
 *
 * The target runs in process; the host follows redirects through it. Methods of entrypoints (RPC) are to join
 * `fetch` here, as operations of their own.
 *
 * @typedef {import("./index.js").Call} Call
 */
import { sendRequest } from "../fetch/fetch.js";
import { PromiseReject, Symbol_, TypeError_ } from "../primordials.js";
import { defineInterface } from "../webidl.js";

/** Only the runtime has it: `new env.HELLO.constructor()` is an illegal constructor. */
const KEY = Symbol_();

export class Fetcher {
  /** @type {Call} */
  #call;

  /** @param {symbol} key @param {Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
  }

  /** As the global fetch(), answered by the target. @returns {Promise<Response>} */
  fetch(...args) {
    const call = this.#call;
    if (args.length === 0) {
      return PromiseReject(
        new TypeError_("Failed to execute 'fetch' on 'Fetcher': parameter 1 is not of type 'Request or string'."),
      );
    }
    return sendRequest((head, body) => call("fetch", [head], body), args[0], args[1]);
  }
}

defineInterface(Fetcher, "Fetcher");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createFetcher = (spec, call) => new Fetcher(KEY, call);
