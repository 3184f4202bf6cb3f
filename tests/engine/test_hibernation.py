"""WebSockets that Durable Objects sleep beside: their life, what is told of them, what they may not do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hibernationkit import LIMIT, WORKER, Place, closed, place, run, say, until
from socketkit import frame

from engine.durable import object_socket
from engine.durable.storage import Storage

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = """
case "born": return this.born;
case "name": return ws.deserializeAttachment();
case "sockets": return ctx.getWebSockets().map((each) => [ctx.getTags(each), each.readyState]);
case "tagged": return ["a", "b", "c"].map(
  (tag) => ctx.getWebSockets(tag).map((each) => each.deserializeAttachment().name));
case "all": return ctx.getWebSockets().map((each) => each.deserializeAttachment().name);
case "same": return [ctx.getWebSockets()[0] === ws, ctx.getWebSockets() !== ctx.getWebSockets()];
case "closes": return (await ctx.storage.get("closes")) ?? [];
case "error": return (await ctx.storage.get("error")) ?? null;
case "leave": ws.close(4002, "server out"); return ctx.storage.put("left", attempt(() => ws.send("x")));
case "left": return await ctx.storage.get("left");
case "auto": ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong")); return null;
case "answered": return [
  ctx.getWebSocketAutoResponse()?.request ?? null, ctx.getWebSocketAutoResponseTimestamp(ws) instanceof Date];
case "quiet": ctx.setWebSocketAutoResponse(); return ctx.getWebSocketAutoResponse();
case "throw": throw new RangeError("no");
case "abort": ctx.abort("enough");
case "wait": await new Promise((resolve) => { this.go = resolve; }); return "waited";
case "go": this.go(); return "gone";
case "hang":
  ctx.setHibernatableWebSocketEventTimeout(30);
  return ctx.getHibernatableWebSocketEventTimeout();
case "hold":
  ctx.blockConcurrencyWhile(() => new Promise((resolve) => setTimeout(resolve, 100)));
  return "held";
case "write": ctx.storage.put("written", 1); ws.send("gated"); return "done";
case "alarm": await ctx.storage.setAlarm(1 + Date.now()); return null;
case "rung": return (await ctx.storage.get("rung")) ?? 0;
case "inside": {
  const [client, server] = Object.values(new WebSocketPair());
  ctx.acceptWebSocket(server, ["inside"]);
  client.accept();
  const got = new Promise((resolve) => client.addEventListener("message", ({ data }) => resolve(data)));
  client.send("hello");
  return await got;
}
case "loop": while (true) {}
case "refused": {
  const pair = () => Object.values(new WebSocketPair());
  const [a, b] = pair(), [c, d] = pair(), [e, f] = pair(), [g] = pair();
  ctx.acceptWebSocket(b, ["", 123, null, "", "x"]);
  d.accept();
  e.accept();
  const timeout = (ms) => {
    ctx.setHibernatableWebSocketEventTimeout(ms);
    return ctx.getHibernatableWebSocketEventTimeout();
  };
  const long = (text, size) => text.repeat(size);
  b.serializeAttachment(undefined);
  return [
    attempt(() => ctx.acceptWebSocket(b)),
    attempt(() => ctx.acceptWebSocket(d)),
    attempt(() => ctx.acceptWebSocket(f)),
    attempt(() => b.accept()),
    attempt(() => ctx.acceptWebSocket(g, Array.from({ length: 11 }, (_, i) => i))),
    attempt(() => ctx.acceptWebSocket(g, [long("t", 257)])).slice(-58),
    attempt(() => ctx.acceptWebSocket(g, "t")),
    attempt(() => ctx.acceptWebSocket({})),
    attempt(() => ctx.getTags(g)),
    attempt(() => ctx.getTags(d)),
    ctx.getTags(b),
    attempt(() => b.serializeAttachment(long("x", 17000))).slice(0, 67),
    attempt(() => b.serializeAttachment()),
    b.deserializeAttachment() === undefined,
    c.deserializeAttachment(),
    attempt(() => ctx.setWebSocketAutoResponse(null)),
    attempt(() => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(long("x", 2049), ""))),
    attempt(() => new WebSocketRequestResponsePair("x")),
    ctx.getWebSocketAutoResponseTimestamp(d),
    timeout(1000.7),
    timeout("12"),
    timeout(0),
    attempt(() => timeout(-1)),
    attempt(() => timeout(2 ** 32)),
    attempt(() => timeout(NaN)),
    attempt(() => timeout(604800001)),
    attempt(() => ws.close(1005)),
    attempt(() => ws.close(4000, long("é", 62))),
    attempt(() => a.serializeAttachment(() => {})).split(":")[0],
  ];
}
"""
REFUSED = [
    "Error: Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`",
    "Error: Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`",
    "Error: Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or "
    "used in a Response.",
    "TypeError: Can't accept() WebSocket after enabling hibernation.",
    "Error: a Hibernatable WebSocket cannot have more than 10 tags",
    '" is longer than the max tag length (256 characters).'.rjust(58, "t"),
    "TypeError: Failed to execute 'acceptWebSocket' on 'DurableObjectState': parameter 2 is not of type "
    "'Array'.",
    "TypeError: Failed to execute 'acceptWebSocket' on 'DurableObjectState': parameter 1 is not of type "
    "'WebSocket'.",
    "Error: you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.",
    "Error: only hibernatable websockets can have tags.",
    ["", "123", "null", "x"],
    "Error: A WebSocket 'attachment' cannot be larger than 16384 bytes.'",
    "TypeError: Failed to execute 'serializeAttachment' on 'WebSocket': parameter 1 is not of type 'Value'.",
    True,
    None,
    "TypeError: Failed to execute 'setWebSocketAutoResponse' on 'DurableObjectState': parameter 1 is not of "
    "type 'WebSocketRequestResponsePair'.",
    "RangeError: Request cannot be larger than 2048 bytes. A request of size 2049 was provided.",
    "TypeError: Failed to construct 'WebSocketRequestResponsePair': constructor parameter 2 is not of type "
    "'string'.",
    None,
    1000,
    12,
    None,
    "TypeError: The value cannot be converted because it is negative and this API expects a positive number.",
    "TypeError: Value out of range. Must be less than or equal to 4294967295.",
    "TypeError: The value cannot be converted because it is not an integer.",
    "Error: Event timeout should not exceed 604800000 ms.",
    "InvalidAccessError: Invalid WebSocket close code: 1005.",
    "SyntaxError: WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.",
    "DataCloneError",
]
LOST = [1006, "WebSocket disconnected without sending Close frame.", False, 3, False]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with place(tmp_path_factory.mktemp("hibernation")) as opened:
        await opened.deploy(CASES)
        yield opened


def houses(there: Place) -> list[Any]:
    return there.engine.objects.houses


async def sleep(there: Place) -> None:
    """Let every object go."""
    for house in houses(there):
        house.idle = house.longest = 0.0
        for actor in house.living:
            house._look(actor)
    await there.sleeps()


async def test_objects_sleep_and_come_back(there: Place):
    async with there.connect("tag=a&tag=b&name=ana&greet", "sleep") as client:
        assert await asyncio.wait_for(client.recv(), LIMIT) == "hello"
        before = await run(client, "born")
        assert await run(client, "same") == [True, True]
        for _ in range(2):
            await sleep(there)
            assert await run(client, "born") != before
            assert await run(client, "sockets") == [[["a", "b"], 1]]
            assert await run(client, "name") == {"name": "ana", "at": "1970-01-01T00:00:00.007Z"}
            assert await run(client, "same") == [True, True]
            assert await say(client, "é😀") == "sleep é😀"  # the object's name too


async def test_an_isolate_that_ends_keeps_them_open(there: Place):
    await sleep(there)
    async with there.connect("name=ana", "kept") as client:
        before = await run(client, "born")
        for house in houses(there):
            worker = house._worker.result()
            for channel in list(worker.channels):
                await until(lambda channel=channel: channel.idle and not channel.busy)
                worker.evict(channel)
            assert worker.isolates == 0
        assert await run(client, "born") != before
        assert (await run(client, "name"))["name"] == "ana"


async def test_messages_keep_their_order(there: Place):
    async with there.connect(name="order") as client:
        sent: list[str | bytes] = ["", b"", "x" * 3_000_000, b"\xff" * 1_500_000]
        sent += [f"{number}" for number in range(300)]
        for each in sent:
            await client.send(each)
        for each in sent:
            found = await asyncio.wait_for(client.recv(), LIMIT)
            assert found == (each if isinstance(each, bytes) else f"order {each}")


async def test_many_sockets_and_their_tags(there: Place):
    async with (
        there.connect("name=one&tag=a", "many") as first,
        there.connect("name=two&tag=a&tag=b", "many"),
        there.connect("name=three&tag=b", "many") as third,
    ):
        assert await run(first, "tagged") == [["one", "two"], ["two", "three"], []]
        assert await run(first, "all") == ["three", "two", "one"]
        await sleep(there)
        assert await run(third, "tagged") == [["one", "two"], ["two", "three"], []]
    await until(lambda: closes(there, "many", 3))
    assert await there.ask("sockets", "many") == []


async def closes(there: Place, name: str, count: int, service: str = "things") -> bool:
    return len(await there.ask("closes", name, service)) >= count


async def test_the_client_closes(there: Place):
    async with there.connect(name="closed") as client:
        await sleep(there)
        await client.close(4001, "tschüß")
        assert (client.close_code, client.close_reason) == (4001, "tschüß")
    await until(lambda: closes(there, "closed", 1))
    assert await there.ask("closes", "closed") == [[4001, "tschüß", True, 3, False]]


async def test_before_closes_were_answered_by_themselves(there: Place):
    await there.deploy(CASES, "older", compatibility_date="2026-04-06")
    async with there.connect(name="c", service="older") as client:
        await client.close(4009, "answer me")
        assert (client.close_code, client.close_reason) == (4010, "answered")
    async with there.connect(name="c", service="older") as client:
        await client.close(4001, "bye")
        assert client.close_code == 4001
    await until(lambda: closes(there, "c", 2, "older"))
    assert await there.ask("closes", "c", "older") == [
        [4009, "answer me", True, 2, False],
        [4001, "bye", True, 2, False],
    ]


async def test_the_object_closes(there: Place):
    async with there.connect(name="leaves") as client:
        await client.send('{"run": "leave"}')
        assert await closed(client) == (4002, "server out")
    await until(lambda: closes(there, "leaves", 1))
    assert await there.ask("closes", "leaves") == [[4002, "server out", True, 3, False]]
    assert await there.ask("left", "leaves") == "TypeError: Can't call WebSocket send() after close()."


async def test_a_lost_client(there: Place):
    client = await there.connect(name="lost")
    client.transport.abort()
    await until(lambda: closes(there, "lost", 1))
    assert await there.ask("closes", "lost") == [LOST]


async def test_a_client_that_breaks_the_protocol(there: Place):
    client = await there.connect(name="broken")
    client.transport.write(frame(0xC1, b"x"))
    assert (await closed(client))[0] == 1002

    async def told() -> bool:
        return await there.ask("error", "broken") is not None

    await until(told)
    assert await there.ask("error", "broken") == [
        "Error",
        "reserved bits are set, but no extension was agreed on",
    ]
    assert await there.ask("sockets", "broken") == []


async def test_answers_without_waking(there: Place):
    async with there.connect(name="auto") as client, there.connect(name="auto") as other:
        await run(client, "auto")
        assert await run(client, "answered") == ["ping", False]
        await sleep(there)
        assert await say(client, "ping") == "pong"
        assert not any(house.living for house in houses(there))
        assert await say(client, "Ping") == "auto Ping"
        assert await say(client, b"ping") == b"ping"
        assert await run(client, "answered") == ["ping", True]
        assert await run(other, "answered") == ["ping", False]
        assert await run(client, "quiet") is None
        assert await say(client, "ping") == "auto ping"


async def test_what_is_refused(there: Place):
    async with there.connect(name="refused") as client:
        assert await run(client, "refused") == REFUSED


async def test_handlers_that_throw_or_are_missing(there: Place):
    async with there.connect(name="throws") as client:
        await client.send('{"run": "throw"}')
        assert await say(client, "after") == "throws after"
    silent = """
    export class Thing extends DurableObject {
      fetch() {
        const [client, server] = Object.values(new WebSocketPair());
        this.ctx.acceptWebSocket(server);
        server.addEventListener("message", () => server.send("never"));
        setTimeout(() => server.send("still here"), 50);
        return new Response(null, { status: 101, webSocket: client });
      }
    }"""
    await there.deploy(service="silent", room=silent)
    async with there.connect(service="silent") as client:
        await client.send("x")
        assert await asyncio.wait_for(client.recv(), LIMIT) == "still here"


async def test_messages_do_not_wait_for_each_other(there: Place):
    async with there.connect(name="waits") as client:
        await client.send('{"run": "wait"}')
        await client.send('{"run": "go"}')
        assert {await asyncio.wait_for(client.recv(), LIMIT) for _ in range(2)} == {'"gone"', '"waited"'}
        await client.send('{"run": "hold"}')  # but they do for this
        await client.send("x")
        assert await asyncio.wait_for(client.recv(), LIMIT) == '"held"'
        assert await asyncio.wait_for(client.recv(), LIMIT) == "waits x"


async def test_an_event_may_take_so_long(there: Place):
    async with there.connect(name="hangs") as client:
        assert await run(client, "hang") == 30
        await client.send('{"run": "wait"}')
        await until(lambda: any(record.outcome == "canceled" for record in newest(there)))
        assert await say(client, "on") == "hangs on"


def newest(there: Place, service: str = "things") -> list[Any]:
    return there.logs.newest(service, "production", 1000)


@pytest.mark.parametrize("how", ["abort", "loop"])
async def test_an_object_that_fails_loses_its_sockets(there: Place, how: str):
    if how == "loop":
        await there.deploy(CASES, "loops", limits={"cpu_ms": 1000})
    service = "loops" if how == "loop" else "things"
    async with there.connect(name="fails", service=service) as client:
        await client.send(json.dumps({"run": how}))
        assert (await closed(client))[0] == 1011
    async with there.connect(name="fails", service=service) as client:
        assert await say(client, "again") == "fails again"
        assert len(await run(client, "sockets")) == 1


async def test_new_code_ends_them(there: Place):
    await there.deploy(CASES, "moving")
    async with (
        there.connect(name="awake", service="moving") as awake,
        there.connect(name="asleep", service="moving") as asleep,
    ):
        await sleep(there)
        await say(awake, "x")
        await there.deploy(CASES, "moving")
        assert (await closed(awake))[0] == 1012
        assert (await closed(asleep))[0] == 1012
    async with there.connect(name="awake", service="moving") as client:
        assert len(await run(client, "sockets")) == 1


async def test_what_is_sent_waits_for_the_disk(there: Place, monkeypatch: pytest.MonkeyPatch):
    synced = asyncio.Event()
    real = Storage._sync

    async def slow(storage: Storage) -> None:
        await synced.wait()
        await real(storage)

    async with there.connect(name="gated") as client:
        await say(client, "x")
        monkeypatch.setattr(Storage, "_sync", slow)
        await client.send('{"run": "write"}')
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.2)
        synced.set()
        assert [await asyncio.wait_for(client.recv(), LIMIT) for _ in range(2)] == ["gated", '"done"']


async def test_clients_wait_for_a_busy_object(there: Place):
    async with there.connect(name="busy") as client:
        await client.send('{"run": "wait"}')
        data = "d" * 50_000

        async def flood() -> None:
            for _ in range(100):
                await client.send(data)

        sending = asyncio.ensure_future(flood())
        house = next(each for each in houses(there) if each.namespace.service == "things")
        held = {"run": "hold"}
        await client.send(json.dumps(held))
        seen = 0
        for _ in range(100):
            found = await asyncio.wait_for(client.recv(), LIMIT)
            seen += found == f"busy {data}" or found == '"held"'
            assert object_socket._Flow.total < 1 << 20
        await sending
        assert seen == 100
        await client.send('{"run": "go"}')
        assert house.living


async def test_somebody_else_takes_the_other_end(there: Place):
    async with there.connect(name="inside") as client:
        assert await run(client, "inside") == "inside hello"
    talks = """
    export default { async fetch(request, env) {
      const answer = await env.DO.getByName("talk").fetch(request.url, { headers: { Upgrade: "websocket" } });
      if (request.url.endsWith("/drop")) return Response.json(answer.status);
      const ws = answer.webSocket, got = [];
          ws.binaryType = "arraybuffer";
      const done = new Promise((resolve) => {
        ws.addEventListener("message", ({ data }) => {
          got.push(data);
          if (got.length === 2) ws.close(4005, "enough");
        });
        ws.addEventListener("close", ({ code, reason }) => resolve(got.push(code, reason)));
      });
      ws.accept();
      ws.send("one");
      ws.send(new Uint8Array([1, 2]));
      await done;
      return Response.json(got.map((each) => (each instanceof ArrayBuffer ? each.byteLength : each)));
    } };"""
    await there.deploy(CASES, "talks", worker=talks)
    assert await there.ask("", "talk", "talks") == ["talk one", 2, 4005, "enough"]
    assert await there.ask("drop", "talk", "talks") == 101
    await there.deploy(CASES, "talks")
    await until(lambda: closes(there, "talk", 2, "talks"))
    assert await there.ask("closes", "talk", "talks") == [[4005, "enough", True, 3, False], LOST]


async def test_through_a_service_binding(there: Place):
    front = "export default { fetch: (request, env) => env.BACK.fetch(request) };"
    await there.deploy(
        service="front", worker=front, bindings=({"type": "service", "name": "BACK", "service": "things"},)
    )
    async with there.connect(name="far", service="front") as client:
        await sleep(there)
        assert await say(client, "x") == "far x"


async def test_logs_tell_what_objects_did(there: Place):
    says = """
    const say = async (env, name, rest) =>
      rest === "say" ? Response.json(await env.DO.getByName(name).say("hi")) : null;"""
    asked = "env.DO.getByName(name).fetch"
    await there.deploy(
        CASES, "told", worker=WORKER.replace(asked, f"await say(env, name, rest) ?? {asked}") + says
    )
    async with there.connect(name="t", service="told") as client:
        await run(client, "alarm")

        async def rung() -> bool:
            return await there.ask("rung", "t", "told") == 1

        await until(rung)
        assert await there.ask("say", "t", "told") == "hi"
        await client.send('{"run": "throw"}')
        await client.close(4001)
    await until(lambda: closes(there, "t", 1, "told"))
    traces = [record.trace() for record in newest(there, "told")]
    objects = [trace for trace in traces if trace["executionModel"] == "durableObject"]
    assert {trace["entrypoint"] for trace in objects} == {"Thing"}
    assert len({trace["durableObjectId"] for trace in objects}) == 1
    assert all(trace["scriptVersion"] for trace in objects)

    def of(key: str) -> list[Any]:
        return [trace for trace in objects if key in trace["event"]]

    assert of("scheduledTime")[0]["logs"][0]["message"] == ["the alarm rings"]
    assert of("rpcMethod")[0]["event"] == {"rpcMethod": "say"}
    assert of("rpcMethod")[0]["logs"][0]["message"] == ["said hi"]
    assert of("request")[0]["event"]["response"] == {"status": 101}
    events = [(trace["event"]["getWebSocketEvent"], trace["outcome"]) for trace in of("getWebSocketEvent")]
    assert events == [
        ({"webSocketEventType": "message"}, "ok"),
        ({"webSocketEventType": "message"}, "exception"),
        ({"webSocketEventType": "close", "code": 4001, "wasClean": True}, "ok"),
    ]
