"""What a Durable Object stores: the asynchronous and synchronous key-value API, SQL, transactions."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from durablekit import Engine, engine

from engine.durable.storage import Storage

THING = """
const BYTES = new Uint8Array([1, 2]);
const outcome = async (run) => { try { return await run(); } catch (e) { return [e.name, e.message]; } };
export class Thing extends DurableObject {
  async all() {
    const { storage } = this.ctx, { sql, kv } = storage;
    const results = [];
    for (const run of [CASES]) results.push(await outcome(run));
    return results;
  }
}
"""


@pytest.fixture
async def made(tmp_path: Path):
    async with engine(tmp_path) as opened:
        yield opened


async def check(made: Engine, expected: dict[str, Any]) -> None:
    code = THING.replace("CASES", ", ".join(f"async () => {{ return {case}; }}" for case in expected))
    await made.deploy(code, "return DO.getByName('x').all();")
    found = await made.ask()
    assert dict(zip(expected, found, strict=True)) == expected


async def test_nobody_hears_of_a_write_while_it_is_being_committed(tmp_path: Path):
    loop = asyncio.get_running_loop()
    storage = Storage(tmp_path / "namespace" / "object.sqlite", loop)
    storage.begin().execute("INSERT INTO _cf_KV VALUES ('key', x'00')")
    entered, go = threading.Event(), threading.Event()
    opened = storage.connection

    class Slow:
        def execute(self, sql: str, *values: Any) -> Any:
            if sql == "COMMIT":
                entered.set()
                go.wait(10)
            return opened.execute(sql, *values)

    storage._connection = Slow()  # type: ignore[assignment]  # what of it is called
    committing = loop.run_in_executor(None, storage.commit)
    await asyncio.to_thread(entered.wait, 10)
    waiting = asyncio.create_task(storage.flushed())
    await asyncio.sleep(0)
    assert not storage.settled
    assert not waiting.done()
    go.set()
    await committing
    await waiting
    assert storage.settled
    storage._connection = opened
    storage.close()


async def test_key_values(made: Engine):
    await check(
        made,
        {
            "await storage.get('a') === undefined": True,
            "await storage.put('a', { n: [1n.toString(), new Date(5)] }) === undefined": True,
            "(await storage.get('a')).n[1].getTime()": 5,
            "await storage.put({ b: new Map([[1, 2]]), c: new Uint8Array([7]), d: 'x' })": None,
            "[...await storage.get(['c', 'zz', 'b'])].map(([k, v]) => [k, v.constructor.name])": [
                ["b", "Map"],
                ["c", "Uint8Array"],
            ],
            "[...await storage.list()].map(([k]) => k)": ["a", "b", "c", "d"],
            "[...(await storage.list({ start: 'b', end: 'd' })).keys()]": ["b", "c"],
            "[...(await storage.list({ startAfter: 'b', reverse: true, limit: 1 })).keys()]": ["d"],
            "[...(await storage.list({ prefix: 'c' })).keys()]": ["c"],
            "['p\\u{10ffff}\\u{10ffff}', 'p\\ud7ff', 'p\\ue000'].forEach((key) => kv.put(key, 1))": None,
            "[...kv.list({ prefix: 'p' })].length": 3,
            "[...kv.list({ prefix: 'p\\u{10ffff}' })].length": 1,
            "[...kv.list({ prefix: 'p\\ud7ff' })].length": 1,
            "['p\\u{10ffff}\\u{10ffff}', 'p\\ud7ff', 'p\\ue000'].every((key) => kv.delete(key))": True,
            "await storage.delete('a')": True,
            "await storage.delete('a') ": False,
            "await storage.delete(['b', 'c', 'q'])": 2,
            "(kv.put('k', [1, 2]), kv.get('k'))": [1, 2],
            "[...kv.list()]": [["d", "x"], ["k", [1, 2]]],
            "[kv.delete('k'), kv.delete('k'), kv.get('k') === undefined]": [True, False, True],
            "await storage.put('f', () => 1)": [
                "DataCloneError",
                "() => 1 could not be cloned.",
            ],
            "await storage.get('x'.repeat(3000))": ["RangeError", "Keys cannot be larger than 2048 bytes."],
            "await storage.get(Array.from({ length: 129 }, (_, i) => `${i}`))": [
                "RangeError",
                "Maximum number of keys is 128.",
            ],
            "await storage.put('big', 'x'.repeat(2200000))": [
                "RangeError",
                "Values cannot be larger than 2097152 bytes.",
            ],
            "await storage.put('u', undefined)": ["TypeError", "put() called with undefined value."],
            "await storage.sync()": None,
            "await storage.deleteAll()": None,
            "(await storage.list()).size": 0,
        },
    )


async def test_sql(made: Engine):
    transaction = "To execute a transaction, please use the state.storage.transaction()"
    await check(
        made,
        {
            "sql.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB); ').toArray()": [],
            "sql.exec('INSERT INTO t VALUES (?, ?, ?), (2, ?, NULL)', 1, 'é', BYTES, 'b').rowsWritten": 2,
            "sql.exec('SELECT id, name FROM t ORDER BY id').toArray()": [
                {"id": 1, "name": "é"},
                {"id": 2, "name": "b"},
            ],
            "sql.exec('SELECT * FROM t').columnNames": ["id", "name", "data"],
            "new Uint8Array(sql.exec('SELECT data FROM t WHERE id = 1').one().data).join()": "1,2",
            "[...sql.exec('SELECT id FROM t').raw()]": [[1], [2]],
            "sql.exec('SELECT id FROM t').raw().toArray()": [[1], [2]],
            "[...sql.exec('SELECT id FROM t')].length": 2,
            "sql.exec('SELECT id FROM t').rowsRead": 2,
            "sql.exec('SELECT 1 AS a; SELECT ? AS b', true).one()": {"b": "true"},
            "sql.exec('INSERT INTO t (name) VALUES (?) RETURNING id', null).one()": {"id": 3},
            "sql.exec('SELECT * FROM t WHERE id = 99').one()": [
                "Error",
                "Expected exactly one result from SQL query, but got no results.",
            ],
            "sql.exec('SELECT id FROM t').one()": [
                "Error",
                "Expected exactly one result from SQL query, but got multiple results.",
            ],
            "sql.exec('SELECT * FROM missing')": ["Error", "no such table: missing: SQLITE_ERROR"],
            "sql.exec('SELECT ?')": ["Error", "Wrong number of parameter bindings for SQL query."],
            "sql.exec('INSERT INTO t (id) VALUES (1)')": [
                "Error",
                "UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)",
            ],
            "(await outcome(() => sql.exec('BEGIN')))[1].slice(0, 68)": transaction,
            "(await outcome(() => sql.exec('BEGIN IMMEDIATE')))[1].slice(0, 68)": transaction,
            "(await outcome(() => sql.exec('SAVEPOINT x')))[1].slice(0, 68)": transaction,
            "(await outcome(() => sql.exec('SELECT * FROM _cf_KV')))[1].includes('prohibited')": True,
            "(await outcome(() => sql.exec(\"ATTACH 'x' AS y\")))[0]": "Error",
            "(await outcome(() => sql.exec('PRAGMA journal_mode = DELETE')))[0]": "Error",
            "sql.exec('PRAGMA table_info(t)').toArray().length": 3,
            "sql.databaseSize > 4096": True,
            "sql.exec('SELECT ' + '?,'.repeat(100) + '?', ...Array(101).fill(1))": [
                "Error",
                "too many SQL variables: at most 100: SQLITE_ERROR",
            ],
            "sql.exec('SELECT zeroblob(2300000)')": ["Error", "string or blob too big: SQLITE_TOOBIG"],
            "sql.exec('SELECT ? LIKE ?', 'x', 'y'.repeat(51)).one()": [
                "Error",
                "LIKE or GLOB pattern too complex: SQLITE_ERROR",
            ],
            "sql.exec('CREATE TABLE w (' + Array.from({ length: 101 }, (_, i) => 'c' + i) + ')')": [
                "Error",
                "too many columns on w: SQLITE_ERROR",
            ],
            "sql.exec('SELECT max(' + Array(33).fill(1) + ')')": [
                "Error",
                "too many arguments on function max: SQLITE_ERROR",
            ],
            "sql.exec('SELECT ' + '1+'.repeat(101) + '1')": [
                "Error",
                "Expression tree is too large (maximum depth 100): SQLITE_ERROR",
            ],
            "sql.exec('SELECT 1 -- ' + 'x'.repeat(100000))": ["Error", "statement too long: SQLITE_TOOBIG"],
            "await storage.deleteAll()": None,
            "sql.exec('SELECT count(*) AS n FROM sqlite_master WHERE name = ?', 't').one()": {"n": 0},
        },
    )


async def test_transactions(made: Engine):
    await check(
        made,
        {
            "storage.transactionSync(() => { kv.put('a', 1); return 'r'; })": "r",
            "outcome(() => storage.transactionSync(() => { kv.put('a', 2); throw new Error('x'); }))": [
                "Error",
                "x",
            ],
            "kv.get('a')": 1,
            "await storage.transaction(async (t) => { await t.put('b', 1); return t.get('b'); })": 1,
            "await storage.transaction(async (t) => { await t.put('b', 2); throw new TypeError('y'); })": [
                "TypeError",
                "y",
            ],
            "await storage.get('b')": 1,
            "await storage.transaction(async (t) => { await t.put('b', 3); t.rollback(); })": None,
            "await storage.get('b') ": 1,
        },
    )


async def test_a_transaction_keeps_other_events_out(made: Engine):
    await made.deploy(
        """
        export class Thing extends DurableObject {
          slow() {
            return this.ctx.storage.transaction(async (t) => {
              const n = (await t.get("n")) ?? 0;
              await new Promise((r) => setTimeout(r, 20));
              await t.put("n", n + 1);
              return n + 1;
            });
          }
        }
        """,
        "const s = DO.getByName('x'); return (await Promise.all([s.slow(), s.slow(), s.slow()])).sort();",
    )
    assert await made.ask() == [1, 2, 3]


async def test_writes_of_one_stretch_are_kept_together_or_not_at_all(tmp_path: Path):
    code = """
        export class Thing extends DurableObject {
          together() { this.ctx.storage.put("a", 1); this.ctx.storage.put("b", 1); for (;;); }
          async read() { return [...(await this.ctx.storage.list()).keys()]; }
        }
    """
    async with engine(tmp_path) as made:
        await made.deploy(
            code, "const s = DO.getByName('x'); await failure(() => s.together()); return s.read();"
        )
        from dataclasses import replace

        made.objects._limits = replace(made.objects._limits, cpu_ms=200)
        assert await made.ask() == []
    async with engine(tmp_path) as made:
        await made.deploy(code, "return DO.getByName('x').read();")
        assert await made.ask() == []


async def test_the_isolates_end_takes_nothing_back_that_was_acknowledged(made: Engine):
    await made.deploy(
        """
        export class Thing extends DurableObject {
          async put(n) { await this.ctx.storage.put("n", n); }
          get() { return this.ctx.storage.get("n"); }
        }
        """,
        "const s = DO.getByName('x'); const url = new URL(request.url);"
        " if (url.pathname === '/put') return await s.put(7); return s.get();",
    )
    await made.ask("/put")
    worker = made.house._worker
    assert worker is not None
    worker.result().channels[0].close()
    assert await made.ask("/get") == 7


async def test_what_cannot_be_written_is_never_acknowledged(made: Engine, monkeypatch: pytest.MonkeyPatch):
    await made.deploy(
        """
        export class Thing extends DurableObject {
          n = 0;
          async put() { this.n++; await this.ctx.storage.put("n", this.n); return this.n; }
          async read() { return [this.n, (await this.ctx.storage.get("n")) ?? 0]; }
        }
        """,
        "const s = DO.getByName('x');"
        " return request.url.endsWith('/put') ? failure(() => s.put()) : s.read();",
    )
    assert await made.ask("/put") == ["no error", 1]

    def full(self: Storage) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Storage, "_fsync", full)
        name, message = await made.ask("/put")
        assert (name, "No space left" in message) == ("Error", True)
    memory, stored = await made.ask("/read")
    assert memory == 0  # the instance that was ahead of the disk is gone
    assert stored in (1, 2)
    assert (await made.ask("/put"))[0] == "no error"


TRAVELLER = """
export class Thing extends DurableObject {
  async set(n) {
    await this.ctx.storage.put("n", n);
    this.ctx.storage.sql.exec("CREATE TABLE t" + n + " (a)");
  }
  async look() {
    const tables = this.ctx.storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 't%'").toArray();
    return [await this.ctx.storage.get("n"), tables.length, await this.ctx.storage.getAlarm()];
  }
  mark() { return this.ctx.storage.getCurrentBookmark(); }
  at(time) { return this.ctx.storage.getBookmarkForTime(time); }
  ring(at) { return this.ctx.storage.setAlarm(at); }
  async back(bookmark) {
    const undo = await this.ctx.storage.onNextSessionRestoreBookmark(bookmark);
    return undo;
  }
  leave() { this.ctx.abort("to go back"); }
}
"""


async def test_an_object_goes_back_to_a_bookmark(made: Engine):
    await made.deploy(
        TRAVELLER,
        """
        const s = DO.getByName("x");
        await s.set(1);
        const first = await s.mark(), again = await s.mark();
        const between = Date.now();
        await scheduler.wait(5);
        await s.set(2);
        await s.ring(Date.now() + 3600_000);
        const second = await s.mark();
        const undo = await s.back(await s.at(between));
        const before = await s.look();
        await failure(() => s.leave());
        const after = await s.look();
        await s.back(undo);
        await failure(() => s.leave());
        const undone = await s.look();
        return [
          first === again, first < second && second < undo, first.length,
          before.slice(0, 2), after, undone.slice(0, 2),
          undone[2] > Date.now(), await failure(() => s.at(1000)), await failure(() => s.back("0")),
          await failure(() => s.at(Date.now() + 1e6)), (await failure(() => s.at("x")))[0],
        ];""",
    )
    found = await made.ask()
    assert found[:7] == [True, True, 59, [2, 2], [1, 1, None], [2, 2], True]
    assert found[7][1].startswith("There is no bookmark of that time")
    assert found[8:] == [
        ["Error", "There is no bookmark '0' of this Durable Object."],
        ["Error", "getBookmarkForTime() cannot be called with a time in the future."],
        "TypeError",
    ]
