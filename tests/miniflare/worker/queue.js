import { attempt, bytes, plain, until } from "./check.js";

/** Send with a mark, and give what the consumer noted under it. */
const round = async ({ Q, KV }, mark, send) => {
  await send(Q);
  return until(() => KV.get(`queue/${mark}`, "json"));
};

export const checks = {
  "send answers": ({ Q }) => Q.send({ mark: "answer" }).then((found) => found && Object.keys(found).sort()),
  "json": (env) => round(env, "json", (Q) => Q.send({ mark: "json", list: [1, null, "x"] })),
  "json by name": (env) => round(env, "json2", (Q) => Q.send({ mark: "json2", date: new Date(0) }, { contentType: "json" })),
  "text": (env) => round(env, "text", (Q) => Q.send("mark:text", { contentType: "text" })),
  "bytes": (env) => round(env, "bytes", (Q) => Q.send(new TextEncoder().encode("mark:bytes"), { contentType: "bytes" })),
  "v8": (env) => round(env, "v8", (Q) => Q.send({ mark: "v8", map: new Map([[1, 2]]), n: 5n }, { contentType: "v8" })),
  "batch": async ({ Q, KV }) => {
    await Q.sendBatch([{ body: { mark: "b1" } }, { body: "mark:b2", contentType: "text" }]);
    return [await until(() => KV.get("queue/b1", "json")), await until(() => KV.get("queue/b2", "json"))];
  },
  "batch of an iterator": async ({ Q, KV }) => {
    await Q.sendBatch((function* () { yield { body: { mark: "i1" } }; })());
    return until(() => KV.get("queue/i1", "json"));
  },
  "retried": (env) => round(env, "retry/2", (Q) => Q.send({ mark: "retry", retry: 1 })),
  "thrown": (env) => round(env, "throw/2", (Q) => Q.send({ mark: "throw", fail: 1 })),
  "dead": (env) => round(env, "dead", (Q) => Q.send({ mark: "dead", retry: 9 })),
  "delayed": (env) => round(env, "late", (Q) => Q.send({ mark: "late" }, { delaySeconds: 0 })),
  "nothing": ({ Q }) => Q.send(),
  "undefined": ({ Q }) => Q.send(undefined),
  "function as json": ({ Q }) => Q.send(() => 1),
  "number as text": ({ Q }) => Q.send(5, { contentType: "text" }),
  "text as bytes": ({ Q }) => Q.send("x", { contentType: "bytes" }),
  "function as v8": ({ Q }) => Q.send(() => 1, { contentType: "v8" }),
  "unknown type": ({ Q }) => Q.send("x", { contentType: "xml" }),
  "delay too long": ({ Q }) => Q.send("x", { delaySeconds: 100_000 }),
  "delay below 0": ({ Q }) => Q.send("x", { delaySeconds: -1 }),
  "too large": ({ Q }) => Q.send("x".repeat(129 * 1024), { contentType: "text" }),
  "batch of nothing": ({ Q }) => Q.sendBatch([]),
  "batch of 101": ({ Q }) => Q.sendBatch(Array.from({ length: 101 }, () => ({ body: 1 }))),
  "batch too large": ({ Q }) => Q.sendBatch(Array.from({ length: 3 }, () => ({ body: "x".repeat(100 * 1024), contentType: "text" }))),
  "batch of text": ({ Q }) => Q.sendBatch("text"),
  "batch without a body": ({ Q }) => Q.sendBatch([{}]),
  "batch without arguments": ({ Q }) => Q.sendBatch(),
  "class": ({ Q }) => [Q.constructor.name, `${Q}`],
  "no constructor": ({ Q }) => attempt(() => new Q.constructor()),
};

/** The consumer: what it got is noted where a check looks for it. */
export const consume = async (batch, env) => {
  for (const message of batch.messages) {
    const { body } = message;
    const raw = body instanceof Uint8Array || body instanceof ArrayBuffer ? new TextDecoder().decode(body) : body;
    const mark = typeof raw === "string" ? raw.replace("mark:", "") : raw?.mark;
    if (mark === undefined) continue;
    const dead = batch.queue !== "first" ? "dead letter" : undefined;
    const name = message.attempts > 1 && !dead ? `${mark}/${message.attempts}` : mark;
    if (dead || mark !== "dead") {
      await env.KV.put(`queue/${name}`, JSON.stringify({
        body: plain(body), attempts: message.attempts, id: typeof message.id, timestamp: message.timestamp instanceof Date, dead,
        batch: [batch.queue === "first", batch.constructor.name, message.constructor.name, typeof batch.ackAll, typeof batch.retryAll],
      }));
    }
    if (dead) message.ack();
    else if (body.retry >= message.attempts) message.retry();
    else if (body.fail >= message.attempts) throw new Error("the consumer failed");
    else message.ack();
  }
};
