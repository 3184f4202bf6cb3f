"""The Web platform in an isolate: each file of fixtures/web_apis is a worker that checks an area of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from workerkit import Lab, lab

from engine.model import Module

CASES = Path(__file__).parent.parent / "fixtures" / "web_apis"
AREAS = sorted(path.stem for path in CASES.glob("*.js") if path.stem != "assert")


@pytest.fixture
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


@pytest.mark.parametrize("area", AREAS)
async def test_area(bench: Lab, area: str) -> None:
    modules = [Module(name, "esm", (CASES / name).read_bytes()) for name in (f"{area}.js", "assert.js")]
    result = orjson.loads(await bench.text(await bench.worker(*modules)))
    assert result["failed"] == []
    assert result["count"] > 3


async def test_a_worker_that_uses_no_library_loads_none(bench: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.runtime import services
    from engine.runtime.services import source

    loaded: list[str] = []

    def get(args: list[str], data: bytes) -> tuple[None, bytes]:
        loaded.append(args[0])
        return None, source.read(f"lazy/{args[0]}").encode()

    monkeypatch.setitem(services.SYNC["source"], "get", get)  # type: ignore[index]
    code = """export default { async fetch(request) {
        console.log("text", 1, null);
        const id = request.headers.get("x") ?? crypto.randomUUID();
        if (new Request("https://example.com/a?b=1").url === id) return new URL(id);
        return Response.json({ id, body: await request.text() }, { headers: { etag: btoa("x") } });
    } }"""
    worker = await bench.worker(code)
    await bench.text(worker)
    assert loaded == []
    assert bench.said == ["text 1 null"]


async def test_console_shows_values_as_node_does(bench: Lab) -> None:
    code = """export default { fetch() {
        class Point { constructor() { this.x = 1; } }
        const circular = { name: "c" }; circular.self = circular;
        console.log({ a: 1, b: [1, "two", { c: { d: {} } }] }, new Map([["k", new Set([1])]]));
        console.log(new Point(), circular, [undefined, null, -0, 5n, Symbol("s")], new Uint8Array(3));
        console.log("%s is %d %o", "x", 4.5, [1]);
        console.log(new Headers({ a: "b" }), [new URLSearchParams("k=v")], new Blob(["abc"]));
        const error = Object.assign(new Error("broke"), { stack: "Error: broke\\n    at here" });
        console.log(error, () => 1, /x/g, new Date(0));
        return new Response();
    } }"""
    await bench.text(await bench.worker(code))
    assert bench.said == [
        "{ a: 1, b: [ 1, 'two', { c: [Object] } ] } Map(1) { 'k' => Set(1) { 1 } }",
        "Point { x: 1 } <ref *1> { name: 'c', self: [Circular *1] } "
        "[ undefined, null, -0, 5n, Symbol(s) ] Uint8Array(3) [ 0, 0, 0 ]",
        "x is 4.5 [ 1, [length]: 1 ]",
        "Headers { a: 'b' } [ URLSearchParams { 'k' => 'v' } ] Blob { size: 3, type: '' }",
        "Error: broke\n    at here [Function (anonymous)] /x/g 1970-01-01T00:00:00.000Z",
    ]


async def test_console_draws_tables_groups_and_depths(bench: Lab) -> None:
    code = """export default { fetch() {
        console.table([{ a: 1, b: "x" }, { a: 2, c: true }, 7]);
        console.table(new Map([["k", { z: 1 }]]));
        console.table([{ a: 1, b: 2 }], ["b"]);
        console.table("text");
        console.group("outer");
        console.log("two\\nlines");
        console.groupEnd();
        console.dir({ a: { b: 1 } }, { depth: 0 });
        console.countReset("none"); console.timeEnd("none"); console.time("t"); console.time("t");
        const form = new FormData(); form.append("a", "1"); form.append("a", "2");
        console.log(form, new URLSearchParams("b=2&a=1&b=1"));
        return new Response();
    } }"""
    await bench.text(await bench.worker(code))
    assert bench.said == [
        "\n".join(
            (
                "┌─────────┬───┬─────┬──────┬────────┐",
                "│ (index) │ a │ b   │ c    │ Values │",
                "├─────────┼───┼─────┼──────┼────────┤",
                "│ 0       │ 1 │ 'x' │      │        │",
                "│ 1       │ 2 │     │ true │        │",
                "│ 2       │   │     │      │ 7      │",
                "└─────────┴───┴─────┴──────┴────────┘",
            )
        ),
        "\n".join(
            (
                "┌───────────────────┬─────┬──────────┐",
                "│ (iteration index) │ Key │ Values   │",
                "├───────────────────┼─────┼──────────┤",
                "│ 0                 │ 'k' │ { z: 1 } │",
                "└───────────────────┴─────┴──────────┘",
            )
        ),
        "\n".join(
            (
                "┌─────────┬───┐",
                "│ (index) │ b │",
                "├─────────┼───┤",
                "│ 0       │ 2 │",
                "└─────────┴───┘",
            )
        ),
        "text",
        "outer",
        "  two\n  lines",
        "{ a: [Object] }",
        "Count for 'none' does not exist",
        "Timer 'none' does not exist",
        "Timer 't' already exists",
        "FormData { a: [ '1', '2' ] } URLSearchParams { 'b' => '2', 'a' => '1', 'b' => '1' }",
    ]
