"""Source maps: errors, stacks and console lines of a bundle name the files it was made of."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
import pytest_asyncio
from workerkit import Lab, lab

from engine.model import Module
from engine.runtime.errors import ScriptException, StartupError
from engine.runtime.source_map import SourceMap, maps_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

ESBUILD = (
    Path(__file__).parents[2] / "engine" / "runtime" / "js" / "node_modules" / "esbuild" / "bin" / "esbuild"
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

CODE = """function fail(text) { throw new RangeError(text); }
export default { fetch(request) {
  if (request.url.endsWith("/log")) { console.error(new Error("shown")); return new Response("ok"); }
  fail("mapped");
} };
"""
#: line and column from 0 in CODE, and where that was
PLACES = [(0, 22, 0, 9, 4), (2, 37, 1, 30, 2), (2, 52, 1, 31, 8), (3, 2, 1, 41, 6)]
SOURCES = ["../../src/fail.ts", "webpack://app/./src/index.ts"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


def vlq(number: int) -> str:
    """A number as a map has it."""
    rest = -number * 2 + 1 if number < 0 else number * 2
    text = ""
    while True:
        rest, digit = rest >> 5, rest & 31
        text += LETTERS[digit | 32 if rest else digit]
        if not rest:
            return text


def made_map(places: Sequence[tuple[int, int, int, int, int]] = PLACES) -> bytes:
    """A map of these places."""
    lines: list[list[str]] = [[] for _ in range(places[-1][0] + 1)]
    before = [0, 0, 0, 0]
    row = 0
    for line, *place in places:
        if line != row:
            row, before[0] = line, 0
        lines[line].append("".join(vlq(now - then) for now, then in zip(place, before, strict=True)))
        before = list(place)
    mappings = ";".join(",".join(line) for line in lines)
    return orjson.dumps({"version": 3, "sources": SOURCES, "names": [], "mappings": mappings})


def modules(how: str) -> list[Module]:
    """The bundle, with its map in one of the ways there are."""
    text = made_map()
    encoded = base64.b64encode(text).decode()
    comment = {
        "named": "//# sourceMappingURL=maps/bundle.map",
        "beside": "",
        "base64": f"//# sourceMappingURL=data:application/json;charset=utf-8;base64,{encoded}",
        "percent": f"/*# sourceMappingURL=data:application/json,{quote(text)} */",
        "none": "//# sourceMappingURL=elsewhere.map",
    }[how]
    files = [Module("dist/worker.js", "esm", f"{CODE}{comment}\n".encode())]
    if how == "named":
        files.append(Module("./dist/maps/bundle.map", "sourcemap", text))
    if how == "beside":
        files.append(Module("dist/worker.js.map", "sourcemap", text))
    return files


@pytest.mark.parametrize("how", ["named", "beside", "base64", "percent", "none"])
async def test_where_a_map_is(bench: Lab, how: str) -> None:
    worker = await bench.worker(*modules(how))
    with pytest.raises(ScriptException) as caught:
        await bench.fetch(worker)
    found = [(frame.function, frame.file, frame.line, frame.column) for frame in caught.value.stack]
    if how == "none":
        assert [place[1] for place in found] == ["dist/worker.js", "dist/worker.js"]
    else:
        assert found == [("fail", "src/fail.ts", 10, 5), ("Object.fetch", "src/index.ts", 42, 7)]
    await worker.close()


async def test_console(bench: Lab) -> None:
    worker = await bench.worker(*modules("base64"))
    bench.lines.clear()
    await bench.text(worker, "/log")
    line = bench.lines[0]
    assert line.text.splitlines() == ["Error: shown", "    at Object.fetch (src/index.ts:32:9)"]
    assert (line.file, line.line, line.column) == ("src/index.ts", 31, 3)
    await worker.close()


async def test_the_global_scope(bench: Lab) -> None:
    code = b"\nthrow new TypeError('early');\nexport default {};"
    worker = await bench.worker(
        Module("worker.js", "esm", code), Module("worker.js.map", "sourcemap", made_map([(1, 0, 1, 6, 0)]))
    )
    with pytest.raises(StartupError) as caught:
        await worker.describe()
    assert (caught.value.file, caught.value.line, caught.value.column) == ("src/index.ts", 7, 1)


@pytest.mark.parametrize(
    "text", [b"", b"nothing", b"[]", b'{"version":3}', b'{"version":3,"sources":["a"],"mappings":"!!!!"}']
)
async def test_what_is_no_map_is_as_if_it_were_not_there(bench: Lab, text: bytes) -> None:
    files = [Module("worker.js", "esm", CODE.encode()), Module("worker.js.map", "sourcemap", text)]
    worker = await bench.worker(*files)
    with pytest.raises(ScriptException) as caught:
        await bench.fetch(worker)
    assert [(each.file, each.line) for each in caught.value.stack] == [("worker.js", 1), ("worker.js", 4)]
    await worker.close()


async def test_sections() -> None:
    inner = orjson.loads(made_map())
    sections = [
        {"offset": {"line": 1, "column": 4}, "map": inner},
        {"offset": {"line": 10, "column": 0}, "map": inner},
    ]
    found = SourceMap(b")]}'\n" + orjson.dumps({"version": 3, "sections": sections}))
    place = found.original(2, 27)
    assert place is not None
    assert (place.file, place.line, place.column) == ("src/fail.ts", 10, 5)
    place = found.original(14, 30)
    assert place is not None
    assert (place.file, place.line) == ("src/index.ts", 42)
    assert found.original(1, 1) is None
    assert found.original(99, 1) is None


async def test_a_map_of_another_module() -> None:
    files = [Module("a.js", "esm", b""), Module("b.map", "sourcemap", b"{}"), Module("t.txt", "text", b"")]
    assert maps_of(files) == {}


@pytest.mark.skipif(not ESBUILD.exists() or shutil.which("node") is None, reason="needs node and esbuild")
async def test_a_bundle_of_esbuild(bench: Lab, tmp_path: Path) -> None:
    """Minified, so that everything is on one line, from TypeScript."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "deep.ts").write_text(
        "interface A { b?: { c: string } }\n\n"
        "export function deep(value: A): string {\n  return value.b!.c;\n}\n"
    )
    (tmp_path / "src" / "index.ts").write_text(
        'import { deep } from "./deep";\nexport default {\n  async fetch() {\n'
        "    await 0;\n    return new Response(deep({}));\n  },\n};\n"
    )
    command = [
        str(ESBUILD),
        "src/index.ts",
        "--bundle",
        "--minify",
        "--format=esm",
        "--sourcemap",
        "--outfile=out/index.js",
    ]
    await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, check=True, capture_output=True, timeout=60
    )
    files = [
        Module("index.js", "esm", (tmp_path / "out" / "index.js").read_bytes()),
        Module("index.js.map", "sourcemap", (tmp_path / "out" / "index.js.map").read_bytes()),
    ]
    worker = await bench.worker(*files)
    with pytest.raises(ScriptException) as caught:
        await bench.fetch(worker)
    found = [(each.file, each.line, each.column) for each in caught.value.stack]
    assert found == [("src/deep.ts", 4, 19), ("src/index.ts", 5, 25)]
    await worker.close()
