// The other service: a default entrypoint, a named one, and an object in the place of a class.
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

class Counter extends RpcTarget {
  #value;
  own = "instance property";

  constructor(value) {
    super();
    this.#value = value;
  }
  get value() {
    return this.#value;
  }
  #hidden() {}
  hidden = undefined;
  up() {
    return ++this.#value;
  }
}

export default class extends WorkerEntrypoint {
  field = "instance property";

  get property() {
    return "read";
  }
  get bad() {
    throw new Error("bad getter");
  }
  add(a, b) {
    return a + b;
  }
  give(value) {
    return value;
  }
  size(text) {
    return text.length;
  }
  aborted(signal) {
    return [signal.constructor.name, signal.aborted];
  }
  async callMe(call, value) {
    return [await call(value), typeof call];
  }
  async callMethod(object) {
    return object.run(1);
  }
  counter(n) {
    return (by = 1) => (n += by);
  }
  target(value) {
    return new Counter(value);
  }
  fail(name, message) {
    throw new globalThis[name](message);
  }
  failOwn() {
    class OwnError extends Error {
      name = "OwnError";
    }
    throw Object.assign(new OwnError("own", { cause: new Error("why") }), { code: 7 });
  }
  failText() {
    throw "only text";
  }
  failObject() {
    throw { some: "object" };
  }
  async failLater() {
    await scheduler.wait(1);
    throw new EvalError("later");
  }
  variable() {
    return this.env.WORD;
  }
  scheduled() {}

  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/throw": throw new RangeError("thrown in fetch");
      case "/throw-text": throw "text in fetch";
      case "/nothing": return undefined;
      case "/redirect": return Response.redirect("http://target/moved", 302);
      case "/teapot": return new Response("short", { status: 418, statusText: "Stout", headers: { "x-own": "h" } });
      case "/socket": {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", ({ data }) => server.send(`echo ${data}`));
        return new Response(null, { status: 101, webSocket: client });
      }
    }
    return Response.json([request.method, request.url, request.headers.get("x-own"), await request.text()]);
  }
}

export class Named extends WorkerEntrypoint {
  hello(name) {
    return `hello ${name}`;
  }
  props() {
    return this.ctx.props;
  }
  fetch() {
    return new Response("named");
  }
}

export const plain = {
  greet: (name, env, ctx) => [name, typeof env, typeof ctx],
  many: (a, b) => [a, typeof b],
  fetch: () => new Response("plain"),
};
