"""The compiler: its errors name the user's file, line and column, and nothing is compiled twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.model import Module, ModuleType
from engine.runtime.compile import CompileError, Compiler


@pytest.fixture
async def compiler() -> AsyncIterator[Compiler]:
    made = Compiler()
    yield made
    await made.close()


def modules(*files: tuple[str, str], kind: ModuleType = "esm") -> list[Module]:
    return [Module(name, "json" if name.endswith(".json") else kind, text.encode()) for name, text in files]


async def problems(compiler: Compiler, *files: tuple[str, str], kind: ModuleType = "esm") -> list[str]:
    with pytest.raises(CompileError) as caught:
        await compiler.compile(modules(*files, kind=kind), files[0][0])
    return [str(each) for each in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([("w.js", "export default {\n  fetch( {")], "w.js:2:11: SyntaxError: Unexpected token"),
        (
            [("w.js", "const x: number = 1;")],
            "w.js:1:8: SyntaxError: Unexpected token (this is TypeScript: name the module *.ts)",
        ),
        ([("w.ts", "const x: = 1;")], "w.ts:1:10: SyntaxError: Unexpected token"),
        (
            [("w.ts", "export const a = 1;\nnamespace A { export const x = 1; }")],
            "w.ts:2:1: TypeScript namespaces are not supported; use a module of its own.",
        ),
        (
            [("w.ts", "let a = 1;\n@decorate class A {}")],
            "w.ts:2:1: SyntaxError: Decorators are not supported; call the function instead.",
        ),
        ([("w.js", '\nimport x from "./nope.js";')], 'w.js:2:15: No such module "./nope.js".'),
        (
            [("w.js", 'import "hono";')],
            'w.js:1:8: No such module "hono". Packages must be bundled, or added as a module of that name.',
        ),
        (
            [("w.js", 'import { a,\n  missing } from "./x.js";'), ("x.js", "export const a = 1;")],
            "w.js:2:3: SyntaxError: The requested module './x.js' does not provide an export named 'missing'",
        ),
        (
            [
                ("w.js", 'import { both } from "./all.js";'),
                ("all.js", 'export * from "./one.js"; export * from "./two.js";'),
                ("one.js", "export const both = 1;"),
                ("two.js", "export const both = 2;"),
            ],
            "w.js:1:10: SyntaxError: The requested module './all.js' contains conflicting star exports"
            " for name 'both'",
        ),
        (
            [("w.js", 'import d from "./d.json";'), ("d.json", '{"a": 1,\n b}')],
            "d.json:2:2: SyntaxError: Expected double-quoted property name in JSON at position 10",
        ),
    ],
)
async def test_an_error_says_where(compiler: Compiler, files: list[tuple[str, str]], expected: str) -> None:
    assert await problems(compiler, *files) == [expected]


async def test_every_module_with_an_error_is_named(compiler: Compiler) -> None:
    found = await problems(compiler, ("w.js", "import './x.js'; ("), ("x.js", "}"))
    assert [each.split(":")[0] for each in found] == ["w.js", "x.js"]


async def test_the_main_module_must_be_there(compiler: Compiler) -> None:
    with pytest.raises(CompileError, match=r"The main module 'other\.js' is not among the modules"):
        await compiler.compile(modules(("w.js", "1")), "other.js")


async def test_service_worker_format(compiler: Compiler) -> None:
    program = await compiler.compile(
        modules(("w.js", "addEventListener('fetch', () => {});"), kind="script"), "w.js"
    )
    assert program.format == "service-worker"
    assert await problems(compiler, ("w.js", "function f( {"), kind="script") == [
        "w.js:1:14: SyntaxError: Unexpected token"
    ]


async def test_specifiers_find_modules(compiler: Compiler) -> None:
    files = [
        ("src/w.js", 'import "./a"; import "../lib/b.js"; import "./c.js"; import "named";'),
        ("src/a.js", ""),
        ("lib/b.js", 'import "/src/a.js";'),
        ("src/c.ts", ""),
        ("named", ""),
    ]
    program = await compiler.compile(modules(*files), "src/w.js")
    assert program.modules[0]["deps"] == ["src/a.js", "lib/b.js", "src/c.ts", "named"]


async def test_columns_lead_back_to_the_source(compiler: Compiler) -> None:
    """An import's name becomes longer on its line: columns after it are moved back."""
    source = 'import { a } from "./x.js";\nconst b = a + a; fail();'
    program = await compiler.compile(modules(("w.js", source), ("x.js", "export const a = 1;")), "w.js")
    lines = program.modules[0]["code"].split("\n")
    assert len(lines) == 3  # the last one closes the function
    evaluated = lines[1].index("fail") + 1
    assert evaluated != source.split("\n")[1].index("fail") + 1
    assert program.original_column("w.js", 2, evaluated) == source.split("\n")[1].index("fail") + 1
    assert program.original_column("w.js", 1, program.modules[0]["headLen"] + 1) == 1


class Kept:
    """A cache that counts."""

    def __init__(self) -> None:
        self.programs: dict[str, bytes] = {}

    async def get(self, key: str, /) -> bytes | None:
        return self.programs.get(key)

    async def put(self, key: str, content: bytes, /) -> None:
        assert key not in self.programs
        self.programs[key] = content


async def test_programs_are_kept_by_content() -> None:
    kept = Kept()
    first, second = Compiler(kept), Compiler(kept)
    files = modules(("w.js", "export default {};"))
    program, same = await asyncio.gather(first.compile(files, "w.js"), first.compile(files, "w.js"))
    assert program is same
    await first.close()
    assert list(kept.programs) == [program.hash]
    again = await second.compile(files, "w.js")
    assert again == program
    assert second._script is None  # nothing had to be compiled
    await second.close()


async def test_the_event_loop_goes_on_while_it_compiles(compiler: Compiler) -> None:
    await compiler.start()
    text = "\n".join(f"export const value{i} = (a) => [a, {{ b: a?.c ?? {i} }}];" for i in range(8000))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await compiler.compile(modules(("w.js", text)), "w.js")
    ticking.cancel()
    assert ticks > 10
