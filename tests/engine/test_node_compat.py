"""nodejs_compat: who gets Node's modules, under which names, with which globals; and what there is not."""

from __future__ import annotations

import pytest
from nodekit import DATE, NodeLab, node_lab

from engine.bindings.variable import Json, PlainText, SecretText
from engine.model import Module
from engine.runtime.compile import CompileError

V1 = "2024-09-22"


async def compile_error(lab: NodeLab, source: str, date: str, flags: tuple[str, ...]) -> str:
    with pytest.raises(CompileError) as caught:
        await lab.compiler.compile([Module("worker.js", "esm", source.encode())], "worker.js", date, flags)
    return str(caught.value)


async def test_without_the_flag_the_error_names_it() -> None:
    async with node_lab() as lab:
        for source in ('import "node:buffer";', 'import { Buffer } from "buffer";'):
            text = await compile_error(lab, source, DATE, ())
            assert text.startswith("worker.js:1:")
            assert 'No such module "' in text
            assert '"nodejs_compat"' in text


async def test_bare_names_need_the_later_date() -> None:
    async with node_lab() as lab:
        text = await compile_error(lab, 'import "buffer";', V1, ("nodejs_compat",))
        assert "node:buffer" in text
        assert "2024-09-23" in text
        assert await lab.eval('import { Buffer } from "buffer";', 'Buffer.from("a").toString("hex")') == "61"
        one = await lab.eval(
            'import { Buffer } from "buffer";',
            "typeof Buffer",
            date=V1,
            flags=("nodejs_compat", "nodejs_compat_v2"),
        )
        assert one == "function"


async def test_only_async_hooks_with_nodejs_als() -> None:
    async with node_lab() as lab:
        imports = 'import { AsyncLocalStorage } from "node:async_hooks";'
        assert await lab.eval(imports, "new AsyncLocalStorage().run(1, () => 2)", flags=("nodejs_als",)) == 2
        assert '"nodejs_compat"' in await compile_error(lab, 'import "node:buffer";', DATE, ("nodejs_als",))


async def test_a_name_that_a_module_does_not_have() -> None:
    async with node_lab() as lab:
        text = await compile_error(lab, 'import { nope } from "node:path";', DATE, ("nodejs_compat",))
    assert "does not provide an export named 'nope'" in text


async def test_the_scripts_own_module_wins_over_a_bare_name() -> None:
    own = Module("events", "esm", b"export default 'mine';")
    async with node_lab() as lab:
        worker = await lab.node(
            'import a from "events"; import b from "node:events"; const answer = () => [a, typeof b];', own
        )
        assert await lab.ask(worker) == ["mine", "function"]


async def test_globals_by_date() -> None:
    names = "[typeof Buffer, typeof process, typeof global, typeof setImmediate]"
    async with node_lab() as lab:
        assert await lab.eval("", names) == ["function", "object", "object", "function"]
        assert await lab.eval("", names, date=V1) == ["undefined"] * 4
        assert await lab.eval("", names, flags=()) == ["undefined"] * 4
        same = "(await import('node:buffer')).Buffer === Buffer && global === globalThis"
        assert await lab.eval("", same) is True


async def test_require_and_dynamic_import() -> None:
    library = Module(
        "lib.cjs",
        "commonjs",
        b"const E = require('events'); exports.ok = new E() instanceof require('node:events');",
    )
    source = (
        'import lib from "./lib.cjs"; import { createRequire, builtinModules, isBuiltin } from'
        ' "node:module";\n'
        "const require = createRequire('/worker.js');\n"
        "const answer = async () => [lib.ok, require('path').join('a', 'b'), require('./lib.cjs').ok,"
        " (await import('node:' + 'os')).EOL, builtinModules.includes('fs'), isBuiltin('node:fs'),"
        " isBuiltin('x'),"
        " process.getBuiltinModule('path').sep, await import('nope').catch((error) => error.message)];"
    )
    async with node_lab() as lab:
        answer = await lab.ask(await lab.node(source, library))
    assert answer[:-1] == [True, "a/b", True, "\n", True, True, False, "/"]
    assert 'No such module "nope"' in answer[-1]


async def test_process_env_has_the_variables() -> None:
    bindings = [
        PlainText("TEXT", {"text": "hi"}),
        SecretText("SECRET", {"text": "shh"}),
        Json("DATA", {"json": {"a": [1]}}),
    ]
    expression = (
        "{ process.env.NEW = 1; return [process.env.TEXT, process.env.SECRET,"
        " process.env.DATA, process.env.NEW]; }"
    )
    async with node_lab() as lab:
        assert await lab.eval("", expression, bindings=bindings) == ["hi", "shh", '{"a":[1]}', "1"]
        assert await lab.eval("", expression, bindings=bindings, date="2025-03-31") == [None, None, None, "1"]


async def test_process() -> None:
    source = (
        "const answer = async () => { const order = []; process.on('x', (v) => order.push(v));"
        " process.emit('x', 1);\n"
        "process.nextTick((v) => order.push(v), 2); await scheduler.wait(1);\n"
        "return [order, process.platform, process.cwd(), process.version.startsWith('v22'), typeof"
        " process.hrtime.bigint(),"
        " process.argv.length, typeof process.uptime(), `${process}`]; };"
    )
    async with node_lab() as lab:
        assert await lab.run(source) == [
            [1, 2],
            "linux",
            "/bundle",
            True,
            "bigint",
            1,
            "number",
            "[object process]",
        ]
        await lab.eval("", "{ process.stdout.write('one\\ntw'); process.stdout.write('o\\n'); }")
        assert lab.said == ["one", "two"]


@pytest.mark.parametrize(
    ("imports", "expression", "name"),
    [
        ('import fs from "node:fs";', 'fs.glob("/x", () => {})', "fs.glob"),
        ('import { spawn } from "node:child_process";', 'spawn("ls")', "child_process.spawn"),
        ('import net from "node:net";', "net.createServer()", "net.createServer"),
        ('import vm from "node:vm";', "new vm.Script('1').runInThisContext()", "Script.runInThisContext"),
        ('import { Worker } from "node:worker_threads";', "typeof Worker", None),
        ('import http2 from "node:http2";', "http2.connect('x')", "http2.connect"),
        ("", "process.kill(1)", "process.kill"),
        ('import v8 from "node:v8";', "v8.serialize({})", "serialize"),
    ],
)
async def test_what_workers_does_not_have_says_so(imports: str, expression: str, name: str | None) -> None:
    async with node_lab() as lab:
        told = await lab.eval(
            imports,
            f"{{ try {{ return {expression}; }} catch (error) {{ return [error.message, error.code]; }} }}",
        )
    expected = [f"The {name} method is not implemented", "ERR_METHOD_NOT_IMPLEMENTED"]
    assert told == (expected if name else "function")


async def test_every_module_loads() -> None:
    async with node_lab() as lab:
        names = await lab.eval('import { builtinModules } from "node:module";', "builtinModules")
        loads = (
            "{ const bad = []; for (const name of builtinModules) { try { await"
            " import(name); } catch (e) { bad.push([name, `${e}`]); } } return bad; }"
        )
        assert await lab.eval('import { builtinModules } from "node:module";', loads) == []
    wanted = (
        "assert async_hooks buffer console crypto diagnostics_channel dns events http"
        " https module net os path"
    )
    wanted += " perf_hooks process punycode querystring stream string_decoder timers tls tty url util zlib"
    assert set(wanted.split()) <= set(names)


async def test_one_buffer_an_isolate() -> None:
    imports = (
        'import { Buffer as A } from "node:buffer"; import { Readable } from "node:stream"; import'
        ' crypto from "node:crypto";'
        'import EventEmitter from "node:events"; import zlib from "node:zlib";'
    )
    expression = (
        "[crypto.randomBytes(1) instanceof A, Readable.from([A.from('x')]) instanceof EventEmitter,"
        " zlib.gzipSync('a') instanceof A,"
        " crypto.createHash('sha1') instanceof (await import('node:stream')).Transform, A ==="
        " globalThis.Buffer]"
    )
    async with node_lab() as lab:
        assert await lab.eval(imports, expression) == [True] * 5
