/**
 * From an event of the host to the user's handler, and its answer back.
 *
 * @typedef {import("./events.js").Event_} Event_
 */
import { isOn } from "./compatibility.js";
import { close, hold, makeContext, release, setOwnExports, settle, waited } from "./context.js";
import { encodeUtf8 } from "./encoding/utf8.js";
import { WorkerEntrypoint } from "./entrypoint.js";
import { envOf } from "./env.js";
import { describe } from "./errors.js";
import { beginEvent, eventOf, onEnd, setCalling } from "./events.js";
import { abortRequest, asksUpgrade, createIncomingRequest } from "./fetch/request.js";
import { isResponse, readResponse } from "./fetch/response.js";
import { Incoming, passOn, send, stopSending } from "./flow.js";
import { toJson } from "./json.js";
import { load } from "./lazy.js";
import {
  ArrayPrototypePush, FunctionPrototypeToString, JSONParse, ObjectGetOwnPropertyNames, ObjectKeys, PromisePrototypeThen, PromiseResolve, ReflectApply, ReflectConstruct,
  StringPrototypeStartsWith, TypedArrayPrototypeGetLength, TypeError_,
} from "./primordials.js";
import { DONE, END, EXCEPTION, FINISHED, PASSED, PLACES, post, quote, REPORT, RESPONSE, STREAM, takeBytes, takeText, VALUE, WHOLE } from "./ring.js";
import { createController } from "./scheduled.js";
import { fireFetch, fireQueue, fireScheduled, listenedEvents } from "./service-worker.js";
import { sourceFromBytes } from "./streams.js";

/** A body up to this many bytes goes with its head. */
const WHOLE_BYTES = 1 << 16;
const EVENTS = ["fetch", "scheduled", "queue", "email", "tail", "trace", "alarm", "test"];

/** @type {Record<string, any> | null} the main module's exports; null in service-worker format */
let exports = null;

/** @param {Record<string, any> | null} namespace */
export function setExports(namespace) {
  exports = namespace;
  setOwnExports(namespace);
}

const isClass = (value) => typeof value === "function" && value.prototype instanceof WorkerEntrypoint;
/** Durable Objects need not extend anything. */
const isAnyClass = (value) =>
  typeof value === "function" && (isClass(value) || StringPrototypeStartsWith(FunctionPrototypeToString(value), "class"));

function handlersOf(value) {
  const found = [];
  const object = isAnyClass(value) ? value.prototype : value;
  if (object === null || (typeof object !== "object" && typeof object !== "function")) return found;
  for (let i = 0; i < EVENTS.length; i++) if (typeof object[EVENTS[i]] === "function") ArrayPrototypePush(found, EVENTS[i]);
  return found;
}

/** Those of the default export; of a class that takes no event, as one called by RPC only does not, its methods. */
function mainHandlers(value) {
  const found = handlersOf(value);
  if (found.length > 0 || !isClass(value)) return found;
  const names = ObjectGetOwnPropertyNames(value.prototype);
  for (let i = 0; i < names.length; i++) if (names[i] !== "constructor") ArrayPrototypePush(found, names[i]);
  return found;
}

/** What the script offers. @returns {{handlers: string[], named: {name: string, handlers: string[]}[]}} */
export function describeHandlers() {
  if (exports === null) return { handlers: listenedEvents(), named: [] };
  const named = [];
  const names = ObjectKeys(exports);
  for (let i = 0; i < names.length; i++) {
    const value = exports[names[i]];
    if (names[i] === "default" || (typeof value !== "object" && !isAnyClass(value)) || value === null) continue;
    const handlers = handlersOf(value);
    if (handlers.length > 0 || isAnyClass(value)) ArrayPrototypePush(named, { name: names[i], handlers });
  }
  return { handlers: mainHandlers(exports.default), named };
}

/**
 * Call the handler of an event.
 * @param {Event_} event
 * @param {string} name
 * @param {string | null} entrypoint an export's name, null for the default one
 * @param {any} props
 * @param {any} argument
 */
function call(event, name, entrypoint, props, argument) {
  const context = makeContext(event, props);
  const target = exports[entrypoint ?? "default"];
  if (isClass(target)) {
    const instance = ReflectConstruct(target, [context, envOf(event)]);
    if (typeof instance[name] !== "function") throw missing(name, entrypoint);
    return ReflectApply(instance[name], instance, [argument]);
  }
  const handler = target === undefined || target === null ? undefined : target[name];
  if (typeof handler !== "function") throw missing(name, entrypoint);
  return ReflectApply(handler, target, [argument, envOf(event), context]);
}

function missing(name, entrypoint) {
  return new TypeError_(
    entrypoint === null || entrypoint === undefined
      ? `Handler does not export a ${name}() function.`
      : `The entrypoint ${entrypoint} has no ${name}() function.`,
  );
}

/** Take an EVENT frame. @param {number} flags @param {number} id */
export function receiveEvent(flags, id) {
  const head = JSONParse(takeText());
  const event = beginEvent(id);
  event.places = (flags & PLACES) !== 0;
  const body = flags & WHOLE ? takeBytes() : flags & STREAM ? new Incoming(id, event) : null;
  const name = head[0];
  const object = name === "fetch" ? head[7] : head[3]?.object;
  if (object) event.object = true;
  let result;
  setCalling(true);
  try {
    if (name === "fetch") {
      // A client that asks for a WebSocket has messages for a body: websocket/messages.js.
      const upgrade = (flags & STREAM) !== 0 && asksUpgrade(head[3], head[5]);
      if (upgrade) {
        event.socket = body;
        onEnd(event, () => body.cancel());
      }
      const request = createIncomingRequest(head[3], head[4], head[5], upgrade ? null : body, head[6] ?? undefined);
      event.request = request;
      if (object) result = toObject(event, object, (instance, { callHandler }) => callHandler(instance, name, [request]));
      else result = exports === null ? fireFetch(event, request) : call(event, name, head[1], head[2], request);
    } else if (name === "rpc" && object) {
      const { serve } = load("rpc");
      result = toObject(event, object, (self) => serve(event, head[3], body, () => ({ __proto__: null, self, kind: "instance" })));
    } else if (name === "alarm" && object) {
      const { retryCount, isRetry } = head[3];
      result = toObject(event, object, (instance, { callHandler }) => callHandler(instance, name, [{ retryCount, isRetry, scheduledTime: head[3].scheduledTime }]));
    } else if (object && StringPrototypeStartsWith(name, "webSocket")) {
      result = toObject(event, object, (instance, library, living) => library.socketEvent(living, instance, name, head[3], body));
    } else if (name === "evict") {
      result = load("durable").evict(object);
    } else if (name === "retire") {
      result = load("durable").retire();
    } else if (name === "rpc") {
      result = load("rpc").serve(event, head[3], body, () => rpcRoot(event, head[1], head[2]));
    } else if (name === "queue") {
      const { batch, verdict } = load("queue").createBatch(head[3]);
      result = consume(event, verdict, () => (exports === null ? fireQueue(event, batch) : call(event, name, head[1], head[2], batch)));
    } else if (name === "workflow") {
      result = load("workflow").runWorkflow(event, exports?.[head[3].class], makeContext(event, {}), envOf(event), head[3]);
    } else if (exports === null) {
      result = fireScheduled(event, name, head[3]);
    } else if (name === "scheduled") {
      // What the handler gives is nobody's: what is told is whether it may be run again.
      const told = () => ({ noRetry: head[3].noRetry === true });
      result = PromisePrototypeThen(PromiseResolve(call(event, name, head[1], head[2], createController(head[3]))), told);
    } else if (name === "email") {
      const { message, verdict } = load("email").createEmail(head[3], isBytes(body) ? sourceFromBytes(body) : body);
      const decided = () => PromisePrototypeThen(waited(event), () => verdict);
      result = PromisePrototypeThen(PromiseResolve(call(event, name, head[1], head[2], message)), decided);
    } else {
      result = call(event, name, head[1], head[2], head[3]);
    }
  } catch (error) {
    fail(event, error);
    return;
  } finally {
    setCalling(false);
  }
  const answer = name === "fetch" ? respond : name === "rpc" ? replyRpc : reply;
  PromisePrototypeThen(PromiseResolve(result), (value) => answer(event, value), (error) => fail(event, error));
}

/** @param {Event_} event @param {any} error */
function fail(event, error) {
  if (event.ended || event.responded) return;
  const text = describe(error);
  post(EXCEPTION, (settle(event) ? FINISHED : 0) | (event.passThrough ? WHOLE : 0), event.id, text, null);
}

/** @param {Event_} event @param {any} response */
function respond(event, response) {
  if (event.ended || event.responded) return;
  let parts;
  try {
    if (!isResponse(response)) throw new TypeError_("Incorrect type for Promise: the Promise did not resolve to 'Response'.");
    parts = readResponse(response);
    if (parts.webSocket !== null) upgrade(event, parts);
  } catch (error) {
    fail(event, error);
    return;
  }
  let { body } = parts;
  if (typeof body === "string" && body.length > WHOLE_BYTES) body = encodeUtf8(body);
  const coding = body === null || parts.encodeBody === "manual" ? null : codingOf(parts.headers);
  const head = `[${parts.status},${quote(parts.statusText)},${fieldsJson(parts.headers)},${coding === null ? "null" : quote(coding)},${parts.parked ?? "null"}`;
  const passed = parts.webSocket === null ? passOn(body) : 0;
  if (passed !== 0) post(RESPONSE, PASSED | (settle(event) ? FINISHED : 0), event.id, `${head},${body.length ?? "null"},${passed}]`, null);
  else if (body === null) post(RESPONSE, settle(event) ? FINISHED : 0, event.id, `${head}]`, null);
  else if (typeof body === "string" || (isBytes(body) && TypedArrayPrototypeGetLength(body) <= WHOLE_BYTES)) {
    post(RESPONSE, WHOLE | (settle(event) ? FINISHED : 0), event.id, `${head}]`, body);
  } else {
    hold(event);
    settle(event);
    post(RESPONSE, STREAM, event.id, `${head}]`, null);
    send(event.id, body, () => release(event));
  }
}

/** Give a response with a WebSocket its body of messages for the client, or the object's socket that it is. */
function upgrade(event, parts) {
  const source = event.socket;
  if (source === null) {
    throw new TypeError_('Worker tried to return a WebSocket in a response to a request which did not contain the header "Upgrade: websocket".');
  }
  event.socket = null;
  const { handOver, handOverParked } = load("websocket");
  parts.parked = handOverParked(parts.webSocket);
  if (parts.parked === undefined) parts.body = handOver(parts.webSocket, source);
  else source.cancel();
}

/** The result of an event that is not a request. @param {Event_} event @param {any} value */
function reply(event, value) {
  if (event.ended || event.responded) return;
  post(VALUE, settle(event) ? FINISHED : 0, event.id, toJson(value), null);
}

/**
 * Let a handler consume a batch. What it decided counts when what it gave to waitUntil has ended, and also
 * when it threw.
 * @param {Event_} event
 * @param {(failed: boolean) => any} verdict
 * @param {() => any} run
 */
function consume(event, verdict, run) {
  const decided = (failed) => PromisePrototypeThen(waited(event), () => verdict(failed));
  const thrown = (error) => {
    post(REPORT, 0, event.id, describe(error), null);
    return decided(true);
  };
  try {
    return PromisePrototypeThen(PromiseResolve(run()), () => decided(false), thrown);
  } catch (error) {
    return thrown(error);
  }
}

/** Let a Durable Object do something. @param {Event_} event @param {any} object @param {(instance: any, library: any, living: any) => any} use */
function toObject(event, object, use) {
  const library = load("durable");
  return library.deliver(event, object, exports, (instance, living) => use(instance, library, living));
}

/** What a path of an RPC call begins at. @param {Event_} event */
function rpcRoot(event, entrypoint, props) {
  const context = makeContext(event, props), env = envOf(event);
  const target = exports?.[entrypoint ?? "default"];
  if (isClass(target)) return { __proto__: null, self: ReflectConstruct(target, [context, env]), kind: "instance" };
  if (typeof target !== "object" || target === null) throw new TypeError_(`The RPC receiver has no entrypoint "${entrypoint ?? "default"}".`);
  return { __proto__: null, self: target, kind: "handler", env, context };
}

/** The result of a remote call: a message, or a stream that the other side opens. */
function replyRpc(event, { caps, body }) {
  if (event.ended || event.responded) return;
  const head = toJson(caps);
  if (isBytes(body) && TypedArrayPrototypeGetLength(body) <= WHOLE_BYTES) {
    post(VALUE, WHOLE | (settle(event) ? FINISHED : 0), event.id, head, body);
  } else {
    hold(event);
    settle(event);
    post(VALUE, STREAM, event.id, head, null);
    send(event.id, body, () => release(event));
  }
}

const isBytes = (body) => {
  try {
    return TypedArrayPrototypeGetLength(body) >= 0;
  } catch {
    return false;
  }
};

/** The content coding that the host gives a body on its way out; JavaScript has it plain. */
function codingOf(fields) {
  for (let i = 0; i < fields.length; i++) {
    if (fields[i][0] === "content-encoding") {
      const coding = fields[i][1];
      return coding === "gzip" || (coding === "br" && isOn("brotli_content_encoding")) ? coding : null;
    }
  }
  return null;
}

function fieldsJson(fields) {
  let text = "[";
  for (let i = 0; i < fields.length; i++) text += `${i === 0 ? "[" : ",["}${quote(fields[i][0])},${quote(fields[i][1])}]`;
  return `${text}]`;
}

/**
 * The client has gone, or the host gives up. With END nothing of the event may go on; else what waitUntil has
 * may run to its end.
 * @param {number} flags
 * @param {number} id
 */
export function receiveCancel(flags, id) {
  const event = eventOf(id);
  if (event === undefined) return;
  if (event.request !== null && isOn("enable_request_signal")) abortRequest(event.request);
  stopSending(id);
  if (flags & END) close(event);
  else if (!event.ended && settle(event)) post(DONE, 0, id, "", null);
}
