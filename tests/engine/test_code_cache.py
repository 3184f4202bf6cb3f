"""Compiled code that isolates share: it is found by the text, and what is no good does no harm."""

from __future__ import annotations

import asyncio
import platform
import sys

import pytest
from workerkit import lab

from engine.runtime import services
from engine.runtime.code_cache import CodeCache, Scripts, code_cache
from engine.runtime.errors import StartupError
from engine.runtime.isolate import Isolate
from engine.runtime.services.source import library, read
from engine.runtime.v8 import TRIED

tried = pytest.mark.skipif((sys.platform, platform.machine()) not in TRIED, reason="V8 gives no code here")

STREAMS = """
export default {
  async fetch(request) {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    writer.write(new TextEncoder().encode(new URL(request.url).pathname));
    writer.close();
    return new Response(readable);
  },
};
"""


@tried
async def test_libraries_are_compiled_once() -> None:
    async with lab(spares=0, isolates_per_worker=1) as bench:
        for _ in range(2):
            worker = await bench.worker(STREAMS)
            assert await bench.text(worker, "/path") == "/path"
            await worker.close()
        assert code_cache.find(library("streams"))
        assert code_cache.find(library("url"))


@tried
async def test_a_second_isolate_takes_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """V8 would refuse it silently, and all would only be slower."""
    refused: list[bool] = []
    evaluate = Scripts.evaluate

    def watched(self: Scripts, text: bytes, rests: tuple[int, ...]) -> int | None:
        before = len(self._new)
        value = evaluate(self, text, rests)
        refused.append(len(self._new) > before)
        return value

    loop = asyncio.get_running_loop()
    make = (read("runtime"), loop, services.answer, 0, library)
    (await asyncio.to_thread(Isolate, *make)).close()
    monkeypatch.setattr(Scripts, "evaluate", watched)
    (await asyncio.to_thread(Isolate, *make)).close()
    assert refused == [False]


@tried
@pytest.mark.parametrize("damage", ["short", "long", "flipped", "of another"])
async def test_code_that_is_no_good(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    make = (read("runtime"), loop, services.answer, 0, library)
    (await asyncio.to_thread(Isolate, *make)).close()
    monkeypatch.setattr(CodeCache, "find", lambda self, text: broken)
    good = next(code for text, code in code_cache._kept.items() if b"__notify" in text)
    broken = {
        "short": b"no code",
        "long": bytes(len(good)),
        "flipped": bytes([good[0] ^ 255]) + good[1:],
        "of another": next((code for code in code_cache._kept.values() if code is not good), good[:100]),
    }[damage]
    async with lab(spares=0, isolates_per_worker=1) as bench:
        worker = await bench.worker("export default { fetch() { return new Response('well'); } }")
        assert await bench.text(worker) == "well"


@tried
async def test_a_program_is_compiled_once() -> None:
    async with lab(spares=0, isolates_per_worker=1) as bench:
        source = "export default { fetch() { return new Response(new Error('here').stack); } }"
        worker = await bench.worker(source)
        first = await bench.text(worker)
        for _ in range(3):
            assert await bench.text(worker) == first
        scripts, without = worker.program.split()
        assert b"fetch()" not in without
        assert code_cache.find(scripts["worker.js"])
        again = bench.runtime.worker(worker.program)
        assert (await bench.text(again)).splitlines()[1] == first.splitlines()[1]
        assert "worker.js:1:" in first


@tried
@pytest.mark.parametrize(
    ("script", "message"),
    [(b"(function*(", "SyntaxError"), (b"null.x", "TypeError"), (b"\xff(", "SyntaxError")],
)
async def test_a_script_that_v8_refuses(script: bytes, message: str) -> None:
    """What the compiler here lets through; it ends as an error of the worker's."""
    async with lab(spares=0, isolates_per_worker=1) as bench:
        worker = await bench.worker("export default { fetch() {} }")
        _, without = worker.program.split()
        worker.program._split[:] = [({"worker.js": script}, without)]
        for _ in range(2):
            with pytest.raises(StartupError) as raised:
                await bench.text(worker)
            assert raised.value.name == message
        other = await bench.worker("export default { fetch() { return new Response('well'); } }")
        assert await bench.text(other) == "well"


def test_it_keeps_what_was_used_last() -> None:
    cache = CodeCache(most=40)
    cache.keep(b"text one", b"12345678")
    cache.keep(b"text two", b"12345678")
    assert cache.find(b"text one") == b"12345678"
    cache.keep(b"text 3", b"12345678")
    assert [cache.find(text) for text in (b"text one", b"text two", b"text 3")] == [
        b"12345678",
        None,
        b"12345678",
    ]
    cache.keep(b"text 3", b"1234567890")
    assert cache.find(b"text one") is not None
