"""`svc-tui --web`: the app in a browser of this machine, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from enginekit import RunningEngine

from tui.web.server import WebServer

#: Stands for the app: says that it is one, and then what it was told.
ECHO = """
import sys
read, write = sys.stdin.buffer.read, sys.stdout.buffer
write.write(b"__GANGLION__\\n"); write.flush()
while kind := read(1):
    data = read(int.from_bytes(read(4), "big"))
    if kind == b"M" and b"quit" in data:
        break
    write.write(b"D" + len(data).to_bytes(4, "big") + data); write.flush()
"""


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    """A server on a free port."""
    found = WebServer([sys.executable, "-c", ECHO], 0)
    runner = await found.start()
    yield found
    await runner.cleanup()


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """What asks."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as session:
        yield session


async def test_the_page_wants_the_token(server: WebServer, browser: aiohttp.ClientSession) -> None:
    root = server.address.removesuffix(f"{server.token}/")
    for path in ("", "x/", f"{server.token[:-1]}/", "static/js/textual.js", "x/static/js/textual.js", "ws"):
        async with browser.get(root + path) as answer:
            assert answer.status == 403, path
            assert "token" in await answer.text()
    async with browser.get(server.address) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "//fonts." not in page, "asks nobody else for anything"
    nonces = set(re.findall(r'nonce="([^"]+)"', page))
    assert [f"'nonce-{nonce}'" in policy for nonce in nonces] == [True]
    for path in set(re.findall(r'(?:src|href|url\()="?"?(/[^")]+)', page)):
        async with browser.get(root.rstrip("/") + path) as answer:
            assert answer.status == 200, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::2]:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
    ],
    ids=str,
)
async def test_another_sites_page_does_not_get_in(
    server: WebServer, browser: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with browser.get(server.address, headers=headers) as answer:
        assert answer.status == 403
        assert server.token not in await answer.text()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect(f"{server.address}ws", headers={"Origin": origin(server), **headers})
    assert refused.value.status == 403


def origin(server: WebServer) -> str:
    return f"http://{server.host}:{server.port}"


async def test_a_socket_wants_token_and_origin(server: WebServer, browser: aiohttp.ClientSession) -> None:
    right = {"Origin": origin(server)}
    for address, headers in (
        (f"{origin(server)}/ws", right),
        (f"{origin(server)}/x/ws", right),
        (f"{server.address}ws", {}),
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.ws_connect(address, headers=headers)
        assert refused.value.status == 403
    # At the other end of `ssh -L 9000:…` the browser knows another port.
    forwarded = {"Host": "localhost:9000", "Origin": "http://localhost:9000"}
    for headers in (right, forwarded):
        async with browser.ws_connect(f"{server.address}ws?width=80&height=24", headers=headers) as socket:
            await socket.send_json(["stdin", "hello"])
            assert await socket.receive_bytes(timeout=60) == b"hello"
    for _ in range(3000):
        if not server.windows:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("a closed window still counts")


async def test_there_is_an_end_to_windows(
    server: WebServer, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.web.server.MOST", 0)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect(f"{server.address}ws", headers={"Origin": origin(server)})
    assert refused.value.status == 503


@pytest.fixture
def program(engine: RunningEngine, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`svc-tui --web` as people start it."""
    command = [sys.executable, "-m", "tui", "--web", "--web-port", "0", "--state", str(engine.state)]
    environment = {**os.environ, "SVC_TUI_CONFIG": str(tmp_path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(60)


async def test_the_app_itself_is_there(
    program: subprocess.Popen[str], browser: aiohttp.ClientSession
) -> None:
    assert program.stdout is not None
    line = await asyncio.to_thread(program.stdout.readline)
    address = line.split(": ", 1)[1].strip()
    headers = {"Origin": re.findall(r"http://[^/]+", address)[0]}
    async with browser.ws_connect(f"{address}ws?width=100&height=30", headers=headers) as socket:
        painted = b""
        await socket.send_json(["focus"])  # as the page does at a click into it
        async with asyncio.timeout(60):
            while b"production" not in painted or b"palette" not in painted:
                painted += await socket.receive_bytes()
            await socket.send_json(["stdin", "\x11"])  # ctrl+q
            async for message in socket:
                assert message.type == aiohttp.WSMsgType.BINARY or json.loads(message.data)
        assert socket.closed
    program.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(program.wait, 60) == 0
