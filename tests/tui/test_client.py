"""The client on a wire: envelopes, errors, streams cut anywhere, an engine that is not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from tui.client import Engine, EngineAway, EngineError
from tui.upload import multipart

Json = dict[str, Any]
Answer = Callable[[str, dict[str, str], bytes, asyncio.StreamWriter], Awaitable[None]]
ACCOUNT = "a" * 32


def envelope(result: Any, status: str = "200 OK", **more: Any) -> bytes:
    body = {"success": True, "errors": [], "messages": [], "result": result, **more}
    return http(json.dumps(body).encode(), status)


def refusal(code: int, message: str, status: str) -> bytes:
    body = {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
    return http(json.dumps(body).encode(), status)


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def engine(state: Path, answer: Answer, **options: Any) -> AsyncIterator[Engine]:
    """A client, and a server that reads whole requests and lets `answer` write."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                await answer(first.removesuffix(" HTTP/1.1"), headers, body, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    (state / "engine.json").write_text(json.dumps({"address": address, "account_id": ACCOUNT}))
    (state / "api-token").write_text("secret-token\n")
    client = Engine(state, **options)
    async with server:
        yield client
        await client.close()


async def test_reads_every_page_of_services(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: str, headers: dict[str, str], _: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        assert headers["authorization"] == "Bearer secret-token"
        assert headers["x-svc-source"] == "app"
        page = int(request.split("page=")[1].split("&")[0])
        names = [{"id": f"s{n}", "environments": []} for n in range((page - 1) * 2, page * 2)][
            : 3 - (page - 1) * 2
        ]
        writer.write(envelope(names, result_info={"total_count": 3}))

    async with engine(tmp_path, answer) as client:
        assert [service["id"] for service in await client.services()] == ["s0", "s1", "s2"]
    assert asked[0] == f"GET /client/v4/accounts/{ACCOUNT}/workers/services?page=1&per_page=100"


async def test_a_refusal_keeps_code_message_and_status(tmp_path: Path) -> None:
    async def answer(request: str, _: Json, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(refusal(10412, "ana deployed v42 while you edited.", "412 Precondition Failed"))

    async with engine(tmp_path, answer) as client:
        with pytest.raises(EngineError, match="ana deployed v42") as caught:
            await client.save("notes", "staging", [{"name": "a.js", "text": ""}], "a.js", "version-41")
    assert (caught.value.code, caught.value.status, caught.value.is_conflict) == (10412, 412, True)


async def test_an_answer_that_is_no_json_is_an_error_not_a_crash(tmp_path: Path) -> None:
    async def answer(request: str, _: Json, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(b"<h1>Bad gateway</h1>", "502 Bad Gateway"))

    async with engine(tmp_path, answer) as client:
        with pytest.raises(EngineError, match="answered 502 without JSON: <h1>Bad gateway"):
            await client.status()


async def test_a_stream_may_be_cut_anywhere(tmp_path: Path) -> None:
    events = [{"type": "console", "text": "a\u2028b\u0085c\nd é"}, {"type": "end"}]
    lines = b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
    content = b"\n\n" + lines[:-1]  # keep-alive lines, and no line end after the last object

    async def answer(request: str, _: Json, body: bytes, writer: asyncio.StreamWriter) -> None:
        assert json.loads(body) == {"mode": "sandbox"}
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for n in range(len(content)):
            writer.write(b"1\r\n" + content[n : n + 1] + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async with engine(tmp_path, answer) as client:
        found = [event async for event in client.run("notes", "staging", {"mode": "sandbox"})]
    assert found == events


async def test_leaving_a_run_closes_its_connection(tmp_path: Path) -> None:
    closed = asyncio.Event()

    async def answer(request: str, _: Json, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{}\n\r\n")
        await writer.drain()
        try:
            while True:
                writer.write(b"1\r\n\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            closed.set()
            raise

    async with engine(tmp_path, answer) as client:
        run = client.run("notes", "staging", {"mode": "sandbox"})
        assert await anext(run) == {}
        await run.aclose()  # type: ignore[attr-defined]  # an async generator, declared as an iterator
        await asyncio.wait_for(closed.wait(), 30)


async def test_no_engine_is_away_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(EngineAway, match="none has started yet"):
        await Engine(tmp_path).services()
    (tmp_path / "engine.json").write_text('{"address": "http://127.0.0.1:9", "account_id": "a"}')
    with pytest.raises(EngineAway, match="api-token"):
        await Engine(tmp_path).services()
    (tmp_path / "api-token").write_text("t")
    with pytest.raises(EngineAway, match="nothing answers"):
        await Engine(tmp_path).services()


async def test_a_kept_connection_that_died_is_tried_once_more(tmp_path: Path) -> None:
    served = 0

    async def answer(request: str, _: Json, __: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        if served == 2:
            raise ConnectionError  # as a restarted engine does with connections of before
        writer.write(envelope({"subdomain": "dev"}))

    async with engine(tmp_path, answer) as client:
        for _ in range(2):
            assert (await client.status())["subdomain"] == "dev"
    assert served == 3


async def test_read_only_lets_nothing_out(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: str, _: Json, __: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        writer.write(envelope({"diagnostics": []}))

    async with engine(tmp_path, answer, read_only=True) as client:
        for call in (
            client.delete_service("notes"),
            client.rename("notes", "staging", "x"),
            client.save("notes", "staging", [], "a.js", None),
            client.promote("notes", "staging", "production", [], "plan"),
        ):
            with pytest.raises(EngineError, match="--read-only"):
                await call
        assert await client.check("notes", "staging", [], "a.js") == []
    assert [request.rpartition("/")[2] for request in asked] == ["check"]


def test_an_upload_names_its_parts_and_types() -> None:
    modules = [
        {"name": "worker.ts", "type": "esm", "text": "export default {} // é"},
        {"name": 'lib/"odd".bin', "type": "data", "base64": "AAH/"},
    ]
    body, headers = multipart(modules, "worker.ts", "quick edit")
    head = f"content-type: {headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + body)
    metadata, worker, binary = message.get_payload()
    assert json.loads(metadata.get_payload()) == {
        "main_module": "worker.ts",
        "annotations": {"workers/message": "quick edit"},
    }
    assert worker.get_content_type() == "application/javascript+module"
    assert worker.get_payload(decode=True).decode() == "export default {} // é"
    assert binary.get_filename() == "lib/%22odd%22.bin"
    assert binary.get_payload(decode=True) == b"\x00\x01\xff"
    assert headers["cf-worker-main-module-part"] == "worker.ts"


def test_an_old_style_worker_is_a_body_part() -> None:
    body, headers = multipart([{"name": "old.js", "type": "script", "text": ""}], "old.js")
    assert b'{"body_part": "old.js"}' in body
    assert headers["cf-worker-body-part"] == "old.js"
