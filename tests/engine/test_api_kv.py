"""KV namespaces and values over the API, with the keys and bodies that wrangler sends."""

from __future__ import annotations

import itertools
import time
from urllib.parse import quote

import pytest
from enginekit import RunningEngine, form

_numbers = itertools.count(1)


@pytest.fixture
def space(engine: RunningEngine) -> str:
    """The path of a new namespace."""
    made = engine.result("POST", "/storage/kv/namespaces", json={"title": f"test-{next(_numbers)}"})
    return f"/storage/kv/namespaces/{made['id']}"


def test_namespaces(engine: RunningEngine, space: str) -> None:
    found = engine.result("GET", space)
    assert len(found["id"]) == 32
    assert found["supports_url_encoding"] is True
    engine.refusal("POST", "/storage/kv/namespaces", 400, 10014, json={"title": found["title"]})
    engine.refusal("POST", "/storage/kv/namespaces", 400, 10019, json={})
    assert engine.result("PUT", space, json={"title": found["title"] + "x"})["title"].endswith("x")
    titles: list[str] = []
    for page in range(1, 1000):
        query = f"per_page=3&order=title&direction=asc&page={page}"
        batch = engine.result("GET", f"/storage/kv/namespaces?{query}")
        if not batch:
            break
        titles += [each["title"] for each in batch]
    assert titles == sorted(titles)
    assert found["title"] + "x" in titles
    engine.result("DELETE", space)
    engine.refusal("GET", space, 404, 10013)


@pytest.mark.parametrize("key", ["plain", "a/b c?ü#%&=", "%2F", "日本", "a%20b", ".hidden", "x" * 512])
def test_values(engine: RunningEngine, space: str, key: str) -> None:
    path = f"{space}/values/{quote(key, safe='')}"
    engine.refusal("GET", path, 404, 10009)
    engine.result("PUT", path, content=b"\x00\xff value")
    assert engine.api.get(path).content == b"\x00\xff value"
    assert [each["name"] for each in engine.result("GET", f"{space}/keys?prefix=")] == [key]
    engine.result("DELETE", path)
    assert engine.result("GET", f"{space}/keys") == []


def test_metadata_and_expiration(engine: RunningEngine, space: str) -> None:
    body = form([("value", "väl".encode(), None), ("metadata", b'{"a": [1]}', None)])
    engine.result("PUT", f"{space}/values/k?expiration_ttl=3600", **body)
    answer = engine.api.get(f"{space}/values/k")
    assert answer.text == "väl" or answer.content.decode() == "väl"
    assert abs(int(answer.headers["expiration"]) - time.time() - 3600) < 30
    assert engine.result("GET", f"{space}/metadata/k") == {"a": [1]}
    listed = engine.result("GET", f"{space}/keys")
    assert listed[0]["metadata"] == {"a": [1]}
    assert isinstance(listed[0]["expiration"], int)
    engine.refusal("PUT", f"{space}/values/k?expiration_ttl=5", 400, 10030, content=b"x")
    engine.refusal("PUT", f"{space}/values/k?expiration_ttl=soon", 400, 10030, content=b"x")


def test_limits(engine: RunningEngine, space: str) -> None:
    engine.refusal("PUT", f"{space}/values/{'k' * 513}", 414, 10029, content=b"x")
    engine.refusal("PUT", f"{space}/values/%2E%2E", 400, 10029, content=b"x")
    engine.refusal("PUT", f"{space}/values/big", 413, 10013, content=b"x" * (25 * 1024 * 1024 + 2))
    engine.result("PUT", f"{space}/values/fits", content=b"x" * (25 * 1024 * 1024))
    engine.refusal("GET", f"{space}/values/%FF", 400, 10001)
    engine.refusal("GET", f"{space}/keys?limit=0", 400, 10028)
    engine.refusal("GET", f"{space}/keys?cursor=*", 400, 10029)


def test_listing(engine: RunningEngine, space: str) -> None:
    pairs: list[dict[str, object]] = [{"key": f"p:{number:03}", "value": "v"} for number in range(25)] + [
        {"key": "q", "value": "dg==", "base64": True}
    ]
    assert engine.result("PUT", f"{space}/bulk", json=pairs)["successful_key_count"] == 26
    names: list[str] = []
    cursor = ""
    while True:
        answer = engine.api.get(
            f"{space}/keys", params={"prefix": "p:", "limit": "10", "cursor": cursor}
        ).json()
        names += [each["name"] for each in answer["result"]]
        cursor = answer["result_info"]["cursor"]
        if not cursor:
            break
    assert names == [f"p:{number:03}" for number in range(25)]
    got = engine.result("POST", f"{space}/bulk/get", json={"keys": ["q", "none"]})
    assert got == {"values": {"q": "v", "none": None}}
    engine.result("DELETE", f"{space}/bulk", content=b'["q"]')
    engine.result("POST", f"{space}/bulk/delete", json=names)
    assert engine.result("GET", f"{space}/keys") == []


def test_bad_bulk(engine: RunningEngine, space: str) -> None:
    engine.refusal("PUT", f"{space}/bulk", 400, 10012, json=[{"key": "ok", "value": "v"}, {"key": "no"}])
    engine.refusal("PUT", f"{space}/bulk", 400, 10012, json=[{"key": "x", "value": "*", "base64": True}])
    engine.refusal("PUT", f"{space}/bulk", 400, 10001, json={"key": "x"})
    assert engine.result("GET", f"{space}/keys") == []


def test_a_worker_sees_what_the_api_wrote(engine: RunningEngine, service: str, space: str) -> None:
    engine.result("PUT", f"{space}/values/k", content=b"from the api")
    binding = {"name": "KV", "type": "kv_namespace", "namespace_id": space.rpartition("/")[2]}
    code = """export default { async fetch(request, env) {
      const value = await env.KV.get("k");
      await env.KV.put("w", "from the worker");
      return new Response(value) } }"""
    engine.deploy(service, code, bindings=[binding])
    assert engine.get(service).text == "from the api"
    assert engine.api.get(f"{space}/values/w").text == "from the worker"
