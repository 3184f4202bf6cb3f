import { bytes, plain, stream, text } from "./check.js";

/** An object without what differs each time. */
const shown = async (found) => {
  if (!found) return found;
  // Without the storage class, which Miniflare does not know.
  const { key, size, etag, httpEtag, httpMetadata, customMetadata, range, version, uploaded } = found;
  const body = "body" in found ? (found.body ? await found.text() : null) : undefined;
  return { class: found.constructor.name, key, size, etag, httpEtag, httpMetadata, customMetadata, range,
    version: typeof version, uploaded: uploaded instanceof Date, checksums: found.checksums?.toJSON(), body };
};
const get = async (R2, key, options) => shown(await R2.get(key, options));
const keys = (page) => [page.objects.map((each) => each.key), page.delimitedPrefixes, page.truncated, typeof page.cursor];
const digest = async (name, value) => crypto.subtle.digest(name, new TextEncoder().encode(value));
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const PART = 5 * 1024 * 1024;

export const checks = {
  "head of nothing": ({ R2 }) => R2.head("missing"),
  "get of nothing": ({ R2 }) => R2.get("missing"),
  "put": async ({ R2 }) => shown(await R2.put("a", "0123456789")),
  "head": async ({ R2 }) => shown(await R2.head("a")),
  "get": ({ R2 }) => get(R2, "a"),
  "array buffer": async ({ R2 }) => (await R2.get("a")).arrayBuffer(),
  "bytes": async ({ R2 }) => (await R2.get("a")).bytes(),
  "json": async ({ R2 }) => (await R2.put("json", '{"a":1}'), (await R2.get("json")).json()),
  "blob": async ({ R2 }) => {
    await R2.put("typed", "x", { httpMetadata: { contentType: "image/png" } });
    const blob = await (await R2.get("typed")).blob();
    return [blob.type, blob.size];
  },
  "body used": async ({ R2 }) => {
    const found = await R2.get("a");
    const before = found.bodyUsed;
    await found.text();
    return [before, found.bodyUsed, await found.text().catch((error) => error.name)];
  },
  "put bytes": async ({ R2 }) => (await R2.put("b", bytes(0, 255)), (await R2.get("b")).arrayBuffer()),
  "put a view": async ({ R2 }) => (await R2.put("b", bytes(1, 2, 3).subarray(1)), (await R2.get("b")).arrayBuffer()),
  "put a blob": async ({ R2 }) => (await R2.put("b", new Blob(["blob"])), get(R2, "b")),
  "put null": async ({ R2 }) => (await R2.put("b", null), get(R2, "b")),
  "put nothing": ({ R2 }) => R2.put("b"),
  "put a number": ({ R2 }) => R2.put("b", 12).then(shown),
  "put an object": ({ R2 }) => R2.put("b", {}),
  "put a body": async ({ R2 }) => (await R2.put("b", new Response("body").body), get(R2, "b")),
  "put a stream without a length": ({ R2 }) => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    writer.write(bytes(1)).catch(() => {});
    writer.close().catch(() => {});
    return R2.put("b", readable);
  },
  "put a stream with a length": async ({ R2 }) => {
    const { readable, writable } = new FixedLengthStream(3);
    const writer = writable.getWriter();
    writer.write(bytes(97, 98, 99));
    writer.close();
    return shown(await R2.put("b", readable));
  },
  "metadata": async ({ R2 }) => {
    await R2.put("m", "x", {
      httpMetadata: { contentType: "text/x", contentLanguage: "de", contentDisposition: "inline", contentEncoding: "identity", cacheControl: "no-cache", cacheExpiry: new Date(5000) },
      customMetadata: { Own: "Value", n: "1" },
    });
    return get(R2, "m");
  },
  "metadata from headers": async ({ R2 }) => {
    await R2.put("mh", "x", { httpMetadata: new Headers({ "content-type": "text/h", "cache-control": "max-age=1", expires: "Thu, 01 Jan 2026 00:00:00 GMT", "x-own": "1" }) });
    return shown(await R2.head("mh"));
  },
  "write metadata": async ({ R2 }) => {
    const headers = new Headers();
    (await R2.head("m")).writeHttpMetadata(headers);
    return headers;
  },
  "metadata of a number": ({ R2 }) => R2.put("m", "x", { customMetadata: { n: 1 } }).then(shown),
  "metadata too large": ({ R2 }) => R2.put("m", "x", { customMetadata: { n: "x".repeat(9000) } }),
  "storage class": async ({ R2 }) => (await R2.put("ia", "x", { storageClass: "InfrequentAccess" })).storageClass,
  "storage class, wrong": async ({ R2 }) => (await R2.put("ia", "x", { storageClass: "Cold" })).storageClass,
  "range": ({ R2 }) => get(R2, "a", { range: { offset: 2, length: 3 } }),
  "range from": ({ R2 }) => get(R2, "a", { range: { offset: 7 } }),
  "range length": ({ R2 }) => get(R2, "a", { range: { length: 4 } }),
  "range suffix": ({ R2 }) => get(R2, "a", { range: { suffix: 2 } }),
  "range suffix, all": ({ R2 }) => get(R2, "a", { range: { suffix: 100 } }),
  "range past the end": ({ R2 }) => get(R2, "a", { range: { offset: 8, length: 100 } }),
  "range beyond": ({ R2 }) => get(R2, "a", { range: { offset: 100 } }),
  "range suffix and offset": ({ R2 }) => get(R2, "a", { range: { offset: 1, suffix: 2 } }),
  "range of 0": ({ R2 }) => get(R2, "a", { range: { offset: 1, length: 0 } }),
  "range below 0": ({ R2 }) => get(R2, "a", { range: { offset: -1 } }),
  "range by headers": ({ R2 }) => get(R2, "a", { range: new Headers({ range: "bytes=1-3" }) }),
  "range by headers, suffix": ({ R2 }) => get(R2, "a", { range: new Headers({ range: "bytes=-3" }) }),
  "range by headers, several": ({ R2 }) => get(R2, "a", { range: new Headers({ range: "bytes=0-1,3-4" }) }),
  "etag matches": async ({ R2 }) => get(R2, "a", { onlyIf: { etagMatches: (await R2.head("a")).etag } }),
  "etag does not": ({ R2 }) => get(R2, "a", { onlyIf: { etagMatches: "other" } }),
  "etag differs": ({ R2 }) => get(R2, "a", { onlyIf: { etagDoesNotMatch: "other" } }),
  "etag does not differ": async ({ R2 }) => get(R2, "a", { onlyIf: { etagDoesNotMatch: (await R2.head("a")).etag } }),
  "uploaded before": ({ R2 }) => get(R2, "a", { onlyIf: { uploadedBefore: new Date(0) } }),
  "uploaded after": ({ R2 }) => get(R2, "a", { onlyIf: { uploadedAfter: new Date(0) } }),
  "uploaded after, in the future": ({ R2 }) => get(R2, "a", { onlyIf: { uploadedAfter: new Date(Date.now() + 1e6) } }),
  "if-none-match": async ({ R2 }) => get(R2, "a", { onlyIf: new Headers({ "if-none-match": (await R2.head("a")).httpEtag }) }),
  "if-match": async ({ R2 }) => get(R2, "a", { onlyIf: new Headers({ "if-match": (await R2.head("a")).httpEtag }) }),
  "if-match without quotes": async ({ R2 }) => get(R2, "a", { onlyIf: new Headers({ "if-match": (await R2.head("a")).etag }) }),
  "etag with quotes": async ({ R2 }) => get(R2, "a", { onlyIf: { etagMatches: (await R2.head("a")).httpEtag } }),
  "put only if": ({ R2 }) => R2.put("a", "new", { onlyIf: { etagMatches: "other" } }),
  "put only if, so": async ({ R2 }) => shown(await R2.put("cond", "new", { onlyIf: { etagDoesNotMatch: "other" } })),
  "put if there is none": async ({ R2 }) => [await R2.put("a", "new", { onlyIf: new Headers({ "if-none-match": "*" }) }), (await R2.put("fresh", "new", { onlyIf: new Headers({ "if-none-match": "*" }) })).key],
  "md5": async ({ R2 }) => shown(await R2.put("sum", "sum", { md5: "0fee27989bc3c93e0e0acc42a31a1a5e" })).catch((error) => error.message.replace(/\(.*\)/, "")),
  "md5 wrong": ({ R2 }) => R2.put("sum", "sum", { md5: "0".repeat(32) }),
  "md5 of a wrong length": ({ R2 }) => R2.put("sum", "sum", { md5: "00" }),
  "sha1": async ({ R2 }) => shown(await R2.put("sum", "sum", { sha1: await digest("SHA-1", "sum") })),
  "sha256": async ({ R2 }) => shown(await R2.put("sum", "sum", { sha256: hex(await digest("SHA-256", "sum")) })),
  "sha512 wrong": async ({ R2 }) => R2.put("sum", "sum", { sha512: await digest("SHA-512", "other") }),
  "two sums": async ({ R2 }) => R2.put("sum", "sum", { sha1: await digest("SHA-1", "sum"), sha256: await digest("SHA-256", "sum") }),
  "sums": async ({ R2 }) => plain((await R2.head("sum")).checksums.sha256),
  "fill": async ({ R2 }) => {
    for (const key of ["l/b", "l/a", "l/d/1", "l/d/2", "l/e/1", "l/é"]) await R2.put(key, key, { customMetadata: { key }, httpMetadata: { contentType: "text/l" } });
  },
  "list": async ({ R2 }) => keys(await R2.list({ prefix: "l/" })),
  "list object": async ({ R2 }) => shown((await R2.list({ prefix: "l/a" })).objects[0]),
  "list with metadata": async ({ R2 }) => shown((await R2.list({ prefix: "l/a", include: ["httpMetadata", "customMetadata"] })).objects[0]),
  "list including what there is not": ({ R2 }) => R2.list({ prefix: "l/a", include: ["body"] }).then(keys),
  "list by folders": async ({ R2 }) => keys(await R2.list({ prefix: "l/", delimiter: "/" })),
  "list by a long delimiter": async ({ R2 }) => keys(await R2.list({ prefix: "l/", delimiter: "d/" })),
  "list after": async ({ R2 }) => keys(await R2.list({ prefix: "l/", startAfter: "l/d/1" })),
  "list of nothing": ({ R2 }) => R2.list({ prefix: "nothing/" }),
  "list by pages": async ({ R2 }) => {
    const found = [];
    for (let cursor; ;) {
      const page = await R2.list({ prefix: "l/", limit: 4, cursor });
      found.push(keys(page));
      if (!page.truncated) return found;
      cursor = page.cursor;
    }
  },
  "list by pages of folders": async ({ R2 }) => {
    const found = [];
    for (let cursor; ;) {
      const page = await R2.list({ prefix: "l/", limit: 2, delimiter: "/", cursor });
      found.push(keys(page));
      if (!page.truncated) return found;
      cursor = page.cursor;
    }
  },
  "list of limit 0": ({ R2 }) => R2.list({ limit: 0 }).then(keys),
  "list of limit 1,001": ({ R2 }) => R2.list({ limit: 1001 }).then(keys),
  "delete": async ({ R2 }) => [await R2.delete("l/a"), await R2.head("l/a")],
  "delete several": async ({ R2 }) => (await R2.delete(["l/b", "missing", "l/é"]), keys(await R2.list({ prefix: "l/" }))),
  "delete of nothing": ({ R2 }) => R2.delete("missing"),
  "delete of none": ({ R2 }) => R2.delete([]),
  "delete of 1,001": ({ R2 }) => R2.delete(Array.from({ length: 1001 }, (_, i) => `k${i}`)),
  "empty key": ({ R2 }) => R2.put("", "x").then(shown),
  "key of 1,024 bytes": async ({ R2 }) => (await R2.put("k".repeat(1024), "x")).key.length,
  "key of 1,025 bytes": ({ R2 }) => R2.put("k".repeat(1025), "x"),
  "key of 1,025 bytes, get": ({ R2 }) => R2.get("k".repeat(1025)),
  "no key": ({ R2 }) => R2.get(),
  "multipart": async ({ R2 }) => {
    const upload = await R2.createMultipartUpload("multi", { httpMetadata: { contentType: "text/m" }, customMetadata: { own: "1" } });
    const one = await upload.uploadPart(1, new Uint8Array(PART).fill(97));
    const two = await R2.resumeMultipartUpload("multi", upload.uploadId).uploadPart(2, "end");
    const whole = await upload.complete([one, two]);
    const { body, ...found } = await shown(whole);
    return [upload.constructor.name, upload.key, typeof upload.uploadId, Object.keys(one), one.partNumber, found, await text((await R2.get("multi", { range: { suffix: 5 } })).body)];
  },
  "multipart in any order": async ({ R2 }) => {
    const upload = await R2.createMultipartUpload("multi2");
    const parts = [await upload.uploadPart(2, "end"), await upload.uploadPart(1, new Uint8Array(PART))];
    return (await upload.complete(parts)).size;
  },
  "multipart too small": async ({ R2 }) => {
    const upload = await R2.createMultipartUpload("multi3");
    await upload.complete([await upload.uploadPart(1, "a"), await upload.uploadPart(2, "b")]);
  },
  "multipart of nothing": async ({ R2 }) => (await (await R2.createMultipartUpload("multi3")).complete([])).size,
  "multipart of a wrong part": async ({ R2 }) => (await R2.createMultipartUpload("multi3")).complete([{ partNumber: 1, etag: "x" }]),
  "multipart part 0": async ({ R2 }) => (await R2.createMultipartUpload("multi3")).uploadPart(0, "x"),
  "multipart part 10,001": async ({ R2 }) => (await R2.createMultipartUpload("multi3")).uploadPart(10001, "x"),
  "multipart aborted": async ({ R2 }) => {
    const upload = await R2.createMultipartUpload("multi4");
    await upload.abort();
    await upload.uploadPart(1, "x");
  },
  "multipart aborted twice": async ({ R2 }) => {
    const upload = await R2.createMultipartUpload("multi4");
    return [await upload.abort(), await upload.abort()];
  },
  "multipart unknown": ({ R2 }) => R2.resumeMultipartUpload("multi4", "unknown").uploadPart(1, "x"),
  "classes": ({ R2 }) => [R2.constructor.name, `${R2}`],
  "error": ({ R2 }) => R2.put("k".repeat(1025), "x").catch((error) => Object.keys(error).sort()),
};
