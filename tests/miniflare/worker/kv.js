import { bytes, stream, text } from "./check.js";

const names = (page) => [page.keys.map((key) => key.name), page.list_complete, typeof page.cursor];
const soon = (seconds) => Math.floor(Date.now() / 1000) + seconds;

export const checks = {
  "missing": ({ KV }) => KV.get("missing"),
  "missing, as stream": ({ KV }) => KV.get("missing", "stream"),
  "missing, of an unknown type": ({ KV }) => KV.get("missing", "blob"),
  "missing, with metadata": ({ KV }) => KV.getWithMetadata("missing"),
  "put answers": ({ KV }) => KV.put("a", "text"),
  "text": ({ KV }) => KV.get("a"),
  "text by name": ({ KV }) => KV.get("a", "text"),
  "text by options": ({ KV }) => KV.get("a", { type: "text", cacheTtl: 60 }),
  "of null type": ({ KV }) => KV.get("a", null),
  "of null type in options": ({ KV }) => KV.get("a", { type: null }),
  "array buffer": ({ KV }) => KV.get("a", "arrayBuffer"),
  "stream": async ({ KV }) => text(await KV.get("a", "stream")),
  "json of no json": ({ KV }) => KV.get("a", "json"),
  "unknown type": ({ KV }) => KV.get("a", "blob"),
  "unknown type in options": ({ KV }) => KV.get("a", { type: "blob" }),
  "cacheTtl too small": ({ KV }) => KV.get("a", { cacheTtl: 29 }),
  "cacheTtl of 30": ({ KV }) => KV.get("a", { cacheTtl: 30 }),
  "json": async ({ KV }) => (await KV.put("json", '{"a":[1,null]}'), KV.get("json", "json")),
  "json by options": ({ KV }) => KV.get("json", { type: "json" }),
  "number": async ({ KV }) => (await KV.put("n", 12), KV.get("n")),
  "null": async ({ KV }) => (await KV.put("n", null), KV.get("n")),
  "boolean": async ({ KV }) => (await KV.put("n", true), KV.get("n")),
  "no value": ({ KV }) => KV.put("n"),
  "object": ({ KV }) => KV.put("n", {}),
  "array": ({ KV }) => KV.put("n", [1, 2]),
  "date": ({ KV }) => KV.put("n", new Date(0)),
  "blob": ({ KV }) => KV.put("n", new Blob(["x"])),
  "bytes": async ({ KV }) => (await KV.put("b", bytes(0, 255, 128)), KV.get("b", "arrayBuffer")),
  "bytes as text": ({ KV }) => KV.get("b"),
  "part of a buffer": async ({ KV }) => (await KV.put("b", bytes(1, 2, 3, 4).subarray(1, 3)), KV.get("b", "arrayBuffer")),
  "view": async ({ KV }) => (await KV.put("b", new DataView(bytes(7, 8).buffer)), KV.get("b", "arrayBuffer")),
  "buffer": async ({ KV }) => (await KV.put("b", bytes(9).buffer), KV.get("b", "arrayBuffer")),
  "put a stream": async ({ KV }) => (await KV.put("s", stream("one ", "two")), KV.get("s")),
  "put a used stream": async ({ KV }) => {
    const used = stream("x");
    await text(used);
    await KV.put("s", used);
  },
  "empty value": async ({ KV }) => (await KV.put("e", ""), KV.get("e")),
  "empty buffer": ({ KV }) => KV.get("e", "arrayBuffer"),
  "byte order mark": async ({ KV }) => (await KV.put("bom", bytes(0xef, 0xbb, 0xbf, 0x61)), KV.get("bom")),
  "value of 25 MiB and one": ({ KV }) => KV.put("big", new Uint8Array(25 * 1024 * 1024 + 1)),
  "no key": ({ KV }) => KV.get(),
  "null key": async ({ KV }) => (await KV.put(null, "x"), KV.get("null")),
  "number key": async ({ KV }) => (await KV.put(7, "seven"), KV.get("7")),
  "empty key": ({ KV }) => KV.get(""),
  "empty key of put": ({ KV }) => KV.put("", "x"),
  "key .": ({ KV }) => KV.get("."),
  "key ..": ({ KV }) => KV.put("..", "x"),
  "key of 512 bytes": async ({ KV }) => (await KV.put("k".repeat(512), "x"), KV.get("k".repeat(512))),
  "key of 513 bytes": ({ KV }) => KV.get("k".repeat(513)),
  "key of 513 bytes, put": ({ KV }) => KV.put("é".repeat(257), "x"),
  "key of 513 bytes, delete": ({ KV }) => KV.delete("k".repeat(513)),
  "key with every sign": async ({ KV }) => (await KV.put("a/b?c#d%20 é😀+&", "x"), KV.get("a/b?c#d%20 é😀+&")),
  "put without arguments": ({ KV }) => KV.put(),
  "delete without arguments": ({ KV }) => KV.delete(),
  "delete answers": ({ KV }) => KV.delete("a"),
  "delete what is missing": ({ KV }) => KV.delete("a"),
  "gone": ({ KV }) => KV.get("a"),
  "metadata": async ({ KV }) => (await KV.put("m", "v", { metadata: { a: [1, "x", null] } }), KV.getWithMetadata("m")),
  "metadata as json": async ({ KV }) => (await KV.put("m", "{}", { metadata: "text" }), KV.getWithMetadata("m", "json")),
  "metadata goes with the next put": async ({ KV }) => (await KV.put("m", "w"), KV.getWithMetadata("m")),
  "metadata of null": async ({ KV }) => (await KV.put("m", "w", { metadata: null }), KV.getWithMetadata("m")),
  "metadata of 0": async ({ KV }) => (await KV.put("m", "w", { metadata: 0 }), KV.getWithMetadata("m")),
  "metadata of 1,024 bytes": async ({ KV }) => (await KV.put("m", "w", { metadata: "x".repeat(1022) }), (await KV.getWithMetadata("m")).metadata.length),
  "metadata of 1,025 bytes": ({ KV }) => KV.put("m", "w", { metadata: "x".repeat(1023) }),
  "metadata that is a function": ({ KV }) => KV.put("m", "w", { metadata: () => 1 }),
  "metadata with a cycle": ({ KV }) => {
    const cycle = {};
    cycle.self = cycle;
    return KV.put("m", "w", { metadata: cycle }).catch((error) => error.name);
  },
  "options of the wrong type": ({ KV }) => KV.put("m", "w", "options"),
  "ttl of 59": ({ KV }) => KV.put("t", "v", { expirationTtl: 59 }),
  "ttl of 60": ({ KV }) => KV.put("t", "v", { expirationTtl: 60 }),
  "ttl of text": ({ KV }) => KV.put("t", "v", { expirationTtl: "120" }),
  "ttl of no number": ({ KV }) => KV.put("t", "v", { expirationTtl: "soon" }),
  "ttl of 0": ({ KV }) => KV.put("t", "v", { expirationTtl: 0 }),
  "ttl below 0": ({ KV }) => KV.put("t", "v", { expirationTtl: -1 }),
  "ttl of a fraction": ({ KV }) => KV.put("t", "v", { expirationTtl: 60.9 }),
  "expiration in the past": async ({ KV }) => KV.put("t", "v", { expiration: 1_000_000_000 }).catch((error) => error.message.replace(/\d{10}/g, "N")),
  "expiration too soon": ({ KV }) => KV.put("t", "v", { expiration: soon(10) }).catch((error) => error.message.replace(/\d{10}/g, "N")),
  "expiration beyond an int": ({ KV }) => KV.put("t", "v", { expiration: 1e12 }),
  "expiration in a list": async ({ KV }) => {
    const at = soon(1000);
    await KV.put("expires/1", "v", { expiration: at, metadata: { m: 1 } });
    const { keys: [found] } = await KV.list({ prefix: "expires/" });
    return [found.expiration === at, Object.keys(found).sort(), found.metadata];
  },
  "fill": async ({ KV }) => {
    for (const key of ["list/b", "list/a", "list/é", "list/😀", "list/￿", "list/a/c"]) await KV.put(key, key);
  },
  "list in byte order": async ({ KV }) => names(await KV.list({ prefix: "list/" })),
  "list item": async ({ KV }) => (await KV.list({ prefix: "list/a" })).keys,
  "list of nothing": ({ KV }) => KV.list({ prefix: "nothing/" }),
  "list with a limit": async ({ KV }) => names(await KV.list({ prefix: "list/", limit: 2 })),
  "list by pages": async ({ KV }) => {
    const found = [];
    for (let cursor; ;) {
      const page = await KV.list({ prefix: "list/", limit: 4, cursor });
      found.push(names(page));
      if (page.list_complete) return found;
      cursor = page.cursor;
    }
  },
  "list of a page's exact size": async ({ KV }) => names(await KV.list({ prefix: "list/", limit: 6 })),
  "list of limit 0": ({ KV }) => KV.list({ prefix: "list/", limit: 0 }).then(names),
  "list of limit -1": ({ KV }) => KV.list({ prefix: "list/", limit: -1 }).then(names),
  "list of limit 1,001": ({ KV }) => KV.list({ prefix: "list/", limit: 1001 }).then(names),
  "list of limit in text": ({ KV }) => KV.list({ prefix: "list/", limit: "3" }).then(names),
  "list of null prefix": async ({ KV }) => (await KV.list({ prefix: null })).keys.length > 6,
  "list of options null": async ({ KV }) => (await KV.list(null)).keys.length > 6,
  "list of wrong options": ({ KV }) => KV.list("list/").then(names),
  "list with an empty cursor": async ({ KV }) => names(await KV.list({ prefix: "list/", cursor: "" })),
  "bulk": ({ KV }) => KV.get(["list/a", "missing", "list/b"]),
  "bulk of equal keys": ({ KV }) => KV.get(["list/a", "list/a"]),
  "bulk json": ({ KV }) => KV.get(["json"], "json"),
  "bulk json of no json": ({ KV }) => KV.get(["list/a"], { type: "json" }),
  "bulk of buffers": ({ KV }) => KV.get(["list/a"], "arrayBuffer"),
  "bulk of nothing": ({ KV }) => KV.get([]),
  "bulk of 101": ({ KV }) => KV.get(Array.from({ length: 101 }, (_, i) => `k${i}`)),
  "bulk of an empty key": ({ KV }) => KV.get([""]),
  "bulk with metadata": async ({ KV }) => (await KV.put("m", "w", { metadata: [1] }), KV.getWithMetadata(["m", "json", "missing"])),
  "class": ({ KV }) => [KV.constructor.name, Object.prototype.toString.call(KV), Object.keys(KV)],
  "throws at once": ({ KV }) => {
    try {
      KV.get();
    } catch (error) {
      return error.message;
    }
  },
  "has no constructor": ({ KV }) => new KV.constructor(),
  "methods need it": ({ KV }) => (0, KV.get)("a"),
};
