"""The files of node:fs: the program's own, those of /tmp, and devices."""

from __future__ import annotations

from nodekit import node_lab

from engine.model import Module

FS = """
import fs from "node:fs";
import { readFile, writeFile, mkdir, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
const told = (run) => { try { return run(); } catch (error) { return error.code; } };
"""
MORE = [
    Module("a/page.txt", "text", "hélló".encode()),
    Module("data.bin", "data", bytes(range(9))),
    Module("data.json", "json", b'{"a":1}'),
]


async def test_the_programs_own() -> None:
    async with node_lab() as lab:
        source = (
            FS
            + """import page from "./a/page.txt"; import json from "./data.json";
        async function answer() { return [
          fs.readdirSync("/bundle").sort(), fs.readFileSync("/bundle/a/page.txt", "utf8"), page,
          [...fs.readFileSync("/bundle/data.bin")],
          JSON.parse(await readFile("/bundle/data.json", "utf8")), json,
          told(() => fs.writeFileSync("/bundle/data.json", "")),
          told(() => fs.writeFileSync("/bundle/new", "")),
          told(() => fs.unlinkSync("/bundle/data.json")), told(() => fs.mkdirSync("/new")),
        ]; }"""
        )
        worker = await lab.node(source, *MORE)
        assert await lab.ask(worker) == [
            ["a", "data.bin", "data.json"],
            "hélló",
            "hélló",
            list(range(9)),
            {"a": 1},
            {"a": 1},
            *["EPERM"] * 4,
        ]


async def test_what_is_written() -> None:
    async with node_lab() as lab:
        source = (
            FS
            + """async function answer() {
          const before = fs.readdirSync("/tmp");
          await mkdir("/tmp/a/b", { recursive: true });
          await writeFile("/tmp/a/b/c", "one");
          fs.appendFileSync("/tmp/a/b/c", Buffer.from(" two"));
          const handle = await open("/tmp/a/d", "w+");
          await handle.write("by handle");
          await handle.close();
          await pipeline(Readable.from(["x", "y"]), fs.createWriteStream("/tmp/s"));
          const called = await new Promise((resolve) => fs.readFile("/nope", (error) => resolve(error.code)));
          const found = [before, fs.readFileSync("/tmp/a/b/c", "utf8"), fs.readFileSync("/tmp/a/d", "utf8"),
            await text(fs.createReadStream("/tmp/s")), fs.statSync("/tmp/a").isDirectory(), called,
            told(() => fs.readFileSync("/tmp/a")), fs.existsSync("/tmp/a/b")];
          fs.rmSync("/tmp/a", { recursive: true });
          return [...found, fs.existsSync("/tmp/a/b"), fs.readdirSync("/tmp")];
        }"""
        )
        worker = await lab.node(source)
        expected = [[], "one two", "by handle", "xy", True, "ENOENT", "EISDIR", True, False, ["s"]]
        for _ in range(2):  # what the first request left is gone
            assert await lab.ask(worker) == expected


async def test_devices() -> None:
    async with node_lab() as lab:
        value = await lab.eval(
            FS,
            """{
            const read = (name) => {
              const fd = fs.openSync(`/dev/${name}`, "r");
              const bytes = Buffer.alloc(70000, 1);
              const count = fs.readSync(fd, bytes, 0, 70000, 0);
              fs.closeSync(fd);
              return [count, new Set(bytes).size];
            };
            fs.writeFileSync("/dev/null", "x");
            return [read("null"), read("zero"), read("random"), fs.readFileSync("/dev/null").length,
              told(() => fs.writeFileSync("/dev/full", "x")),
              fs.lstatSync("/dev/zero").isCharacterDevice()];
            }""",
        )
    assert value == [[0, 1], [70000, 1], [70000, 256], 0, "ENOSPC", True]


async def test_an_older_date_has_no_files() -> None:
    async with node_lab() as lab:
        code = "{ try { fs.readFileSync('/x'); } catch (error) { return error.message; } }"
        assert await lab.eval(FS, code, date="2025-09-14") == "The fs.readFileSync method is not implemented"
        enabled = ("nodejs_compat", "enable_nodejs_fs_module")
        assert await lab.eval(FS, "fs.readdirSync('/tmp')", date="2025-09-14", flags=enabled) == []
