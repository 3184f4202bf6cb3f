import { bytes } from "./check.js";

/** Without what depends on the machine and the moment. */
const known = ({ success, meta, results }) => ({
  success, results, meta: Object.keys(meta).sort(), changed_db: meta.changed_db, changes: meta.changes, last_row_id: meta.last_row_id,
});
const first = (DB, sql, ...values) => DB.prepare(sql).bind(...values).first();

export const checks = {
  "exec": async ({ DB }) => {
    const { count, duration, ...more } = await DB.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n REAL, b BLOB)");
    return [count, typeof duration, more];
  },
  "run": async ({ DB }) => known(await DB.prepare("INSERT INTO t (name, n) VALUES (?, ?)").bind("one", 1).run()),
  "all": async ({ DB }) => known(await DB.prepare("SELECT id, name FROM t").all()),
  "all of nothing": async ({ DB }) => known(await DB.prepare("SELECT * FROM t WHERE id = 99").all()),
  "run of a select": async ({ DB }) => known(await DB.prepare("SELECT name FROM t").run()),
  "first": ({ DB }) => first(DB, "SELECT * FROM t WHERE id = ?", 1),
  "first of nothing": ({ DB }) => first(DB, "SELECT * FROM t WHERE id = ?", 99),
  "first of a column": ({ DB }) => DB.prepare("SELECT name FROM t").first("name"),
  "first of a column, nothing": ({ DB }) => DB.prepare("SELECT name FROM t WHERE id = 99").first("name"),
  "first of a missing column": ({ DB }) => DB.prepare("SELECT name FROM t").first("color"),
  "raw": ({ DB }) => DB.prepare("SELECT id, name FROM t").raw(),
  "raw with names": ({ DB }) => DB.prepare("SELECT id, name AS title FROM t").raw({ columnNames: true }),
  "raw with names of nothing": ({ DB }) => DB.prepare("SELECT id FROM t WHERE id = 99").raw({ columnNames: true }),
  "raw of equal names": ({ DB }) => DB.prepare("SELECT 1 AS a, 2 AS a").raw(),
  "all of equal names": async ({ DB }) => (await DB.prepare("SELECT 1 AS a, 2 AS a").all()).results,
  "null": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", null),
  "number": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", 1.5),
  "whole number": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", 2),
  "text": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", "é😀"),
  "boolean": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", true),
  "bytes": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", bytes(1, 0, 255)),
  "buffer": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", bytes(1, 2).buffer),
  "array": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", [3, 4]),
  "undefined": ({ DB }) => first(DB, "SELECT ? AS v", undefined),
  "object": ({ DB }) => first(DB, "SELECT ? AS v", {}),
  "date": ({ DB }) => first(DB, "SELECT ? AS v", new Date(0)),
  "function": ({ DB }) => first(DB, "SELECT ? AS v", () => 1),
  "symbol": ({ DB }) => first(DB, "SELECT ? AS v", Symbol("s")),
  "bigint": ({ DB }) => first(DB, "SELECT ? AS v", 1n),
  "NaN": ({ DB }) => first(DB, "SELECT ? AS v, typeof(?1) AS t", NaN),
  "infinity": ({ DB }) => first(DB, "SELECT ? AS v", Infinity),
  "large whole number": ({ DB }) => first(DB, "SELECT 9007199254740993 AS v"),
  "largest number": ({ DB }) => first(DB, "SELECT 9223372036854775807 AS v, -5 AS w"),
  "blob kept": async ({ DB }) => {
    await DB.prepare("INSERT INTO t (name, b) VALUES ('blob', ?)").bind(bytes(1, 2)).run();
    return first(DB, "SELECT b FROM t WHERE name = 'blob'");
  },
  "numbered": ({ DB }) => first(DB, "SELECT ?2 AS a, ?1 AS b", "x", "y"),
  "named": ({ DB }) => first(DB, "SELECT :a AS a", "x"),
  "too few": ({ DB }) => first(DB, "SELECT ? AS a, ? AS b", 1),
  "too many": ({ DB }) => first(DB, "SELECT ? AS a", 1, 2),
  "none bound": ({ DB }) => DB.prepare("SELECT ? AS a").first(),
  "bind twice": ({ DB }) => DB.prepare("SELECT ? AS a").bind(1).bind(2).first(),
  "bind gives another": async ({ DB }) => {
    const statement = DB.prepare("SELECT ? AS a"), bound = statement.bind(1);
    return [statement === bound, await bound.first(), await statement.bind(5).first()];
  },
  "syntax": ({ DB }) => DB.prepare("SELEC 1").all(),
  "no table": ({ DB }) => DB.prepare("SELECT * FROM nobody").all(),
  "no column": ({ DB }) => DB.prepare("SELECT color FROM t").all(),
  "empty": ({ DB }) => DB.prepare("").all(),
  "only a comment": ({ DB }) => DB.prepare("-- nothing").all(),
  "two statements": ({ DB }) => DB.prepare("SELECT 1 AS a; SELECT 2 AS b").all().then(known),
  "unique": async ({ DB }) => {
    await DB.exec("CREATE TABLE u (a TEXT UNIQUE NOT NULL, n INTEGER CHECK (n < 10))");
    await DB.prepare("INSERT INTO u VALUES ('a', 1)").run();
    await DB.prepare("INSERT INTO u VALUES ('a', 1)").run();
  },
  "not null": ({ DB }) => DB.prepare("INSERT INTO u VALUES (NULL, 1)").run(),
  "check": ({ DB }) => DB.prepare("INSERT INTO u VALUES ('b', 11)").run(),
  "cause": ({ DB }) => DB.prepare("INSERT INTO u VALUES ('b', 11)").run().catch((error) => [error.cause?.message, error.cause?.name]),
  "foreign key": async ({ DB }) => {
    await DB.exec("CREATE TABLE child (t INTEGER REFERENCES t (id))");
    await DB.prepare("INSERT INTO child VALUES (77)").run();
  },
  "not allowed: begin": ({ DB }) => DB.prepare("BEGIN").run(),
  "not allowed: attach": ({ DB }) => DB.prepare("ATTACH 'x' AS y").run(),
  "not allowed: pragma": ({ DB }) => DB.prepare("PRAGMA journal_mode = DELETE").run(),
  "pragma": async ({ DB }) => (await DB.prepare("PRAGMA table_info(u)").all()).results.map((row) => row.name),
  "not allowed: load_extension": ({ DB }) => DB.prepare("SELECT load_extension('x')").all(),
  "update": async ({ DB }) => known(await DB.prepare("UPDATE t SET n = 2").run()),
  "update of nothing": async ({ DB }) => known(await DB.prepare("UPDATE t SET n = 2 WHERE id = 99").run()),
  "returning": async ({ DB }) => known(await DB.prepare("INSERT INTO t (name) VALUES ('r') RETURNING id, name").all()),
  "delete": async ({ DB }) => known(await DB.prepare("DELETE FROM t WHERE name = 'r'").run()),
  "batch": async ({ DB }) => (await DB.batch([
    DB.prepare("INSERT INTO t (name) VALUES (?)").bind("x"), DB.prepare("SELECT name FROM t WHERE name = 'x'"),
  ])).map(known),
  "batch that fails": ({ DB }) => DB.batch([DB.prepare("INSERT INTO t (name) VALUES ('gone')"), DB.prepare("INSERT INTO u VALUES (NULL, 1)")]),
  "nothing of it stays": ({ DB }) => first(DB, "SELECT count(*) AS n FROM t WHERE name = 'gone'"),
  "batch of nothing": ({ DB }) => DB.batch([]),
  "batch of text": ({ DB }) => DB.batch(["SELECT 1"]),
  "exec of lines": async ({ DB }) => (await DB.exec("INSERT INTO t (name) VALUES ('l1')\nINSERT INTO t (name) VALUES ('l2');")).count,
  "exec of nothing": async ({ DB }) => (await DB.exec("")).count,
  "exec that fails": ({ DB }) => DB.exec("INSERT INTO t (name) VALUES ('l3')\nINSERT INTO nobody VALUES (1)"),
  "functions": ({ DB }) => first(DB, "SELECT json_extract('{\"a\":[1,2]}', '$.a[1]') AS j, upper('é') AS u, round(2.5) AS r, hex(zeroblob(2)) AS z"),
  "full text": async ({ DB }) => {
    await DB.exec("CREATE VIRTUAL TABLE f USING fts5(body)");
    await DB.prepare("INSERT INTO f VALUES ('a quick brown fox')").run();
    return first(DB, "SELECT body FROM f WHERE f MATCH 'quick'");
  },
  "internal tables": ({ DB }) => DB.prepare("SELECT * FROM _cf_KV").all(),
  "names for themselves": ({ DB }) => DB.exec("CREATE TABLE _cf_mine (a)"),
  "session": async ({ DB }) => {
    const session = DB.withSession();
    const found = await session.prepare("SELECT 1 AS a").first();
    return [found, session.constructor.name, typeof session.getBookmark()];
  },
  "session, primary": async ({ DB }) => DB.withSession("first-primary").prepare("SELECT 1 AS a").all().then((found) => found.results),
  "session, wrong": ({ DB }) => DB.withSession("whatever").constructor.name,
  "classes": ({ DB }) => [DB.constructor.name, `${DB}`, DB.prepare("x").constructor.name, DB.withSession().constructor.name],
  "prepare without arguments": ({ DB }) => DB.prepare().all(),
  "100 values": async ({ DB }) => Object.keys(await first(DB, `SELECT ${Array.from({ length: 100 }, (_, i) => `? AS c${i}`)}`, ...Array(100).fill(1))).length,
  "101 values": ({ DB }) => first(DB, `SELECT ${Array.from({ length: 101 }, (_, i) => `? AS c${i}`)}`, ...Array(101).fill(1)).then((row) => Object.keys(row).length),
  "trigger": async ({ DB }) => {
    await DB.exec("CREATE TABLE log (n)");
    await DB.prepare("CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO log VALUES (new.n); INSERT INTO log VALUES (new.n + 1); END").run();
    await DB.prepare("INSERT INTO u VALUES ('t', 5)").run();
    return DB.prepare("SELECT n FROM log").raw();
  },
};
