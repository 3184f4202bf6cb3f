import EventEmitter, { once, on, errorMonitor, getEventListeners, captureRejectionSymbol } from "node:events";

export async function answer() {
  const log = [];
  const emitter = new EventEmitter();
  emitter.on("newListener", (name) => log.push(`new ${String(name)}`));
  emitter.on("a", function (...args) { log.push([this === emitter, ...args]); });
  emitter.prependListener("a", () => log.push("first"));
  emitter.once("a", () => log.push("once"));
  const results = [emitter.emit("a", 1, 2), emitter.emit("a", 3), emitter.emit("b")];
  const unhandled = [];
  for (const value of [new Error("boom"), "text", { x: 1 }]) {
    try { new EventEmitter().emit("error", value); } catch (error) { unhandled.push([error.message, error.code ?? null]); }
  }
  emitter.on(errorMonitor, (error) => log.push(`monitor ${error.message}`));
  emitter.on("error", (error) => log.push(`error ${error.message}`));
  emitter.emit("error", new Error("e"));
  setTimeout(() => emitter.emit("later", 7, 8), 1);
  const waited = await once(emitter, "later");
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 1);
  const aborted = await once(emitter, "never", { signal: controller.signal }).catch((error) => [error.name, error.code]);
  setTimeout(() => { emitter.emit("tick", 1); emitter.emit("tick", 2); emitter.emit("done"); }, 1);
  const ticks = [];
  for await (const [value] of on(emitter, "tick", { close: ["done"] })) ticks.push(value);
  function Old() { EventEmitter.call(this); }
  Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
  const old = new Old();
  old.on("x", (value) => log.push(`old ${value}`));
  old.emit("x", 5);
  const capture = new EventEmitter({ captureRejections: true });
  const rejected = new Promise((resolve) => { capture[captureRejectionSymbol] = (error, name) => resolve([error.message, name]); });
  capture.on("go", async () => { throw new Error("async"); });
  capture.emit("go");
  const target = new EventTarget();
  setTimeout(() => target.dispatchEvent(new Event("ping")), 1);
  const [event] = await once(target, "ping");
  emitter.off("a", () => {});
  return {
    log, results, unhandled, waited, aborted, ticks, rejected: await rejected, target: event.type,
    names: emitter.eventNames().map(String), counts: [emitter.listenerCount("a"), getEventListeners(emitter, "a").length, EventEmitter.defaultMaxListeners],
    bad: (() => { try { emitter.on("x", 1); } catch (error) { return [error.code, error.message]; } })(),
    same: [EventEmitter === EventEmitter.EventEmitter, emitter.getMaxListeners()],
  };
}
