"""WebSockets: to workers through the gateway, between workers, from workers outwards, and the frames."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest
from enginekit import RunningEngine
from socketkit import CODE, FRONT, frame, opened, raw
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.server import serve


@pytest.fixture(scope="module")
def sockets(engine: RunningEngine) -> str:
    """A service that echoes, and one that calls it."""
    engine.deploy("sockets", CODE, limits={"cpu_ms": 200})
    bindings = [{"name": "BACK", "type": "service", "service": "sockets"}]
    engine.deploy("sockets-front", FRONT, bindings=bindings)
    return "sockets"


def test_echo(engine: RunningEngine, sockets: str) -> None:
    with opened(engine) as connection:
        for text in ("hello", "", "é€😀", "x" * 200, "y" * 70_000, "z" * 2_000_000):
            connection.send(text)
            assert connection.recv(10) == f"echo {text}"
        data = os.urandom(300_000)
        connection.send(data)
        assert connection.recv(10) == data
        connection.send(b"")
        assert connection.recv(10) == b""
        connection.send("type")
        assert connection.recv(10) == "true"


def test_many_messages_keep_their_order(engine: RunningEngine, sockets: str) -> None:
    with opened(engine) as connection:
        for number in range(500):
            connection.send(f"{number}")
        assert [connection.recv(10) for _ in range(500)] == [f"echo {number}" for number in range(500)]
        connection.send("many")
        assert [connection.recv(10) for _ in range(100)] == [f"{number}" for number in range(100)]


def test_fragments_and_pings(engine: RunningEngine, sockets: str) -> None:
    with opened(engine) as connection:
        connection.send(iter(["one ", "two ", "é"]))
        assert connection.recv(10) == "echo one two é"
        assert connection.ping("payload").wait(5)


def test_the_worker_closes(engine: RunningEngine, sockets: str) -> None:
    with opened(engine) as connection:
        connection.send("close")
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(10)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4001, "as asked")


def test_what_was_sent_before_the_response(engine: RunningEngine, sockets: str) -> None:
    with opened(engine, "/early") as connection:
        assert [connection.recv(5), connection.recv(5)] == ["first", "second"]
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(10)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1000


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (4321, "tschüß")])
def test_the_client_closes(engine: RunningEngine, sockets: str, code: int, reason: str) -> None:
    with opened(engine) as connection:
        connection.close(code, reason)
    assert connection.protocol.close_code == code  # the worker answered with the same one


def test_subprotocol(engine: RunningEngine, sockets: str) -> None:
    with opened(engine, "/protocol", subprotocols=["one", "two"]) as connection:
        assert connection.subprotocol == "two"


@pytest.mark.parametrize(("path", "status"), [("/refuse", 403), ("/accepted", 500), ("/hang", 500)])
def test_no_upgrade(engine: RunningEngine, sockets: str, path: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as caught:
        opened(engine, path)
    assert caught.value.response.status_code == status


def test_requests_that_do_not_ask(engine: RunningEngine, sockets: str) -> None:
    assert engine.get(sockets).status_code == 426
    headers = {"connection": "Upgrade", "upgrade": "websocket"}  # without a key
    assert engine.get(sockets, "/refuse", headers=headers).status_code == 403
    assert engine.get("sockets-front", "/not-asked").status_code == 500
    other = {"connection": "Upgrade", "upgrade": "h2c"}
    assert engine.get(sockets, headers=other).status_code == 426
    assert engine.get(sockets).status_code == 426


def test_a_listener_that_throws(engine: RunningEngine, sockets: str) -> None:
    with opened(engine) as connection:
        connection.send("throw")
        connection.send("after")
        assert connection.recv(5) == "echo after"


def test_a_listener_that_never_ends(engine: RunningEngine, sockets: str) -> None:
    with opened(engine) as connection:
        connection.send("loop")
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(20)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1011
    with opened(engine) as connection:
        connection.send("again")
        assert connection.recv(10) == "echo again"


def test_a_slow_reader(engine: RunningEngine, sockets: str) -> None:
    with opened(engine, "/flood") as connection:
        connection.send("go")
        time.sleep(0.2)
        for _ in range(20):
            assert len(connection.recv(20)) == 1 << 20


def test_through_a_service_binding(engine: RunningEngine, sockets: str) -> None:
    assert engine.get("sockets-front", "/talk").text == "101 echo hi 4001 as asked"
    with opened(engine, "/pass", "sockets-front") as connection:
        connection.send("through")
        assert connection.recv(10) == "echo through"
        connection.send(b"\x00\xff" * 100_000)
        assert connection.recv(10) == b"\x00\xff" * 100_000
        connection.send("close")
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(10)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4001


@pytest.fixture
def outside() -> Iterator[str]:
    """A WebSocket server that echoes; its address."""

    def echo(connection: object) -> None:
        for message in connection:  # type: ignore[attr-defined]
            connection.send(message)  # type: ignore[attr-defined]

    with serve(echo, "127.0.0.1", 0, subprotocols=["two"]) as server:  # type: ignore[list-item]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()
        thread.join()


def test_outgoing(engine: RunningEngine, sockets: str, outside: str) -> None:
    answer = engine.get("sockets-front", f"/out?to={outside}")
    assert answer.json() == ["open two", "hello", "1,2", "close 4000 true"]


def test_outgoing_that_fails(engine: RunningEngine, sockets: str) -> None:
    assert engine.get("sockets-front", "/out?to=ws://127.0.0.1:1/").json() == ["error", "close 1006 false"]
    port = f"ws://{engine.host(sockets)}:{engine.port}/refuse"
    assert engine.get("sockets-front", f"/out?to={port}").json() == ["error", "close 1006 false"]


def test_within_an_isolate(engine: RunningEngine, sockets: str) -> None:
    assert engine.get("sockets-front", "/local").json() == [["x", "y"], 1000, "z", 3]
    told, opened_, closed = engine.get("sockets-front", "/errors").json()
    assert told == [
        "TypeError",
        "InvalidAccessError",
        "InvalidAccessError",
        "InvalidAccessError",
        "SyntaxError",
        "TypeError",
        "nothing",
        "SyntaxError",
        "SyntaxError",
        "RangeError",
    ]
    assert (opened_, closed) == (1, 3)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x01x", 1002),  # not masked
        (frame(0xC1, b"x"), 1002),  # a reserved bit
        (frame(0x83, b"x"), 1002),  # no such opcode
        (frame(0x80, b"x"), 1002),  # continues nothing
        (frame(0x01, b"x") + frame(0x81, b"y"), 1002),  # a message within a message
        (frame(0x09, b"x"), 1002),  # a fragmented ping
        (b"\x89\xfe\x00\x7e", 1002),  # a long ping
        (frame(0x81, b"\xff"), 1007),  # not UTF-8
        (b"\x82\xff\x00\x00\x00\x00\x02\x00\x00\x01", 1009),  # more than 32 MiB
        (frame(0x88, b"\x03\xed"), 1002),  # 1005 in a frame
        (frame(0x88, b"\x03"), 1002),  # half a code
    ],
)
def test_violations(engine: RunningEngine, sockets: str, sent: bytes, code: int) -> None:
    with raw(engine) as connection:
        connection.sendall(sent)
        received = b""
        while len(received) < 4 and (part := connection.recv(4096)):
            received += part
    assert received[0] == 0x88
    assert int.from_bytes(received[2:4]) == code


def test_a_lost_client(engine: RunningEngine, sockets: str) -> None:
    """The worker hears of it, and the event ends."""
    before = engine.result("GET", f"/workers/scripts/{sockets}/logs", params={"limit": 1})
    since = before[-1]["seq"] if before else 0
    raw(engine).close()
    for _ in range(100):
        found = engine.result("GET", f"/workers/scripts/{sockets}/logs", params={"since": since})
        if found:
            break
        time.sleep(0.02)
    assert found[0]["event"]["response"] == {"status": 101}


def test_many_idle_sockets(engine: RunningEngine, sockets: str) -> None:
    idle = [raw(engine) for _ in range(200)]
    try:
        with opened(engine) as connection:
            connection.send("beside")
            assert connection.recv(10) == "echo beside"
        for each in idle[::20]:
            each.sendall(frame(0x81, b"up"))
            assert each.recv(100) == b"\x81\x07echo up"
    finally:
        for each in idle:
            each.close()


def test_a_deploy_ends_sockets(engine: RunningEngine) -> None:
    """In time, and says why; new connections get the new code at once."""
    engine.deploy("sockets-moving", CODE)
    with opened(engine, service="sockets-moving") as connection:
        engine.deploy("sockets-moving", CODE.replace("echo $", "new $"))
        connection.send("old")
        assert connection.recv(10) == "echo old"
        with opened(engine, service="sockets-moving") as other:
            other.send("x")
            assert other.recv(10) == "new x"


def test_to_a_durable_object(engine: RunningEngine) -> None:
    """Clients of one object share its instance, and their sockets outlive the worker's own event."""
    code = """import { DurableObject } from "cloudflare:workers";
    export class Room extends DurableObject {
      count = 0;
      fetch() {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", ({ data }) => server.send(`${++this.count} ${data}`));
        return new Response(null, { status: 101, webSocket: client });
      }
    }
    export default { fetch: (request, env) => env.ROOM.get(env.ROOM.idFromName("one")).fetch(request) };"""
    engine.deploy(
        "sockets-room",
        code,
        bindings=[{"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room"}],
        migrations={"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]},
    )
    with opened(engine, service="sockets-room") as first, opened(engine, service="sockets-room") as second:
        first.send("a")
        assert first.recv(10) == "1 a"
        second.send("b")
        assert second.recv(10) == "2 b"
