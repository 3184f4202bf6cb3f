// What runs inside a Durable Object: its storage, SQL and state.
import { bytes } from "./check.js";

const rows = (sql, text, ...values) => sql.exec(text, ...values).toArray();
const filled = async (storage) => {
  await storage.put({ a: 1, b: 2, c: 3, d: 4, "b/1": 5 });
  return storage;
};
const cycle = () => {
  const made = { list: [] };
  made.list.push(made);
  return made;
};

export const inside = {
  "get missing": (storage) => storage.get("missing"),
  "put answers": (storage) => storage.put("a", 1),
  "get several": async (storage) => (await filled(storage)).get(["d", "missing", "a"]),
  "get none": (storage) => storage.get([]),
  "get 129": (storage) => storage.get(Array.from({ length: 129 }, (_, i) => `k${i}`)),
  "put 129": (storage) => storage.put(Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`k${i}`, i]))),
  "put undefined": (storage) => storage.put("a", undefined),
  "put undefined in several": async (storage) => (await storage.put({ a: 1, b: undefined }), storage.get(["a", "b"])),
  "put a function": (storage) => storage.put("a", () => 1),
  "put a symbol": (storage) => storage.put("a", Symbol("s")),
  "put without a key": (storage) => storage.put(),
  "key of 2,049 bytes": (storage) => storage.put("k".repeat(2049), 1),
  "empty key": async (storage) => (await storage.put("", 1), storage.get("")),
  "number key": async (storage) => (await storage.put(7, "x"), storage.get("7")),
  "value of 3 MB": (storage) => storage.put("a", "x".repeat(3_000_000)),
  "null": async (storage) => (await storage.put("v", null), storage.get("v")),
  "date, map, set": async (storage) => (await storage.put("v", [new Date(5), new Map([[1, { a: 1 }]]), new Set(["x"])]), storage.get("v")),
  "numbers": async (storage) => (await storage.put("v", [NaN, -0, 1e300, 10n ** 30n, -5, 2 ** 40]), storage.get("v")),
  "typed arrays": async (storage) => (await storage.put("v", [bytes(1, 2), new Float64Array([1.5]), bytes(9).buffer, new DataView(bytes(1, 2, 3).buffer, 1)]), storage.get("v")),
  "error": async (storage) => (await storage.put("v", new TypeError("text")), storage.get("v")),
  "expression, boxed": async (storage) => (await storage.put("v", [/a+/gi, Object("s"), Object(1)]), storage.get("v")).then(([a, b, c]) => [a, typeof b, typeof c, `${b}${c}`]),
  "holes": async (storage) => (await storage.put("v", [1, , undefined]), storage.get("v")).then((found) => [found.length, 1 in found, 2 in found]),
  "cycle": async (storage) => (await storage.put("v", cycle()), storage.get("v")).then((found) => found.list[0] === found),
  "own class": async (storage) => (await storage.put("v", new (class Own { a = 1; })()), storage.get("v")),
  "changed later": async (storage) => {
    const value = { a: 1 };
    await storage.put("v", value);
    value.a = 2;
    return storage.get("v");
  },
  "delete": async (storage) => (await filled(storage), [await storage.delete("a"), await storage.delete("a"), await storage.get("a")]),
  "delete several": async (storage) => (await filled(storage)).delete(["a", "b", "missing"]),
  "delete all": async (storage) => (await filled(storage), [await storage.deleteAll(), await storage.list()]),
  "list": async (storage) => (await filled(storage)).list(),
  "list prefix": async (storage) => (await filled(storage)).list({ prefix: "b" }),
  "list start": async (storage) => (await filled(storage)).list({ start: "b", end: "d" }),
  "list start after": async (storage) => (await filled(storage)).list({ startAfter: "b" }),
  "list start and start after": async (storage) => (await filled(storage)).list({ start: "a", startAfter: "b" }),
  "list reverse": async (storage) => (await filled(storage)).list({ reverse: true, limit: 2 }),
  "list limit 0": async (storage) => (await filled(storage)).list({ limit: 0 }),
  "list limit -1": async (storage) => (await filled(storage)).list({ limit: -1 }),
  "list order": async (storage) => (await storage.put({ "é": 1, z: 2, "😀": 3, "￿": 4, A: 5 }), [...(await storage.list()).keys()]),
  "transaction": (storage) => storage.transaction(async (txn) => (await txn.put("t", 1), [await txn.get("t"), txn.constructor.name])),
  "transaction that throws": async (storage) => {
    await storage.put("t", 0);
    const error = await storage.transaction(async (txn) => (await txn.put("t", 1), Promise.reject(new Error("no")))).catch((found) => found.message);
    return [error, await storage.get("t")];
  },
  "transaction rolled back": async (storage) => {
    await storage.put("t", 0);
    await storage.transaction(async (txn) => (await txn.put("t", 1), txn.rollback()));
    return storage.get("t");
  },
  "transactionSync": (storage) => [storage.transactionSync(() => (storage.sql.exec("CREATE TABLE t (a)"), 5)), rows(storage.sql, "SELECT count(*) AS n FROM t")],
  "transactionSync that throws": (storage) => {
    storage.sql.exec("CREATE TABLE t (a)");
    try {
      storage.transactionSync(() => { storage.sql.exec("INSERT INTO t VALUES (1)"); throw new Error("no"); });
    } catch (error) {
      return [error.message, rows(storage.sql, "SELECT count(*) AS n FROM t")];
    }
  },
  "sync": (storage) => storage.sync(),
  "kv": ({ kv }) => [kv.put("a", { x: [1] }), kv.get("a"), kv.get("b"), kv.delete("a"), kv.delete("a"), kv.constructor.name],
  "kv list": ({ kv }) => (kv.put("b", 2), kv.put("a", 1), [[...kv.list()], [...kv.list({ prefix: "b" })], [...kv.list({ reverse: true, limit: 1 })]]),
  "kv is the storage": async (storage) => (storage.kv.put("a", 1), storage.get("a")),
  "kv put undefined": ({ kv }) => kv.put("a", undefined),
  "alarm": async (storage) => {
    const at = Date.now() + 100_000;
    const before = await storage.getAlarm();
    await storage.setAlarm(new Date(at));
    const set = (await storage.getAlarm()) === at;
    return [before, set, await storage.deleteAlarm(), await storage.getAlarm()];
  },
  "alarm of no number": (storage) => storage.setAlarm("soon"),
  "alarm of 0": (storage) => storage.setAlarm(0),
  "alarm below 0": (storage) => storage.setAlarm(-1),
  "sql": ({ sql }) => (sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)"), sql.exec("INSERT INTO t (a) VALUES (?), (?)", "x", "y"), rows(sql, "SELECT * FROM t")),
  "sql cursor": ({ sql }) => {
    const cursor = sql.exec("SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y'");
    return [cursor.columnNames, cursor.next(), [...cursor], cursor.next(), cursor.constructor.name];
  },
  "sql one": ({ sql }) => sql.exec("SELECT 1 AS a").one(),
  "sql one of none": ({ sql }) => sql.exec("SELECT 1 AS a WHERE 0").one(),
  "sql one of two": ({ sql }) => sql.exec("SELECT 1 AS a UNION SELECT 2").one(),
  "sql raw": ({ sql }) => [...sql.exec("SELECT 1 AS a, NULL AS b, 1.5 AS c").raw()],
  "sql raw to array": ({ sql }) => sql.exec("SELECT 1 AS a, 2 AS a").raw().toArray(),
  "sql counts": ({ sql }) => {
    const made = sql.exec("CREATE TABLE t (a)"), put = sql.exec("INSERT INTO t VALUES (1), (2), (3)"), read = sql.exec("SELECT * FROM t");
    read.toArray();
    return [put.rowsWritten, read.rowsRead, read.rowsWritten, typeof made.rowsWritten];
  },
  "sql returning": ({ sql }) => (sql.exec("CREATE TABLE t (a)"), rows(sql, "INSERT INTO t VALUES (5) RETURNING a")),
  "sql values": ({ sql }) => rows(sql, "SELECT ? AS n, ? AS t, ? AS b, ? AS f, typeof(?2) AS k", null, "é", bytes(1, 2), 0.5),
  "sql buffer": ({ sql }) => rows(sql, "SELECT ? AS b, typeof(?1) AS k", bytes(3).buffer),
  "sql boolean": ({ sql }) => rows(sql, "SELECT ? AS b, typeof(?1) AS k", true),
  "sql undefined": ({ sql }) => rows(sql, "SELECT ? AS b, typeof(?1) AS k", undefined),
  "sql bigint": ({ sql }) => rows(sql, "SELECT ? AS b", 5n),
  "sql object": ({ sql }) => rows(sql, "SELECT ? AS b", {}),
  "sql whole number": ({ sql }) => rows(sql, "SELECT typeof(?) AS k", 3),
  "sql large number": ({ sql }) => rows(sql, "SELECT 9007199254740993 AS n"),
  "sql too few": ({ sql }) => rows(sql, "SELECT ?, ?", 1),
  "sql too many": ({ sql }) => rows(sql, "SELECT ?", 1, 2),
  "sql several": ({ sql }) => rows(sql, "CREATE TABLE t (a); INSERT INTO t VALUES (1); SELECT a FROM t"),
  "sql several with values": ({ sql }) => rows(sql, "CREATE TABLE t (a); INSERT INTO t VALUES (?); ", 7),
  "sql syntax": ({ sql }) => sql.exec("SELEC 1"),
  "sql empty": ({ sql }) => sql.exec(""),
  "sql no table": ({ sql }) => sql.exec("SELECT * FROM nobody"),
  "sql unique": ({ sql }) => (sql.exec("CREATE TABLE t (a UNIQUE)"), sql.exec("INSERT INTO t VALUES (1), (1)")),
  "sql not null": ({ sql }) => (sql.exec("CREATE TABLE t (a NOT NULL)"), sql.exec("INSERT INTO t VALUES (NULL)")),
  "sql begin": ({ sql }) => sql.exec("BEGIN TRANSACTION"),
  "sql commit": ({ sql }) => sql.exec("COMMIT"),
  "sql savepoint": ({ sql }) => sql.exec("SAVEPOINT s"),
  "sql attach": ({ sql }) => sql.exec("ATTACH ':memory:' AS other"),
  "sql pragma": ({ sql }) => sql.exec("PRAGMA journal_mode"),
  "sql pragma allowed": ({ sql }) => (sql.exec("CREATE TABLE t (a INTEGER)"), rows(sql, "PRAGMA table_info(t)").map((row) => [row.name, row.type])),
  "sql internal": ({ sql }) => sql.exec("SELECT * FROM _cf_KV"),
  "sql own _cf_": ({ sql }) => sql.exec("CREATE TABLE _cf_mine (a)"),
  "sql vacuum": ({ sql }) => sql.exec("VACUUM"),
  "sql load_extension": ({ sql }) => sql.exec("SELECT load_extension('x')"),
  "sql sqlite_version": ({ sql }) => sql.exec("SELECT sqlite_version()"),
  "sql json": ({ sql }) => rows(sql, "SELECT json_extract('[1,{\"a\":2}]', '$[1].a') AS v"),
  "sql full text": ({ sql }) => (sql.exec("CREATE VIRTUAL TABLE f USING fts5(a)"), sql.exec("INSERT INTO f VALUES ('quick fox')"), rows(sql, "SELECT a FROM f('fox')")),
  "sql functions": ({ sql }) => rows(sql, "SELECT abs(-2) AS a, substr('hello', 2, 2) AS s, iif(1, 'y', 'n') AS i, strftime('%Y', 0, 'unixepoch') AS d, round(pow(2, 3)) AS p"),
  "sql size": ({ sql }) => [typeof sql.databaseSize, sql.databaseSize > 0, sql.constructor.name, typeof sql.Cursor, typeof sql.Statement],
  "sql without arguments": ({ sql }) => sql.exec(),
  "sql cursor goes on": ({ sql }) => {
    sql.exec("CREATE TABLE t (a)");
    sql.exec("INSERT INTO t VALUES (1), (2)");
    const cursor = sql.exec("SELECT a FROM t");
    const first = cursor.next().value;
    sql.exec("INSERT INTO t VALUES (3)");
    return [first, cursor.toArray().length >= 1];
  },
  "sql 101 values": ({ sql }) => rows(sql, `SELECT ${Array.from({ length: 101 }, (_, i) => `? AS c${i}`)}`, ...Array(101).fill(1)).length,
  "deleteAll and sql": async (storage) => (storage.sql.exec("CREATE TABLE t (a)"), await storage.deleteAll(), rows(storage.sql, "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")),
  "block": async (_, ctx) => ctx.blockConcurrencyWhile(async () => "done"),
  "wait until": (_, ctx) => ctx.waitUntil(Promise.resolve()),
  "bookmark": async (storage) => typeof (await storage.getCurrentBookmark()),
  "classes": (storage, ctx) => [storage.constructor.name, ctx.constructor.name, `${storage}`, ctx.id.constructor.name, storage.transaction.length],
  "tags of no socket": (_, ctx) => ctx.getTags(new WebSocketPair()[0]),
  "no sockets": (_, ctx) => ctx.getWebSockets(),
  "auto response, none": (_, ctx) => ctx.getWebSocketAutoResponse(),
};
