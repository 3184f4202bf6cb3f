import { attempt, until } from "./check.js";
import { inside } from "./storage.js";

const within = Object.fromEntries(Object.keys(inside).map((name) => [`inside: ${name}`, ({ THING }) => THING.getByName(`inside ${name}`).run(name)]));
const message = (socket) => new Promise((resolve) => socket.addEventListener("message", (event) => resolve(event.data), { once: true }));
const open = async (stub) => {
  const { status, webSocket } = await stub.fetch("http://thing/socket", { headers: { upgrade: "websocket" } });
  webSocket.accept();
  return [status, webSocket];
};

export const checks = {
  ...within,
  "id from a name": ({ THING }) => [THING.idFromName("a").toString().length, `${THING.idFromName("a")}` === `${THING.idFromName("a")}`, THING.idFromName("a").equals(THING.idFromName("a")), THING.idFromName("a").equals(THING.idFromName("b"))],
  "id's name": ({ THING }) => [THING.idFromName("a").name, THING.newUniqueId().name, THING.idFromString(`${THING.idFromName("a")}`).name],
  "id of no text": ({ THING }) => THING.idFromString("abc"),
  "id of another namespace": ({ THING }) => THING.idFromString("0".repeat(64)),
  "id without a name": ({ THING }) => THING.idFromName(),
  "unique ids": ({ THING }) => `${THING.newUniqueId()}` !== `${THING.newUniqueId()}`,
  "get of text": ({ THING }) => THING.get("abc"),
  "get of nothing": ({ THING }) => THING.get(),
  "stub": ({ THING }) => {
    const stub = THING.getByName("stub");
    return [stub.name, stub.id.name, stub.id.equals(THING.idFromName("stub")), THING.constructor.name, THING.idFromName("a").constructor.name];
  },
  "stub of a unique id": ({ THING }) => THING.get(THING.newUniqueId()).name,
  "identity": ({ THING }) => THING.getByName("me").identity(),
  "identity by id": ({ THING }) => THING.get(THING.idFromString(`${THING.idFromName("me")}`)).identity(),
  "call": ({ THING }) => THING.getByName("me").add(1, 2),
  "call counts": async ({ THING }) => [await THING.getByName("n").count(), await THING.getByName("n").count(), await THING.getByName("m").count()],
  "calls at once": ({ THING }) => Promise.all(Array.from({ length: 5 }, () => THING.getByName("once").count())),
  "echo": ({ THING }) => THING.getByName("me").echo([new Map([[1, new Set([2])]]), new Date(3), 4n, undefined, null, -0]),
  "getter": ({ THING }) => THING.getByName("me").property,
  "instance property": ({ THING }) => THING.getByName("me").field,
  "no such method": ({ THING }) => THING.getByName("me").nothing(),
  "inherited from Object": ({ THING }) => THING.getByName("me").hasOwnProperty("x"),
  "constructor": ({ THING }) => THING.getByName("me").constructor(),
  "error": ({ THING }) => THING.getByName("me").fail("too far"),
  "error's class": ({ THING }) => THING.getByName("me").fail("x").catch((error) => [error instanceof RangeError, error.constructor.name, error.remote, Object.keys(error)]),
  "own error": ({ THING }) => THING.getByName("me").failOwn().catch((error) => [error.name, error.message, error.constructor.name, error.code]),
  "a function back": async ({ THING }) => {
    const next = await THING.getByName("me").counter();
    return [await next(), await next(), typeof next];
  },
  "fetch": async ({ THING }) => (await THING.getByName("me").fetch("http://thing/path?q", { method: "POST", body: "text" })).json(),
  "fetch of a request": async ({ THING }) => (await THING.getByName("me").fetch(new Request("http://thing/x"))).json(),
  "fetch of a path": async ({ THING }) => (await THING.getByName("me").fetch("/path")).json(),
  "fetch that fails": ({ THING }) => THING.getByName("me").fetch("http://thing/fail"),
  "alarm rings": ({ THING }) => {
    const stub = THING.getByName("alarm");
    return stub.wake(1, 0).then(() => until(() => stub.rang()));
  },
  "alarm is tried again": ({ THING }) => {
    const stub = THING.getByName("alarm again");
    return stub.wake(1, 1).then(() => until(() => stub.rang()));
  },
  "socket": async ({ THING }) => {
    const [status, socket] = await open(THING.getByName("socket"));
    const found = [status];
    for (const each of ["hi", new Uint8Array(3)]) {
      const answer = message(socket);
      socket.send(each);
      found.push(JSON.parse(await answer));
    }
    return found;
  },
  "socket answers itself": async ({ THING }) => {
    const stub = THING.getByName("auto");
    const pair = await stub.answersItself();
    const [, socket] = await open(stub);
    const answer = message(socket);
    socket.send("ping");
    return [pair, await answer];
  },
  "socket closed there": async ({ THING }) => {
    const [, socket] = await open(THING.getByName("closes"));
    const closed = new Promise((resolve) => socket.addEventListener("close", (event) => resolve([event.code, event.reason, event.wasClean])));
    socket.send("bye");
    return closed;
  },
  "socket closed here": async ({ THING }) => {
    const stub = THING.getByName("closed");
    const [, socket] = await open(stub);
    socket.close(3005, "done");
    return until(() => stub.closed());
  },
  "no upgrade": async ({ THING }) => attempt(async () => (await THING.getByName("plain").fetch("http://thing/socket")).status),
};
