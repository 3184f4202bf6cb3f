// The Durable Objects: each check runs inside an object of its own, or against one from outside.
import { DurableObject } from "cloudflare:workers";
import { attempt } from "./check.js";
import { inside } from "./storage.js";

export class Thing extends DurableObject {
  #secret = 1;
  field = "an instance property";

  constructor(ctx, env) {
    super(ctx, env);
    this.alarms = [];
  }
  get property() {
    return "read";
  }
  add(a, b) {
    return a + b;
  }
  echo(value) {
    return value;
  }
  fail(message) {
    throw new RangeError(message);
  }
  failOwn() {
    class OwnError extends Error {
      name = "OwnError";
    }
    throw Object.assign(new OwnError("own"), { code: 7 });
  }
  async count() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return n;
  }
  counter() {
    let n = 0;
    return () => ++n;
  }
  identity() {
    return [this.ctx.id.name, this.ctx.id.toString().length, this.ctx.id.constructor.name, this.ctx.constructor.name, Object.keys(this.env).includes("KV")];
  }
  run(name) {
    return attempt(() => inside[name](this.ctx.storage, this.ctx, this));
  }
  async wake(milliseconds, fails) {
    await this.ctx.storage.put("fails", fails);
    await this.ctx.storage.setAlarm(Date.now() + milliseconds);
  }
  rang() {
    return this.ctx.storage.get("rang");
  }
  async alarm(info) {
    const fails = await this.ctx.storage.get("fails");
    if (info.retryCount < fails) throw new Error("not yet");
    await this.ctx.storage.put("rang", { retryCount: info.retryCount, isRetry: info.isRetry, next: await this.ctx.storage.getAlarm() });
  }
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/socket") {
      const [client, server] = Object.values(new WebSocketPair());
      this.ctx.acceptWebSocket(server, ["tag", "other"]);
      server.serializeAttachment({ since: 1 });
      return new Response(null, { status: 101, webSocket: client });
    }
    if (pathname === "/fail") throw new Error("fetch failed");
    return Response.json([request.method, request.url, await request.text(), this.ctx.id.name ?? null]);
  }
  webSocketMessage(socket, message) {
    if (message === "bye") return socket.close(4001, "as you wish");
    const known = this.ctx.getWebSockets().length + this.ctx.getWebSockets("tag").length + this.ctx.getWebSockets("none").length;
    socket.send(JSON.stringify([typeof message, typeof message === "string" ? message : message.byteLength, socket.deserializeAttachment(), this.ctx.getTags(socket), known]));
  }
  async webSocketClose(socket, code, reason, clean) {
    await this.ctx.storage.put("closed", [code, reason, clean]);
  }
  closed() {
    return this.ctx.storage.get("closed");
  }
  answersItself() {
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const pair = this.ctx.getWebSocketAutoResponse();
    return [pair.request, pair.response, pair.constructor.name];
  }
}
