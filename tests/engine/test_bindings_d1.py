"""D1 as JavaScript sees it, in a real isolate; expected values are those Miniflare gave."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from casekit import ask, check, draft, value
from storekit import ANA, opened
from workerkit import Lab, lab

from engine import databases
from engine.bindings.d1 import D1
from engine.d1 import Query, SqlError
from engine.d1 import connection as limits
from engine.d1.connection import Connection
from engine.d1.dump import dump
from engine.d1.statements import split
from engine.store import Store

TABLE = 'DB.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB, r REAL)")'
INSERT = 'DB.prepare("INSERT INTO t (a,b,r) VALUES (?,?,?)")'
TYPES = 'DB.prepare("SELECT typeof(?1) a, typeof(?2) b, typeof(?3) c")'
UNIQUE = "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
BINDINGS = "Wrong number of parameter bindings for SQL query."


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made_store:
        yield made_store


@pytest.fixture
async def db(store: Store) -> D1:
    return D1("DB", store, (await databases.create(store, "notes", ANA)).id)


def result(rows: list[Any], changes: int = 0, last: int = 0, changed: bool = False) -> list[Any]:
    meta = {
        "served_by": "<string>",
        "duration": "<number>",
        "changes": changes,
        "last_row_id": last,
        "changed_db": changed,
        "size_after": "<number>",
        "rows_read": "<number>",
        "rows_written": "<number>",
    }
    return ["P", {"success": True, "meta": meta, "results": rows}]


def failed(text: str, prefix: str = "D1_ERROR") -> list[Any]:
    return ["rejects", f"Error: {prefix}: {text}", f"Error: {text}"]


def refused(what: str) -> list[Any]:
    text = f"Type {what}"
    return ["throws", f"Error: D1_TYPE_ERROR: {text}", f"Error: {text}"]


async def test_statements_and_results(made: Lab, db: D1) -> None:
    row = {"id": 1, "a": "x", "b": [1, 2, 3], "r": 1.5}
    await check(
        made,
        [db],
        {
            TABLE: ["P", {"count": 1, "duration": "<number>"}],
            f'{INSERT}.bind("x", new Uint8Array([1,2,3]), 1.5).run()': (result([], 1, 1, True)),
            'DB.prepare("INSERT INTO t (a,b,r) VALUES (?1,?2,?1)").bind(true, null).all()': (
                result([], 1, 2, True)
            ),
            'DB.prepare("SELECT * FROM t ORDER BY id").all()': result(
                [row, {"id": 2, "a": "1.0", "b": None, "r": 1}], last=2
            ),
            'DB.prepare("SELECT a, a FROM t ORDER BY id").raw({columnNames: true})': (
                ["P", [["a", "a"], ["x", "x"], ["1.0", "1.0"]]]
            ),
            'DB.prepare("SELECT id FROM t ORDER BY id").raw()': ["P", [[1], [2]]],
            'DB.prepare("SELECT * FROM t WHERE id = ?").bind(1).first()': ["P", row],
            'DB.prepare("SELECT a FROM t WHERE id = ?").bind(1).first("a")': ["P", "x"],
            'DB.prepare("SELECT a FROM t WHERE id = 99").first()': ["P", None],
            'DB.prepare("UPDATE t SET r = 7 RETURNING id").all()': result([{"id": 1}, {"id": 2}], 2, 2, True),
            'DB.prepare("DELETE FROM t WHERE id = 1").run()': result([], 1, 2, True),
            'DB.prepare("SELECT 1 a; SELECT 2 b").all()': result([{"b": 2}], last=2),
            'DB.exec("SELECT 1; SELECT 2;\\n\\nSELECT 3")': ["P", {"count": 2, "duration": "<number>"}],
            "[DB.constructor.name, DB.prepare('').constructor.name]": (
                ["P", ["D1Database", "D1PreparedStatement"]]
            ),
        },
    )


async def test_types(made: Lab, db: D1) -> None:
    await check(
        made,
        [db],
        {
            f'{TYPES}.bind(1, "x", new ArrayBuffer(2)).first()': (
                ["P", {"a": "real", "b": "text", "c": "blob"}]
            ),
            'DB.prepare("SELECT ? x").bind([1, 2]).first("x")': ["P", [1, 2]],
            'DB.prepare("SELECT ? x").bind(new DataView(new ArrayBuffer(1))).first("x")': ["P", [0]],
            'DB.prepare("SELECT ? x").bind(NaN).first("x")': ["P", None],
            'DB.prepare("SELECT ? x").bind("\\ud800").first("x")': ["P", "\ufffd"],
            'DB.prepare("SELECT 9e999 x").first("x")': ["P", None],
            'DB.prepare("SELECT 1=1 x").first("x")': ["P", 1],
            'DB.prepare("SELECT 9007199254740993 x").first("x")': ["P", 9007199254740992],
            'DB.prepare("SELECT ?").bind(undefined)': refused(
                "'undefined' not supported for value 'undefined'"
            ),
            'DB.prepare("SELECT ?").bind({})': refused("'object' not supported for value '[object Object]'"),
            'DB.prepare("SELECT ?").bind(1n)': refused("'bigint' not supported for value '1'"),
            'DB.prepare("SELECT ?").bind([256])': refused("'object' not supported for value '256'"),
        },
    )


async def test_errors(made: Lab, db: D1) -> None:
    transaction = (await ask(made, [db], ['DB.prepare("BEGIN").run()']))[0]
    assert transaction[1].startswith("Error: D1_ERROR: To execute a transaction, please use")
    syntax = 'near "SELCT": syntax error at offset 0: SQLITE_ERROR'
    await check(
        made,
        [db],
        {
            TABLE: ["P", {"count": 1, "duration": "<number>"}],
            "DB.exec(\"INSERT INTO t (a) VALUES ('x')\")": ["P", {"count": 1, "duration": "<number>"}],
            "DB.prepare(\"INSERT INTO t (a) VALUES ('x')\").run()": failed(UNIQUE),
            'DB.prepare("SELCT 1").all()': failed(syntax),
            'DB.prepare("SELECT 1 FORM t").all()': failed(
                'near "t": syntax error at offset 14: SQLITE_ERROR'
            ),
            'DB.prepare("SELECT nix FROM t").all()': failed("no such column: nix at offset 7: SQLITE_ERROR"),
            'DB.prepare("SELECT * FROM nope").all()': failed("no such table: nope: SQLITE_ERROR"),
            'DB.prepare("SELECT ?").all()': failed(BINDINGS),
            'DB.prepare("SELECT ?").bind(1, 2).all()': failed(BINDINGS),
            'DB.prepare("").all()': failed("No SQL statements detected."),
            'DB.prepare("-- x").all()': failed("SQL code did not contain a statement."),
            "DB.batch([])": failed("No SQL statements detected."),
            'DB.prepare("SELECT a FROM t").first("zz")': [
                "rejects",
                "Error: D1_COLUMN_NOTFOUND: Column not found (zz)",
                "Error: Column not found",
            ],
            'DB.exec("SELECT 1\\nSELCT 2")': failed(f"Error in line 2: SELCT 2: {syntax}", "D1_EXEC_ERROR"),
        },
    )


async def test_a_batch_is_atomic(made: Lab, db: D1) -> None:
    insert = "DB.prepare('INSERT INTO t (a) VALUES (?)').bind"
    await check(
        made,
        [db],
        {
            TABLE: ["P", {"count": 1, "duration": "<number>"}],
            f"DB.batch([{insert}('a'), {insert}('b')]).then((all) => all.map((one) => one.meta.changes))": (
                ["P", [1, 1]]
            ),
            f"DB.batch([{insert}('c'), {insert}('b')])": failed(UNIQUE),
            'DB.prepare("SELECT count(*) n FROM t").first("n")': ["P", 2],
        },
    )


async def test_sessions_and_dump(made: Lab, db: D1, tmp_path: Path) -> None:
    marks = await value(
        made,
        [db],
        f"""await {TABLE};
        const session = DB.withSession(); const before = session.getBookmark();
        await session.prepare("INSERT INTO t (a) VALUES ('x')").run(); const one = session.getBookmark();
        await session.batch([session.prepare("SELECT 1")]); const two = session.getBookmark();
        const other = DB.withSession("first-primary").getBookmark();
        return [before, one < two, other, DB.withSession(two).getBookmark() === two]""",
    )
    assert marks == [None, True, None, True]
    image = await value(made, [db], "return [...new Uint8Array(await DB.dump())]")
    copy = tmp_path / "dump.sqlite"
    copy.write_bytes(bytes(image))
    with sqlite3.connect(copy) as found:
        assert found.execute("SELECT a FROM t").fetchall() == [("x",)]
    found.close()


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH 'x' AS y",
        "ATTACH ':memory:' AS y",
        "VACUUM INTO 'copy.sqlite'",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1",
        "PRAGMA query_only = 0",
        "SAVEPOINT a",
        "COMMIT",
        "SELECT load_extension('x')",
        "CREATE TABLE _cf_x (a)",
    ],
)
async def test_what_sql_may_not_do(db: D1, store: Store, sql: str) -> None:
    database = store.databases.get(db.database)
    with pytest.raises(SqlError):
        await database.run([Query(sql)])
    await database.run([Query("CREATE TABLE fine (a)")])


async def test_switches_last_for_one_request(db: D1, store: Store) -> None:
    database = store.databases.get(db.database)
    await database.run([Query("CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES a (id))")])
    deferred = [Query("PRAGMA defer_foreign_keys = on"), Query("INSERT INTO a VALUES (1, 2)")]
    await database.run([*deferred, Query("INSERT INTO a VALUES (2, 1)")])
    with pytest.raises(SqlError, match="FOREIGN KEY"):
        await database.run([Query("INSERT INTO a VALUES (3, 99)")])
    await database.run([Query("PRAGMA foreign_keys = off"), Query("PRAGMA ignore_check_constraints = on")])
    assert (await database.run([Query("PRAGMA foreign_keys")]))[0].rows == [[1]]
    with pytest.raises(SqlError, match="FOREIGN KEY"):
        await database.run([Query("INSERT INTO a VALUES (3, 99)")])


async def test_limits(db: D1, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    database = store.databases.get(db.database)
    for sql, text in {
        "SELECT '" + "x" * 100_001 + "'": "statement too long: SQLITE_TOOBIG",
        "SELECT " + ",".join("1" * 101): "too many columns",
        "SELECT zeroblob(2000001)": "string or blob too big",
        " UNION ALL ".join(["SELECT 1"] * 6): "too many terms in compound SELECT",
    }.items():
        with pytest.raises(SqlError, match=text):
            await database.run([Query(sql)])
    with pytest.raises(SqlError, match="variable"):
        await database.run([Query("SELECT ?101", (1.0,))])
    monkeypatch.setattr(limits, "MAX_RESULT", 1000)
    with pytest.raises(SqlError, match="larger than"):
        await database.run([Query("SELECT hex(zeroblob(2000))")])
    assert (await database.run([Query("SELECT 1")]))[0].rows == [[1]]


def test_a_statement_that_never_ends_is_stopped(tmp_path: Path) -> None:
    connection = Connection(None)
    forever = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    with pytest.raises(SqlError, match="exceeded timeout"):
        connection.run([Query(forever)], seconds=0.2)
    assert connection.run([Query("SELECT 1")])[0].rows == [[1]]
    connection.close()


async def test_the_loop_does_not_wait_for_sql(db: D1, store: Store) -> None:
    slow = (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 3000000) SELECT count(*) FROM c"
    )
    task = asyncio.ensure_future(store.databases.get(db.database).run([Query(slow)]))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 3
    await task


async def test_a_deleted_database_is_gone_for_its_bindings(made: Lab, db: D1, store: Store) -> None:
    assert await value(made, [db], 'return DB.prepare("SELECT 1 x").first("x")') == 1
    await databases.delete(store, "notes", ANA)
    [outcome] = await ask(made, [db], ['DB.prepare("SELECT 1").all()'])
    assert outcome[1] == f"Error: D1_ERROR: The database {db.database} could not be found"
    assert not list((store.folder / "d1").iterdir())


async def test_trace_subjects(made: Lab, db: D1) -> None:
    invocation, calls = draft(None)
    await ask(
        made,
        [db],
        ['DB.batch([DB.prepare("SELECT\\n   1"), DB.prepare("SELECT 2")])', "DB.prepare('SELCT').all()"],
        invocation,
    )
    assert [(each.kind, each.subject, each.result) for each in calls] == [
        ("d1", "SELECT 1 (1 of 2)", "2 rows"),
        ("d1", "SELCT", ""),
    ]
    assert calls[1].error == 'Error: D1_ERROR: near "SELCT": syntax error at offset 0: SQLITE_ERROR'


def test_statements_are_split_as_sqlite_ends_them() -> None:
    trigger = "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT ';'; END;"
    assert split(f"-- a; b\nSELECT ';';/* ; */ {trigger}SELECT [a;b], \"c;d\"  ; ;-- end;") == [
        "-- a; b\nSELECT ';';",
        f"/* ; */ {trigger}",
        'SELECT [a;b], "c;d"  ;',
    ]
    assert split(" ; -- nothing") == []


def test_a_dump_makes_the_database_anew() -> None:
    first, second = Connection(None), Connection(None)
    first.script(
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT, b BLOB, r REAL);"
        'CREATE TABLE "o\'dd" ("a b", c REFERENCES p (id)); CREATE INDEX i ON p (t);'
        "CREATE VIEW v AS SELECT 1;"
        "INSERT INTO p (t, b, r) VALUES ('it''s\r\nx', X'00ff', 0.1), (NULL, NULL, 9e999);"
        'INSERT INTO "o\'dd" VALUES (1, 2);'
    )
    text = "\n".join(dump(first))
    second.bring(text)
    assert list(dump(second)) == text.split("\n")
    assert second.rows("SELECT t, b, r FROM p ORDER BY id")[0] == ("it's\r\nx", b"\x00\xff", 0.1)
    assert not [line for line in dump(first, no_data=True) if line.startswith("INSERT")]
    assert not [
        line for line in dump(first, no_schema=True, tables=["p"]) if "o'dd" in line or "CREATE" in line
    ]
    first.close()
    second.close()
