// A KV namespace for workerd by itself: the protocol behind its `kvNamespace` bindings, kept by a Durable
// Object in SQLite. One object a namespace. Values are at most 2 MB, SQLite's limit for one in workerd.
import { DurableObject } from "cloudflare:workers";

const now = () => Math.floor(Date.now() / 1000);

export class Namespace extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec(
      "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB, metadata TEXT, expires INTEGER) WITHOUT ROWID",
    );
  }

  find(key) {
    return this.sql
      .exec(
        "SELECT value, metadata FROM entries WHERE key = CAST(? AS BLOB) AND (expires IS NULL OR expires > ?)",
        key,
        now(),
      )
      .toArray()[0];
  }

  put(key, value, metadata, expires) {
    this.sql.exec("DELETE FROM entries WHERE expires <= ?", now());
    this.sql.exec(
      "INSERT OR REPLACE INTO entries VALUES (CAST(? AS BLOB), ?, ?, ?)",
      key,
      value,
      metadata,
      expires,
    );
  }

  delete(key) {
    this.sql.exec("DELETE FROM entries WHERE key = CAST(? AS BLOB)", key);
  }

  list(prefix, after, limit) {
    const rows = this.sql
      .exec(
        `SELECT CAST(key AS TEXT) AS name, metadata, expires FROM entries
         WHERE substr(key, 1, length(CAST(?1 AS BLOB))) = CAST(?1 AS BLOB) AND key > CAST(?2 AS BLOB)
         AND (expires IS NULL OR expires > ?3) ORDER BY key LIMIT ?4`,
        prefix,
        after,
        now(),
        limit + 1,
      )
      .toArray();
    const more = rows.length > limit;
    const keys = rows.slice(0, limit).map(({ name, metadata, expires }) => ({
      name,
      ...(expires === null ? {} : { expiration: expires }),
      ...(metadata === null ? {} : { metadata: JSON.parse(metadata) }),
    }));
    return more
      ? { keys, list_complete: false, cursor: btoa(encodeURIComponent(keys.at(-1).name)) }
      : { keys, list_complete: true };
  }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const query = url.searchParams;
    const space = env.NAMESPACES.get(env.NAMESPACES.idFromName(env.ID));
    if (url.pathname === "/" && request.method === "GET") {
      const cursor = query.get("cursor");
      const after = cursor ? decodeURIComponent(atob(cursor)) : "";
      const limit = Math.min(Number(query.get("key_count_limit") ?? 1000), 1000);
      return Response.json(await space.list(query.get("prefix") ?? "", after, limit));
    }
    if (url.pathname === "/bulk/get" && request.method === "POST") {
      const { keys, type, withMetadata } = await request.json();
      const found = {};
      for (const key of keys) {
        const entry = await space.find(key);
        const text = entry === undefined ? null : new TextDecoder().decode(entry.value);
        const value = text !== null && type === "json" ? JSON.parse(text) : text;
        const metadata = entry?.metadata ? JSON.parse(entry.metadata) : null;
        found[key] = withMetadata ? { value, metadata } : value;
      }
      return Response.json(found);
    }
    const key = decodeURIComponent(url.pathname.slice(1));
    switch (request.method) {
      case "GET": {
        const entry = await space.find(key);
        if (entry === undefined) return new Response("Not Found", { status: 404 });
        return new Response(entry.value, {
          headers: entry.metadata === null ? {} : { "CF-KV-Metadata": entry.metadata },
        });
      }
      case "PUT": {
        const value = await request.arrayBuffer();
        if (value.byteLength > 2_000_000) return new Response("value over 2 MB", { status: 413 });
        const ttl = query.get("expiration_ttl");
        const at = ttl ? now() + Number(ttl) : query.get("expiration");
        await space.put(key, value, request.headers.get("CF-KV-Metadata"), at ? Number(at) : null);
        return new Response();
      }
      case "DELETE":
        await space.delete(key);
        return new Response();
      default:
        return new Response("Method Not Allowed", { status: 405 });
    }
  },
};
