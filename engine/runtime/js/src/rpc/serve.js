/**
 * The called side: finds what a path means in an entrypoint, a Durable Object or something that was sent
 * before, calls it, and makes a message of the result.
 *
 * @typedef {{self: any, kind: "instance" | "handler" | "export", env?: any, context?: any}} Root
 */
import { hold, release } from "../context.js";
import { RpcTarget } from "../entrypoint.js";
import { onEnd } from "../events.js";
import { readAll } from "../fetch/body.js";
import {
  ArrayPrototypeIncludes, Error_, ObjectGetPrototypeOf, ObjectHasOwn, Object_, PromisePrototypeThen, PromiseResolve, ReflectApply, TypeError_, Uint8Array_,
} from "../primordials.js";
import { addPending } from "../ring.js";
import { isObject } from "../webidl.js";
import { encode } from "./encode.js";
import { exportedValue } from "./exports.js";
import { handleOf } from "./handles.js";
import { revive } from "./stub.js";

const RESERVED = ["constructor", "fetch", "connect", "dup", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"];

const missing = (name) => new TypeError_(`The RPC receiver does not implement the method "${name}".`);

/** Instances of classes show what their classes declare, plain objects what they own. */
function member(object, name, first) {
  if (!isObject(object)) throw missing(name);
  if (handleOf(object) !== undefined) return object[name];
  const prototype = ObjectGetPrototypeOf(object);
  const plain = prototype === Object_.prototype || prototype === null;
  if (first === "instance" || object instanceof RpcTarget) {
    if (ObjectHasOwn(object, name) || !(name in prototype) || name in Object_.prototype) throw missing(name);
    if (first === "instance" && ArrayPrototypeIncludes(RESERVED, name)) throw missing(name);
  } else if (typeof object === "function" || !plain) {
    throw missing(name);
  } else if (!ObjectHasOwn(object, name)) {
    throw missing(name);
  }
  return object[name];
}

/**
 * @param {Root} root
 * @param {string[]} path
 * @param {boolean} called
 * @param {any[]} args
 */
function run(root, path, called, args) {
  let self, found = root.self;
  for (let i = 0; i < path.length; i++) {
    self = found;
    found = root.kind === "handler" && i === 0 && isObject(found) && path[0] in found && !(path[0] in Object_.prototype)
      ? found[path[0]] : member(found, path[i], i === 0 ? root.kind : "export");
  }
  if (!called) {
    // A method that is read and not called stays bound to its object.
    return typeof found === "function" && self !== undefined ? (...values) => ReflectApply(found, self, values) : found;
  }
  if (typeof found !== "function") throw missing(path[path.length - 1] ?? "");
  if (root.kind !== "handler") return ReflectApply(found, self, args);
  if (args.length > 1) {
    throw new TypeError_(
      `Attempted to call RPC function "${path[0]}" with the wrong number of arguments. When calling a top-level handler function that ` +
        "is not declared as part of a class, you must always send exactly one argument. In order to support variable numbers of " +
        "arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.",
    );
  }
  return ReflectApply(found, self, [args[0], root.env, root.context]);
}

/**
 * A stream that is given back may lead on to what the event holds: it stays open until that is read, or let go of.
 * That nobody reads it yet is no sign that the event hangs, so it counts as something that comes from outside.
 * @param {any} event @param {number} number the stream's among the exports
 */
function keepOpen(event, number) {
  const source = exportedValue(number);
  let open = true;
  hold(event);
  addPending(1);
  const end = () => {
    if (!open) return;
    open = false;
    addPending(-1);
    release(event);
  };
  onEnd(event, end);
  const { read, cancel } = source;
  source.read = (...args) => PromisePrototypeThen(PromiseResolve(ReflectApply(read, source, args)), (chunk) => {
    if (chunk === null) end();
    return chunk;
  }, (error) => { end(); throw error; });
  source.cancel = (...args) => {
    end();
    return ReflectApply(cancel, source, args);
  };
}

/**
 * @param {any} event
 * @param {{path: string[], called: boolean, caps: [number, string][], export?: number, open?: boolean}} call
 * @param {Uint8Array | import("../streams.js").ByteSource | null} body the arguments
 * @param {() => Root} root what the path begins at, unless it is something sent before
 * @returns {Promise<{caps: any[], body: any}>}
 */
export async function serve(event, call, body, root) {
  if (call.open === true) {
    const source = exportedValue(call.export);
    if (source === undefined) throw new Error_("The stream's isolate has let go of it.");
    return { __proto__: null, caps: [], body: source };
  }
  const bytes = body === null || body instanceof Uint8Array_ ? body : await readAll(body);
  const args = bytes === null ? [] : revive(bytes, call.caps, false, event);
  let from;
  if (call.export === undefined) from = root();
  else {
    const self = exportedValue(call.export);
    if (self === undefined) throw new Error_("RPC stub used after being disposed.");
    from = { __proto__: null, self, kind: "export" };
  }
  const value = await run(from, call.path, call.called, args);
  const { bytes: answer, caps } = encode(value);
  for (let i = 0; i < caps.length; i++) if (caps[i][2] === "stream") keepOpen(event, caps[i][1]);
  return { __proto__: null, caps, body: answer };
}

