"""TypeScript and JSX straight from an editor: what it means, or an error that says where and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio
from workerkit import Lab, lab

from engine.model import Module
from engine.runtime.compile import CompileError

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: By what they show: statements that declare ``answer``.
MEANS = {
    "enums": (
        "enum A { X, Y = 'y', Z = X + 5, W = 'abc'.length }\nconst enum B { X = 1 << 3, Y }\n"
        "declare enum C { X }\n"
        "const answer = [A.X, A[0], A.Y, A.Z, A.W, B.X, B.Y];",
        [0, "X", "y", 5, 3, 8, 9],
    ),
    "satisfies": ("const a = { b: 1 } satisfies Record<string, number>; const answer = a.b as const;", 1),
    "parameter properties": (
        "abstract class P { abstract m(): void; protected x?: number }\n"
        "class A extends P { override m() {} constructor(readonly a = 1, public b?: number) { super(); } }\n"
        "const answer = Object.keys(new A(2));",
        ["x", "a", "b"],
    ),
    "fields": (
        "class A { declare z: number; x!: number; static #p = 3; static get q() { return A.#p } }\n"
        "const answer = [Object.keys(new A()), A.q];",
        [["x"], 3],
    ),
    "types": (
        "import type { A } from './none'; import { type B } from './other.ts'; export type { A };\n"
        "declare module 'x' { export const a: number }\ndeclare namespace N { const x: number }\n"
        "declare global { interface Window { a: 1 } }\n"
        "function f(a: string): string;\nfunction f(a: number): number;\n"
        "function f(this: unknown, a: any) { return a }\n"
        "function sure(x: unknown): asserts x is string {}\n"
        "const g = <T,>(a: T) => a; const h = g<string>; let none: any;\n"
        "const answer = [f(3)!, g<number>(1), h('a'), <any>4 as unknown, none?.b!.c ?? 5];",
        [3, 1, "a", 4, 5],
    ),
    "words": ("const namespace = { a: 1 }; const s = 'namespace A {';\nconst answer = namespace\n.a;", 1),
    "import =": ("const A = { B: 1 };\nimport X = A.B;\nconst answer = X;", 1),
}

REFUSED = {
    "@d class A {}": (1, 1, "Decorators are not supported"),
    "class A {\n  @d m() {}\n}": (2, 3, "Decorators are not supported"),
    "class A { constructor(@I() private a: string) {} }": (1, 23, "Decorators are not supported"),
    "class A {\n accessor x = 1 }": (2, 11, "Auto-accessors (accessor) are not supported"),
    "\nnamespace A { export const x = 1 }": (2, 1, "TypeScript namespaces are not supported"),
    "export namespace A.B { export const x = 1 }": (1, 8, "TypeScript namespaces are not supported"),
    "\nimport fs = require('fs'); fs;": (2, 1, "`import x = require()` is not supported"),
    "const a = 1; export = a;": (1, 14, "`export =` is not supported"),
    "export as namespace foo;": (1, 8, "`export as namespace` is for declaration files"),
    "const a: = 1;": (1, 10, "SyntaxError"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


async def test_what_it_means(bench: Lab) -> None:
    codes = [f"{code}\nexport {{ answer }};" for code, _ in MEANS.values()]
    parts = [Module(f"part{i}.ts", "esm", code.encode()) for i, code in enumerate(codes)]
    imports = "\n".join(f'import {{ answer as a{i} }} from "./part{i}.js";' for i in range(len(parts)))
    names = ", ".join(f"a{i}" for i in range(len(parts)))
    main = f"{imports}\nexport default {{ fetch: () => Response.json([{names}]) }};"
    other = Module("other.ts", "esm", b"export type B = 1;")
    worker = await bench.worker(main, *parts, other)
    found = dict(zip(MEANS, orjson.loads(await bench.text(worker)), strict=True))
    assert found == {name: expected for name, (_, expected) in MEANS.items()}


@pytest.mark.parametrize("code", REFUSED)
async def test_what_is_refused(bench: Lab, code: str) -> None:
    with pytest.raises(CompileError) as caught:
        await bench.worker(Module("src/worker.ts", "esm", code.encode()))
    line, column, message = REFUSED[code]
    problem = caught.value.diagnostics[0]
    assert (problem.file, problem.line, problem.column) == ("src/worker.ts", line, column)
    assert message in problem.message


async def test_common_js_in_typescript(bench: Lab) -> None:
    """There require() and module are."""
    main = 'import { twice } from "./lib.cts";\nexport default { fetch: () => Response.json(twice(4)) };'
    lib = b"import other = require('./other.cjs');\nexport = { twice: (n: number) => other.add(n, n) };"
    worker = await bench.worker(
        main,
        Module("lib.cts", "commonjs", lib),
        Module("other.cjs", "commonjs", b"exports.add = (a, b) => a + b;"),
    )
    assert await bench.text(worker) == "8"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "/** @jsx h @jsxFrag F */\nconst h = (t, p, ...c) => [t, p, c]; const F = 'f';\n"
            "const answer = <><a b='c' {...{ d: 1 }}>x {1}</a></>;",
            ["f", None, [["a", {"b": "c", "d": 1}, ["x ", 1]]]],
        ),
        (
            "/** @jsxImportSource my */\nconst answer = <a key='k'>x<b/></a>;",
            ["jsxs", "a", {"children": ["x", ["jsx", "b", {}]]}, "k"],
        ),
        (
            "const React = { createElement: (...all) => all };\nconst answer = <a>&amp;{'x'}</a>;",
            ["a", None, "&", "x"],
        ),
    ],
)
async def test_jsx(bench: Lab, code: str, expected: object) -> None:
    main = f"{code}\nexport default {{ fetch: () => Response.json(answer) }};"
    library = b"""export const jsx = (...all) => ["jsx", ...all];
    export const jsxs = (...all) => ["jsxs", ...all];
    export const Fragment = "F";"""
    worker = await bench.worker(
        Module("worker.tsx", "esm", main.encode()), Module("my/jsx-runtime", "esm", library)
    )
    assert orjson.loads(await bench.text(worker)) == expected
    await worker.close()
