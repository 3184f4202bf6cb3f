/**
 * EventSource (https://html.spec.whatwg.org/#server-sent-events), with Workers' `from(stream)` and `fetcher`
 * (https://developers.cloudflare.com/workers/runtime-apis/eventsource/). As there, a broken connection is made
 * again after one to ten seconds, and credentials are not supported.
 */
import { abortSignal, createSignal } from "./abort.js";
import { DOMException } from "./dom-exception.js";
import { TextDecoder } from "./encoding/text-decoder.js";
import { encodeUtf8 } from "./encoding/utf8.js";
import { defineEventHandler, dispatch, ErrorEvent, Event, EventTarget, MessageEvent, trust } from "./event-target.js";
import { requireEvent } from "./events.js";
import { fetch } from "./fetch/fetch.js";
import { getHeader } from "./fetch/headers.js";
import { readResponse } from "./fetch/response.js";
import {
  ArrayPrototypeJoin, ArrayPrototypePush, Error_, FunctionPrototypeCall, PromisePrototypeThen, PromiseResolve, RegExpPrototypeExec,
  StringFromCharCode, StringPrototypeCharCodeAt, StringPrototypeIncludes, StringPrototypeIndexOf, StringPrototypeSlice, TypeError_,
} from "./primordials.js";
import { isDisturbed, isLocked, isReadableStream, sourceFromBytes, sourceFromStream } from "./streams.js";
import { setTimeout } from "./timers.js";
import { normalizeUrl } from "./url/parse.js";
import { defineInterface, requireArguments, toDictionary, toUSVString } from "./webidl.js";

const CONNECTING = 0, OPEN = 1, CLOSED = 2;
const TOKEN = {};
/** Milliseconds until a connection is tried again: workerd's default and bounds. */
const RETRY = 2000, LEAST_RETRY = 1000, MOST_RETRY = 10000;
const DIGITS = /^[0-9]+$/;
const EVENT_STREAM = /^\s*text\/event-stream\s*(?:;|$)/i;
const ORIGIN = /^https?:\/\/[^/?#]*/;
const CR = 13, LF = 10;

/** The fields of events (https://html.spec.whatwg.org/#event-stream-interpretation). */
class Parser {
  #decoder = new TextDecoder();
  /** The line that has begun, and whether a CR has just ended one. */
  #line = ""; #afterCr = false;
  #data = null; #type = ""; #id;
  #take; #retry;

  /** @param {string} id the last one so far @param {(type: string, data: string, id: string) => void} take @param {(ms: number) => void} retry */
  constructor(id, take, retry) {
    this.#id = id;
    this.#take = take;
    this.#retry = retry;
  }

  /** @param {Uint8Array} bytes */
  feed(bytes) {
    const text = this.#decoder.decode(bytes, { __proto__: null, stream: true });
    let start = 0;
    if (this.#afterCr && text.length > 0) {
      if (StringPrototypeCharCodeAt(text, 0) === LF) start = 1;
      this.#afterCr = false;
    }
    for (let i = start; i < text.length; i++) {
      const unit = StringPrototypeCharCodeAt(text, i);
      if (unit !== LF && unit !== CR) continue;
      this.#end(this.#line + StringPrototypeSlice(text, start, i));
      this.#line = "";
      if (unit === CR) {
        if (i + 1 === text.length) this.#afterCr = true;
        else if (StringPrototypeCharCodeAt(text, i + 1) === LF) i++;
      }
      start = i + 1;
    }
    this.#line += StringPrototypeSlice(text, start);
  }

  #end(line) {
    if (line === "") {
      this.#finish();
      return;
    }
    const colon = StringPrototypeIndexOf(line, ":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : StringPrototypeSlice(line, 0, colon);
    const value = colon < 0 ? "" : StringPrototypeSlice(line, line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") ArrayPrototypePush((this.#data ??= []), value);
    else if (field === "event") this.#type = value;
    else if (field === "id") {
      if (!StringPrototypeIncludes(value, "\0")) this.#id = value;
    } else if (field === "retry" && RegExpPrototypeExec(DIGITS, value) !== null) this.#retry(+value);
  }

  #finish() {
    const data = this.#data, type = this.#type;
    this.#data = null;
    this.#type = "";
    this.#take(type === "" ? "message" : type, data === null ? null : ArrayPrototypeJoin(data, "\n"), this.#id);
  }
}

export class EventSource extends EventTarget {
  #url = ""; #origin = ""; #fetcher; #state = CONNECTING; #lastId = ""; #retry = RETRY;
  #signal = null; #source = null; #failures = 0;

  constructor(url, init = undefined) {
    super();
    if (url === TOKEN) return;
    requireArguments(arguments.length, 1, "EventSource constructor");
    requireHandler();
    const options = toDictionary(init, "EventSourceInit");
    if (options.withCredentials) {
      throw new DOMException("The init.withCredentials option is not supported. It must be false or undefined.", "NotSupportedError");
    }
    const text = toUSVString(url);
    try {
      this.#to(normalizeUrl(text));
    } catch {
      throw new DOMException(`Cannot open an EventSource to '${text}'. The URL is invalid.`, "SyntaxError");
    }
    this.#fetcher = options.fetcher;
    this.#connect();
  }

  /** @param {ReadableStream} stream of bytes; the connection is not made again when it ends */
  static from(stream) {
    requireArguments(arguments.length, 1, "EventSource.from");
    requireHandler();
    if (!isReadableStream(stream)) throw new TypeError_("EventSource.from: the argument is not a ReadableStream.");
    if (isLocked(stream)) throw new TypeError_("This ReadableStream is locked.");
    if (isDisturbed(stream)) throw new TypeError_("This ReadableStream has already been read from.");
    const made = new EventSource(TOKEN);
    const source = sourceFromStream(stream);
    // Whoever made it may add listeners first.
    PromisePrototypeThen(PromiseResolve(), () => made.#run(source, false));
    return made;
  }

  get url() { return this.#url; }
  get withCredentials() { return (this.#url, false); }
  get readyState() { return this.#state; }

  close() {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#abort();
  }

  #to(url) {
    this.#url = url;
    this.#origin = RegExpPrototypeExec(ORIGIN, url)?.[0] ?? "null";
  }

  #abort() {
    const source = this.#source, signal = this.#signal;
    this.#source = this.#signal = null;
    if (source !== null) PromisePrototypeThen(PromiseResolve(source.cancel()), undefined, () => {});
    if (signal !== null) abortSignal(signal);
  }

  #connect() {
    const signal = (this.#signal = createSignal());
    const headers = { __proto__: null, accept: "text/event-stream", "cache-control": "no-cache" };
    // Ids are text in UTF-8, which a header has as a string of its bytes.
    if (this.#lastId !== "") headers["last-event-id"] = byteString(this.#lastId);
    const init = { __proto__: null, headers, signal };
    const fetcher = this.#fetcher;
    let answer;
    try {
      answer = fetcher === undefined || fetcher === null ? fetch(this.#url, init) : FunctionPrototypeCall(fetcher.fetch, fetcher, this.#url, init);
    } catch (error) {
      this.#fail(error, false);
      return;
    }
    PromisePrototypeThen(PromiseResolve(answer), (response) => {
      if (this.#signal === signal) this.#answered(response);
    }, (error) => {
      if (this.#signal === signal) this.#fail(error, false);
    });
  }

  #answered(response) {
    try {
      const type = getHeader(response.headers, "content-type");
      if (!response.ok) throw aborted(`The response status code was ${response.status}.`);
      if (type === null) throw aborted("No content type header was present in the response.");
      if (RegExpPrototypeExec(EVENT_STREAM, type) === null) throw aborted(`The content type '${type}' is invalid.`);
      if (response.redirected) this.#to(response.url);
      const { body } = readResponse(response);
      if (body === null) {
        // Once is taken for a lost connection.
        const again = this.#failures++ === 0;
        this.#fail(new Error_(`The server provided no content.${again ? " Will try reconnecting." : ""}`), again);
        return;
      }
      const source = typeof body === "string" ? sourceFromBytes(encodeUtf8(body)) : body.read === undefined ? sourceFromBytes(body) : body;
      this.#run(source, true);
    } catch (error) {
      this.#fail(error, false);
    }
  }

  async #run(source, again) {
    if (this.#state === CLOSED) {
      source.cancel();
      return;
    }
    this.#source = source;
    this.#state = OPEN;
    dispatch(this, trust(new Event("open")));
    const parser = new Parser(this.#lastId, (type, data, id) => this.#message(type, data, id), (ms) => {
      this.#retry = ms < LEAST_RETRY ? LEAST_RETRY : ms > MOST_RETRY ? MOST_RETRY : ms;
    });
    try {
      for (;;) {
        const chunk = await source.read();
        if (this.#source !== source) return;
        if (chunk === null) break;
        parser.feed(chunk);
      }
    } catch (error) {
      if (this.#source === source) this.#fail(error, false);
      return;
    }
    this.#fail(new Error_("The server disconnected."), again);
  }

  #message(type, data, id) {
    this.#lastId = id;
    if (data === null || this.#state === CLOSED) return;
    const init = { __proto__: null, data, lastEventId: id, origin: this.#origin };
    dispatch(this, trust(new MessageEvent(type, init)));
  }

  #fail(error, again) {
    if (this.#state === CLOSED) return;
    this.#abort();
    this.#state = again ? CONNECTING : CLOSED;
    const message = typeof error?.message === "string" ? error.message : "";
    dispatch(this, trust(new ErrorEvent("error", { __proto__: null, error, message })));
    if (again && this.#state !== CLOSED) setTimeout(() => { if (this.#state === CONNECTING) this.#connect(); }, this.#retry);
  }
}
defineInterface(EventSource, "EventSource", { __proto__: null, CONNECTING, OPEN, CLOSED });
defineEventHandler(EventSource.prototype, "open");
defineEventHandler(EventSource.prototype, "message");
defineEventHandler(EventSource.prototype, "error");

const aborted = (message) => new DOMException(message, "AbortError");

function requireHandler() {
  try {
    requireEvent();
  } catch {
    throw new DOMException("An EventSource can only be created within the context of a worker request.", "NotSupportedError");
  }
}

/** UTF-8 as a string of its bytes. */
function byteString(text) {
  const bytes = encodeUtf8(text);
  let result = "";
  for (let i = 0; i < bytes.length; i++) result += StringFromCharCode(bytes[i]);
  return result;
}
