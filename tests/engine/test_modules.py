"""Modules in an isolate: live bindings, cycles, await at the top, CommonJS, data, and where errors are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from workerkit import Lab, lab

from engine.model import Module
from engine.runtime.errors import ScriptException, StartupError

FIXTURES = Path(__file__).parent.parent / "fixtures" / "modules"
ANSWER = """
export default { async fetch() { return Response.json(await answer()); } };
"""


@pytest.fixture
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


def esm(name: str, text: str) -> Module:
    return Module(name, "esm", text.encode())


async def test_es_modules_mean_what_they_mean_in_node(bench: Lab) -> None:
    """expected.json is what Node 24 gave for the same files."""
    entry = esm(
        "entry.js",
        """import * as main from "./main.js";
        const answer = () => [main["the log"], Object.keys(main), main.mutable, main.default, main.again];"""
        + ANSWER,
    )
    files = [Module(path.name, "esm", path.read_bytes()) for path in sorted(FIXTURES.glob("*.js"))]
    answer = orjson.loads(await bench.text(await bench.worker(entry, *files)))
    assert answer == orjson.loads((FIXTURES / "expected.json").read_bytes())


async def test_text_data_json_and_wasm_are_values(bench: Lab) -> None:
    wasm = bytes([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0])
    wasm += bytes([10, 6, 1, 4, 0, 65, 42, 11])
    main = esm(
        "worker.js",
        """import text from "./text.txt"; import data from "./data.bin";
        import json from "./value.json" with { type: "json" };
        import module from "./1234abcd-add.wasm";
        const { f } = new WebAssembly.Instance(module).exports;
        const answer = () => [text, [...new Uint8Array(data)], json, f()];"""
        + ANSWER,
    )
    worker = await bench.worker(
        main,
        Module("text.txt", "text", "é\n".encode()),
        Module("data.bin", "data", b"\x00\xff"),
        Module("value.json", "json", b'{"a": [1]}'),
        Module("./1234abcd-add.wasm", "wasm", wasm),
    )
    assert orjson.loads(await bench.text(worker)) == ["é\n", [0, 255], {"a": [1]}, 42]


async def test_common_js(bench: Lab) -> None:
    main = esm(
        "worker.js",
        """import whole, { twice } from "./lib.cjs"; import * as everything from "./lib.cjs";
        const answer = () => [whole.twice(2), twice(3), everything.text, Object.keys(everything).sort()];"""
        + ANSWER,
    )
    lib = b"""const other = require("./other.cjs");
        exports.twice = (n) => other.add(n, n);
        exports.text = require("./text.txt");"""
    other = b"""exports.early = Object.keys(require('./lib.cjs')).length;
        module.exports = { add: (a, b) => a + b };"""
    worker = await bench.worker(
        main,
        Module("lib.cjs", "commonjs", lib),
        Module("other.cjs", "commonjs", other),
        Module("text.txt", "text", b"t"),
    )
    assert orjson.loads(await bench.text(worker)) == [4, 6, "t", ["default", "text", "twice"]]


async def test_typescript_and_jsx(bench: Lab) -> None:
    main = esm(
        "worker.ts",
        """import { render } from "./view.js";
        import type { Shape } from "./shapes.ts";
        enum Color { Red = 1, Blue }
        class Box<T> {
            constructor(private readonly item: T) {}
            get() { return this.item satisfies unknown; }
        }
        const shape: Shape = { kind: "box" };
        const answer = async (): Promise<unknown> =>
            [Color.Blue, Color[1], new Box<number>(5).get(), shape!.kind, render()];"""
        + ANSWER,
    )
    view = esm(
        "view.tsx",
        """/** @jsx h */
        const h = (tag: string, props: object | null, ...children: unknown[]) => ({ tag, props, children });
        export const render = () => <p class="a">{1 + 1}</p>;""",
    )
    shapes = esm("shapes.ts", "export interface Shape { kind: string }")
    worker = await bench.worker(main, view, shapes)
    expected = [2, "Red", 5, "box", {"tag": "p", "props": {"class": "a"}, "children": [2]}]
    assert orjson.loads(await bench.text(worker)) == expected


async def test_the_module_of_the_platform(bench: Lab) -> None:
    worker = await bench.worker("""
        import { WorkerEntrypoint, DurableObject, env } from "cloudflare:workers";
        export default class extends WorkerEntrypoint {
            fetch() { return Response.json([typeof DurableObject, typeof env, this.env !== undefined]); }
        }""")
    assert orjson.loads(await bench.text(worker)) == ["function", "object", True]


async def test_stacks_name_the_file_line_and_column_of_the_user(bench: Lab) -> None:
    main = esm(
        "worker.js",
        """import { fail } from "./src/deep.js"; export default { fetch() {
            return fail(); } };""",
    )
    worker = await bench.worker(
        main, esm("src/deep.js", "export function fail() { throw new TypeError('no'); }")
    )
    with pytest.raises(ScriptException) as caught:
        await bench.fetch(worker)
    places = [(frame.file, frame.line) for frame in caught.value.stack[:2]]
    assert places == [("src/deep.js", 1), ("worker.js", 2)]
    assert caught.value.stack[0].column == len("export function fail() { throw ") + 1


async def test_a_module_that_throws_at_the_start(bench: Lab) -> None:
    worker = await bench.worker(
        esm("worker.js", "import './bad.js'; export default { fetch() {} };"),
        esm("bad.js", "\n\nundefinedName();"),
    )
    with pytest.raises(StartupError) as caught:
        await worker.describe()
    assert (caught.value.file, caught.value.line) == ("bad.js", 3)
    assert "undefinedName is not defined" in str(caught.value)


async def test_import_of_what_is_not_there_rejects(bench: Lab) -> None:
    worker = await bench.worker(
        'const answer = () => import("./" + "nope.js").catch((error) => error.message);' + ANSWER
    )
    assert orjson.loads(await bench.text(worker)) == 'No such module "./nope.js" imported from "worker.js".'
