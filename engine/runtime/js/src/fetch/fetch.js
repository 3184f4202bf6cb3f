/** The fetch() function (https://fetch.spec.whatwg.org/#fetch-method); the host does the request. */
import { onAbort } from "../abort.js";
import { startCall } from "../channel.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { currentEvent, enter } from "../events.js";
import { load } from "../lazy.js";
import { PromisePrototypeThen, PromiseReject, PromiseResolve, PromiseWithResolvers, TypeError_ } from "../primordials.js";
import { schemeOf } from "../url/parse.js";
import { requireArguments } from "../webidl.js";
import { readDataUrl } from "./data-url.js";
import { asksUpgrade, readRequest } from "./request.js";
import { createIncomingResponse } from "./response.js";

/**
 * Send a request through the host and make a Response of the answer.
 *
 * The host service answers `{status, statusText, headers, url, redirected, cf?}` and a body. An abort
 * calls the request off, rejects the promise and breaks the response's body.
 *
 * @param {(head: object, body: Uint8Array | import("../streams.js").ByteSource | null) =>
 *   {promise: Promise<{value: any, body: any}>, cancel: () => void}} start begins the call of the host
 * @param {any} input @param {any} init what fetch() takes
 * @param {boolean} [network] whether only http and https will do: not so for a service binding
 * @returns {Promise<Response>}
 */
export function sendRequest(start, input, init, network = false) {
  let request;
  try {
    request = readRequest(input, init);
  } catch (error) {
    return PromiseReject(error);
  }
  const { method, url, headers, redirect, body, signal, cf } = request;
  if (signal?.aborted) return PromiseReject(signal.reason);
  const scheme = schemeOf(url);
  if (network && scheme !== "http" && scheme !== "https") {
    const data = scheme === "data" ? readDataUrl(url) : null;
    if (data === null) return PromiseReject(new TypeError_(`Fetch API cannot load: ${url}`));
    const answer = { __proto__: null, status: 200, statusText: "OK", headers: [["content-type", data.type]], url };
    return PromiseResolve(createIncomingResponse(answer, method === "HEAD" ? null : data.bytes));
  }
  const head = { __proto__: null, method, url, headers, redirect, cf: cf ?? null };
  if (body === null && asksUpgrade(method, headers)) return openSocket(start, head);
  const bytes = typeof body === "string" ? encodeUtf8(body) : body;
  const { promise, cancel } = start(head, bytes);
  if (signal === null) return PromisePrototypeThen(promise, (answer) => createIncomingResponse(answer.value, answer.body));

  const result = PromiseWithResolvers();
  let source = null;
  onAbort(signal, () => {
    if (source === null) cancel();
    else source.abort(signal.reason);
    result.reject(signal.reason);
  });
  PromisePrototypeThen(promise, (answer) => {
    source = answer.body === null || answer.body.read === undefined ? null : new AbortableSource(answer.body);
    result.resolve(createIncomingResponse(answer.value, source ?? answer.body));
  }, result.reject);
  return result.promise;
}

/** As `sendRequest`, of a request for a WebSocket: its body are the messages, so it is a socket's from the start. */
function openSocket(start, head) {
  const { parkSocket, receiveSocket, Writer } = load("websocket");
  const writer = new Writer();
  const event = currentEvent();
  return PromisePrototypeThen(start(head, writer).promise, ({ value, body }) => {
    enter(event); // answers come in batches: the one entered last may be another, and a socket ends with its event
    if (value.status === 101 && value.socket !== undefined) { // of an object, which sleeps beside it
      writer.cancel();
      return createIncomingResponse({ __proto__: null, ...value, webSocket: parkSocket(value.socket) }, null);
    }
    if (value.status !== 101 || body === null || body.read === undefined) {
      writer.cancel();
      return createIncomingResponse(value, body);
    }
    return createIncomingResponse({ __proto__: null, ...value, webSocket: receiveSocket(writer, body) }, null);
  }, (error) => {
    writer.cancel();
    throw error;
  });
}

/**
 * A ByteSource that an abort ends with an error, even while a read waits.
 * @implements {import("../streams.js").ByteSource}
 */
class AbortableSource {
  #source; #aborted = PromiseWithResolvers();
  constructor(source) {
    this.#source = source;
    this.length = source.length;
    PromisePrototypeThen(this.#aborted.promise, undefined, () => {});
  }
  read() {
    const { promise, resolve, reject } = PromiseWithResolvers();
    PromisePrototypeThen(this.#source.read(), resolve, reject);
    PromisePrototypeThen(this.#aborted.promise, undefined, reject);
    return promise;
  }
  cancel(reason) { return this.#source.cancel(reason); }
  abort(reason) {
    this.#aborted.reject(reason);
    PromisePrototypeThen(this.#source.cancel(reason), undefined, () => {});
  }
}

/** @param {RequestInfo | URL} input @param {RequestInit} [init] @returns {Promise<Response>} */
export function fetch(input, init = undefined) {
  try {
    requireArguments(arguments.length, 1, "fetch");
  } catch (error) {
    return PromiseReject(error);
  }
  return sendRequest((head, body) => startCall("fetch", "fetch", [head], body), input, init, true);
}
