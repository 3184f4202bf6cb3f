"""WebAssembly modules, and code made while a worker runs, which Workers refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import orjson
import pytest
import pytest_asyncio
from workerkit import Lab, lab

from engine.model import Module

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Exports ``f``, which gives 42.
WASM = bytes([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0])
WASM += bytes([10, 6, 1, 4, 0, 65, 42, 11])

ATTEMPT = """
const attempt = async (run) => { try { return await run(); } catch (error) { return `${error}`; } };
async function each(...runs) {
  const all = [];
  for (const run of runs) all.push(await attempt(run));
  return all;
}
"""
STRINGS = "EvalError: Code generation from strings disallowed for this context"
BYTES = "Wasm code generation disallowed by embedder"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


async def answer(bench: Lab, code: str, *more: Module, date: str = "", flags: Sequence[str] = ()) -> object:
    """What ``answer()`` of a worker gives."""
    text = ATTEMPT + code + "\nexport default { async fetch() { return Response.json(await answer()); } };"
    modules = [Module("worker.js", "esm", text.encode()), *more]
    worker = bench.runtime.worker(await bench.compiler.compile(modules, "worker.js", date, flags))
    try:
        return orjson.loads(await bench.text(worker))
    finally:
        await worker.close()


async def test_modules_that_were_uploaded(bench: Lab) -> None:
    code = """import module from "./f.wasm";
    const { instance } = { instance: new WebAssembly.Instance(module) };
    const answer = async () => [module instanceof WebAssembly.Module, `${module}`, instance.exports.f(),
      (await WebAssembly.instantiate(module)).exports.f(), WebAssembly.Module.exports(module),
      module.constructor === WebAssembly.Module, WebAssembly.Module.name];"""
    expected = [
        True,
        "[object WebAssembly.Module]",
        42,
        42,
        [{"name": "f", "kind": "function"}],
        True,
        "Module",
    ]
    assert await answer(bench, code, Module("f.wasm", "wasm", WASM)) == expected


async def test_bytes_do_not_become_code(bench: Lab) -> None:
    code = """import bytes from "./f.bin"; import module from "./f.wasm";
    const answer = () => each(() => new WebAssembly.Module(bytes), () => WebAssembly.compile(bytes),
      () => WebAssembly.instantiate(new Uint8Array(bytes)), () => new module.constructor(bytes),
      () => WebAssembly.validate(bytes), () => WebAssembly.instantiate(bytes, 1).catch((error) => error.name),
      () => Object.keys(WebAssembly.Module).sort());"""
    files = [Module("f.bin", "data", WASM), Module("f.wasm", "wasm", WASM)]
    assert await answer(bench, code, *files) == [
        f"CompileError: WebAssembly.Module(): {BYTES}",
        f"CompileError: WebAssembly.compile(): {BYTES}",
        f"CompileError: WebAssembly.instantiate(): {BYTES}",
        f"CompileError: WebAssembly.Module(): {BYTES}",
        True,
        "TypeError",
        ["customSections", "exports", "imports"],
    ]


async def test_strings_do_not_become_code(bench: Lab) -> None:
    code = """
    const kinds = [() => {}, async () => {}, function* () {}, async function* () {}];
    const answer = () => each(() => eval("1"), () => (0, eval)("1"), () => new Function("return 1"),
      () => Function("a", "a"),
      ...kinds.map((kind) => () => kind.constructor("1")), () => Reflect.construct(Function, ["1"]),
      () => { class F extends Function {} return new F("1"); });"""
    assert await answer(bench, code) == [STRINGS] * 10


async def test_the_rest_of_function_is_as_ever(bench: Lab) -> None:
    code = """const answer = () => [(() => {}) instanceof Function,
      Function.prototype === Object.getPrototypeOf(class {}),
      Function.name, Function.length, eval.name, eval(5), (class {}).constructor === Function,
      Object.getOwnPropertyDescriptor(globalThis, "Function").enumerable];"""
    assert await answer(bench, code) == [True, True, "Function", 1, "eval", 5, True, False]


@pytest.mark.parametrize(
    ("date", "flags", "allowed"),
    [
        ("2025-05-31", (), False),
        ("2025-05-31", ("allow_eval_during_startup",), True),
        ("2025-06-01", (), True),
        ("2025-06-01", ("disallow_eval_during_startup",), False),
    ],
)
async def test_the_global_scope(bench: Lab, date: str, flags: Sequence[str], allowed: bool) -> None:
    """There it may be allowed; nothing that was kept from there makes code later."""
    code = """let early;
    try { early = [eval("1 + 1"), new Function("a", "return a * 2")(3)]; }
    catch (error) { early = `${error}`; }
    const kept = Function;
    const answer = async () => [early, ...await each(() => kept("1"))];"""
    assert await answer(bench, code, date=date, flags=flags) == [[2, 6] if allowed else STRINGS, STRINGS]


async def test_the_runtime_itself_goes_on(bench: Lab) -> None:
    """Libraries that load late are made of text, and HTMLRewriter of WebAssembly."""
    code = """const answer = async () => [new URL("http://a/b").pathname,
      await new HTMLRewriter().on("b", { element(e) { e.remove(); } })
        .transform(new Response("a<b>c</b>")).text()];"""
    assert await answer(bench, code) == ["/b", "a"]
