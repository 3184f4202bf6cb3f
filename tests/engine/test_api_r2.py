"""R2 over the API, as wrangler uses it, bound to workers, and in deploys, clones and rollbacks."""

from __future__ import annotations

import itertools
import os
from urllib.parse import quote

import pytest
from enginekit import RunningEngine, environment_path, events_of, worker_path

_numbers = itertools.count(1)
BUCKETS = "/r2/buckets"
WORKER = """export default { async fetch(request, env) {
  const url = new URL(request.url);
  const httpMetadata = request.headers;
  if (request.method === "PUT") await env.FILES.put(url.pathname, request.body, { httpMetadata });
  const found = await env.FILES.get(url.pathname, { range: request.headers, onlyIf: request.headers });
  if (found === null) return new Response("none", { status: 404 });
  const headers = new Headers({ etag: found.httpEtag });
  found.writeHttpMetadata(headers);
  if (!("body" in found)) return new Response(null, { status: 304, headers });
  return new Response(found.body, { headers });
} }"""


@pytest.fixture
def bucket(engine: RunningEngine) -> str:
    """The name of a new bucket."""
    name = f"test-{next(_numbers)}"
    engine.result("POST", BUCKETS, content=f'{{"name":"{name}"}}', headers={"content-type": "text/plain"})
    return name


def binding(bucket: str) -> dict[str, str]:
    return {"name": "FILES", "type": "r2_bucket", "bucket_name": bucket}


def test_buckets(engine: RunningEngine, bucket: str) -> None:
    path = f"{BUCKETS}/{bucket}"
    shown = engine.result("GET", path)
    assert (shown["name"], shown["storage_class"], shown["objects"]) == (bucket, "Standard", 0)
    assert shown["creation_date"].endswith("Z")
    engine.refusal("POST", BUCKETS, 409, 10004, json={"name": bucket})
    engine.refusal("POST", BUCKETS, 400, 10005, json={"name": "No"})
    engine.refusal("POST", BUCKETS, 400, 10062, json={"name": "fine-name", "storageClass": "Cold"})
    changed = engine.result("PATCH", path, headers={"cf-r2-storage-class": "InfrequentAccess"})
    assert changed["storage_class"] == "InfrequentAccess"
    found, cursor = [], ""
    while True:
        answer = engine.api.get(f"{BUCKETS}?per_page=1&cursor={cursor}").json()
        found += [each["name"] for each in answer["result"]["buckets"]]
        cursor = answer["result_info"].get("cursor", "")
        if not cursor:
            break
    assert bucket in found
    assert found == sorted(found)
    engine.result("PUT", f"{path}/objects/a", content=b"x")
    engine.refusal("DELETE", path, 409, 10008)
    engine.result("DELETE", f"{path}/objects/a")
    engine.result("DELETE", path)
    engine.refusal("GET", path, 404, 10006)


@pytest.mark.parametrize("key", ["plain", "a/b c/ü.txt", "100%/?#&", "dir/", "//x", "日本", "a%20b"])
def test_objects(engine: RunningEngine, bucket: str, key: str) -> None:
    path = f"{BUCKETS}/{bucket}/objects/{quote(key)}"
    engine.refusal("GET", path, 404, 10007)
    content = os.urandom(100_000)
    made = engine.result("PUT", path, content=content, headers={"content-type": "image/png"})
    assert (made["key"], made["size"]) == (key, len(content))
    answer = engine.api.get(path)
    assert answer.content == content
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["etag"] == f'"{made["etag"]}"'
    listed = engine.result("GET", f"{BUCKETS}/{bucket}/objects")
    assert [(each["key"], each["http_metadata"]) for each in listed] == [(key, {"contentType": "image/png"})]
    engine.result("DELETE", path)
    engine.refusal("GET", path, 404, 10007)


def test_ranges_and_conditions(engine: RunningEngine, bucket: str) -> None:
    path = f"{BUCKETS}/{bucket}/objects/a"
    content = os.urandom(5_000_000)
    etag = engine.result("PUT", path, content=content)["etag"]
    assert engine.api.get(path).content == content
    part = engine.api.get(path, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert engine.api.get(path, headers={"range": "bytes=-5"}).content == content[-5:]
    assert engine.api.get(path, headers={"if-none-match": f'"{etag}"'}).status_code == 304
    assert engine.api.get(path, headers={"if-match": '"other"'}).status_code == 412
    engine.refusal("PUT", path, 412, 10031, content=b"x", headers={"if-none-match": "*"})
    head = engine.api.head(path)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))
    engine.refusal("PUT", f"{BUCKETS}/none/objects/a", 404, 10006, content=b"x")


def test_listing(engine: RunningEngine, bucket: str) -> None:
    path = f"{BUCKETS}/{bucket}/objects"
    for key in ("a", "d/1", "d/2", "e/1"):
        engine.result("PUT", f"{path}/{key}", content=key.encode())
    found = engine.api.get(path, params={"delimiter": "/"}).json()
    assert [each["key"] for each in found["result"]] == ["a"]
    assert found["result_info"]["delimited"] == ["d/", "e/"]
    keys, cursor = [], ""
    while True:
        page = engine.api.get(path, params={"per_page": "3", "cursor": cursor}).json()
        keys += [each["key"] for each in page["result"]]
        cursor = page["result_info"]["cursor"]
        if not cursor:
            break
    assert keys == ["a", "d/1", "d/2", "e/1"]
    engine.result("DELETE", path, content=b'["a", "d/1", "d/2", "e/1"]')
    assert engine.result("GET", f"{BUCKETS}/{bucket}")["objects"] == 0


def test_workers_and_drafts(engine: RunningEngine, service: str, bucket: str) -> None:
    engine.deploy(service, WORKER, bindings=[binding(bucket)])
    content = os.urandom(6_000_000)
    made = engine.send("PUT", service, "/big", content=content, headers={"content-type": "image/gif"})
    assert made.content == content
    assert made.headers["content-type"] == "image/gif"
    assert made.headers["content-length"] == "6000000"  # though it was streamed
    part = engine.get(service, "/big", headers={"range": "bytes=5-3000004"})
    assert (part.content, part.headers["content-length"]) == (content[5:3_000_005], "3000000")
    assert engine.get(service, "/big", headers={"range": "bytes=5-9"}).content == content[5:10]
    assert engine.get(service, "/big", headers={"if-none-match": made.headers["etag"]}).status_code == 304
    assert engine.get(service, "/none").status_code == 404
    assert engine.api.get(f"{BUCKETS}/{bucket}/objects//big").content == content

    events = engine.run(
        service,
        "export default { async fetch(r, env) { await env.FILES.put('k', 'v'); return new Response() } }",
    )
    [call] = events_of(events, "call")
    assert (call["kind"], call["subject"], call["result"], call["kept_back"]) == (
        "r2_bucket",
        "k",
        "1 B",
        True,
    )
    engine.refusal("GET", f"{BUCKETS}/{bucket}/objects/k", 404, 10007)


def test_deploys_clones_and_rollbacks(engine: RunningEngine, service: str, bucket: str) -> None:
    missing = {"bindings": [{"name": "FILES", "type": "r2_bucket", "bucket_name": "missing"}]}
    engine.refusal("PATCH", worker_path(service) + "/settings", 400, 10085, json=missing)
    engine.deploy(service, WORKER, bindings=[binding(bucket)])
    engine.send("PUT", service, "/a", content=b"12345")
    shown = engine.result("GET", environment_path(service))
    [bound] = shown["bindings"]
    assert (bound["bucket_name"], bound["objects"], bound["size"]) == (bucket, 1, 5)
    own = engine.result("POST", environment_path(service) + "/copy/own", status=201)["bindings"][0]
    assert (own["bucket_name"], own["objects"]) == (f"{service}-own-files", 0)
    found = engine.result("GET", f"/workers/services/{service}/diff?from=own&to=production")["settings"]
    assert found == [
        {"key": "binding:FILES", "kind": "R2", "from": own["bucket_name"], "to": bucket},
    ]
    old = shown["live"]["version_id"]
    engine.deploy(service, WORKER, bindings=[])
    engine.result("DELETE", f"{BUCKETS}/{bucket}/objects//a")
    engine.result("DELETE", f"{BUCKETS}/{bucket}")
    body = {"strategy": "percentage", "versions": [{"version_id": old, "percentage": 100}]}
    message = engine.refusal("POST", worker_path(service) + "/deployments", 400, 10085, json=body)
    assert "which is gone" in message
