"""Static assets: uploading them as wrangler does, and how paths, headers and ranges are answered."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from enginekit import RunningEngine, environment_path, form, upload, worker_path

from engine.assets import rules, session
from engine.assets.paths import Found, canonical, not_found, resolve
from engine.assets.rules import Pattern
from engine.errors import ApiError
from engine.store import Store, assets
from engine.store.assets import Asset

FILES: dict[str, bytes] = {
    "/index.html": b"home",
    "/about.html": b"about",
    "/blog/index.html": b"blog",
    "/blog/404.html": b"no post",
    "/404.html": b"no page",
    "/style.css": b"body{}",
    "/data": b"no suffix",
    "/with space.txt": b"space",
    "/big.bin": bytes(range(256)) * 2000,
}
TYPES = {".html": "text/html", ".css": "text/css", ".txt": "text/plain", ".bin": "application/octet-stream"}
WORKER = """export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/own") return env.ASSETS.fetch("https://any/about");
    return new Response(`worker ${request.method}`);
  },
};"""
_names = itertools.count(1)


def key_of(content: bytes) -> str:
    """A file's hash, of the length that wrangler's have."""
    return hashlib.sha256(b"test" + content).hexdigest()[:32]


def upload_files(
    engine: RunningEngine, service: str, files: Mapping[str, bytes], environment: str = "production"
) -> str:
    """Upload files as wrangler does; gives the completion token."""
    manifest = {path: {"hash": key_of(data), "size": len(data)} for path, data in files.items()}
    path = worker_path(service, environment) + "/assets-upload-session"
    begun = engine.result("POST", path, json={"manifest": manifest})
    token: str = begun["jwt"]
    kinds = {key_of(data): TYPES.get(Path(name).suffix, "application/null") for name, data in files.items()}
    contents = {key_of(data): data for data in files.values()}
    for bucket in begun["buckets"]:
        parts = [(key, base64.b64encode(contents[key]), kinds[key]) for key in bucket]
        sent = form(parts)
        answer = engine.api.post(
            "/workers/assets/upload?base64=true",
            content=sent["content"],
            headers={**sent["headers"], "authorization": f"Bearer {begun['jwt']}"},
        )
        assert answer.status_code == (201 if bucket is begun["buckets"][-1] else 202), answer.text
        token = answer.json()["result"]["jwt"]
    return token


def deploy(
    engine: RunningEngine,
    files: Mapping[str, bytes] = FILES,
    code: str | None = WORKER,
    service: str = "",
    **config: Any,
) -> str:
    """A service with files, and with code unless None."""
    service = service or f"assets-{next(_names)}"
    metadata: dict[str, Any] = {"assets": {"jwt": upload_files(engine, service, files), "config": config}}
    if code is None:
        parts = upload({}, main="-", **metadata)
        parts["content"] = parts["content"].replace(b'"main_module": "-", ', b"")
    else:
        metadata["bindings"] = [{"type": "assets", "name": "ASSETS"}]
        parts = upload({"worker.js": code}, **metadata)
    engine.result("PUT", worker_path(service), **parts)
    return service


@pytest.fixture(scope="module")
def site(engine: RunningEngine) -> str:
    """A service with files and code, as the defaults have it."""
    return deploy(engine)


def test_files_before_the_worker(engine: RunningEngine, site: str) -> None:
    assert engine.get(site).text == "home"
    assert engine.get(site, "/style.css").headers["content-type"] == "text/css; charset=utf-8"
    assert "content-type" not in engine.get(site, "/data").headers
    assert engine.get(site, "/with%20space.txt").text == "space"
    assert engine.get(site, "/big.bin").content == FILES["/big.bin"]
    assert engine.get(site, "/nothing").text == "worker GET"
    assert engine.send("POST", site, "/nothing").text == "worker POST"
    assert engine.send("POST", site, "/style.css").status_code == 405
    assert engine.get(site, "/own").text == "about"
    moved = engine.get(site, "/about.html?a=1")
    assert (moved.status_code, moved.headers["location"]) == (307, "/about?a=1")


def test_validators_and_ranges(engine: RunningEngine, site: str) -> None:
    first = engine.get(site, "/big.bin")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        same = engine.get(site, "/big.bin", headers={"if-none-match": given})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert engine.get(site, "/big.bin", headers={"if-none-match": '"x"'}).status_code == 200
    whole = FILES["/big.bin"]
    for given, part in (
        ("bytes=10-19", whole[10:20]),
        ("bytes=-5", whole[-5:]),
        ("bytes=511990-", whole[511990:]),
    ):
        answer = engine.get(site, "/big.bin", headers={"range": given})
        assert (answer.status_code, answer.content) == (206, part)
    assert engine.get(site, "/big.bin", headers={"range": "bytes=0-0"}).headers["content-range"] == (
        f"bytes 0-0/{len(whole)}"
    )
    assert engine.get(site, "/big.bin", headers={"range": "bytes=9999999-"}).status_code == 416
    assert engine.get(site, "/big.bin", headers={"range": "lines=1-2"}).status_code == 200
    stale = {"range": "bytes=0-1", "if-range": '"other"'}
    assert engine.get(site, "/big.bin", headers=stale).status_code == 200
    head = engine.send("HEAD", site, "/big.bin")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(whole)), b"")


def test_a_404_page(engine: RunningEngine) -> None:
    service = deploy(engine, code=None, not_found_handling="404-page")
    assert engine.get(service, "/about").text == "about"
    for path, text in (("/x", "no page"), ("/blog/x", "no post"), ("/blog/a/b", "no post")):
        answer = engine.get(service, path)
        assert (answer.status_code, answer.text) == (404, text)
    script = engine.result("GET", environment_path(service))["script"]
    assert script["has_assets"] is True


def test_an_application(engine: RunningEngine) -> None:
    only = deploy(engine, code=None, not_found_handling="single-page-application")
    assert (engine.get(only, "/any/where").status_code, engine.get(only, "/any/where").text) == (200, "home")
    both = deploy(engine, not_found_handling="single-page-application")
    assert engine.get(both, "/any").text == "worker GET"
    assert engine.get(both, "/any", headers={"sec-fetch-mode": "navigate"}).text == "home"


def test_neither_files_nor_code(engine: RunningEngine) -> None:
    service = deploy(engine, code=None)
    assert (engine.get(service, "/nothing").status_code, engine.get(service, "/nothing").content) == (
        404,
        b"",
    )


def test_the_worker_first(engine: RunningEngine) -> None:
    always = deploy(engine, run_worker_first=True)
    assert engine.get(always, "/about").text == "worker GET"
    some = deploy(engine, run_worker_first=["/blog/*", "!/blog/404"])
    assert engine.get(some, "/blog/").text == "worker GET"
    assert engine.get(some, "/blog/404").text == "no post"
    assert engine.get(some, "/about").text == "about"


def test_headers_and_redirects(engine: RunningEngine) -> None:
    service = deploy(
        engine,
        code=None,
        _headers="/*\n  X-All: yes\n  X-Two: a\n/blog/*\n  X-Two: b :splat\n/style.css\n  ! X-All\n",
        _redirects="# comment\n/old/:name /blog/:name 301\n/away https://example.com/\n/same /about 200\n",
    )
    assert engine.get(service, "/").headers["x-all"] == "yes"
    assert engine.get(service, "/blog/").headers["x-two"] == "a, b "[:-1]
    assert "x-all" not in engine.get(service, "/style.css").headers
    moved = engine.get(service, "/old/post?q=1")
    assert (moved.status_code, moved.headers["location"]) == (301, "/blog/post?q=1")
    assert engine.get(service, "/away").headers["location"] == "https://example.com/"
    assert engine.get(service, "/same").text == "about"


def test_versions_have_their_own_files(engine: RunningEngine) -> None:
    """A deploy replaces them, keep_assets keeps them, a rollback brings them back, promotion moves them."""
    service = deploy(engine, {"/index.html": b"one"}, code=None)
    first = engine.result("GET", f"/workers/scripts/{service}/deployments")["deployments"][0]["versions"][0]
    engine.result("POST", environment_path(service) + "/copy/staging", status=201)
    deploy(engine, {"/index.html": b"two"}, service=service)
    assert engine.get(service).text == "two"
    assert engine.get(service, environment="staging").text == "one"
    bound = [{"type": "assets", "name": "ASSETS"}]
    kept = upload({"worker.js": WORKER.replace("worker $", "new $")}, keep_assets=True, bindings=bound)
    engine.result("PUT", worker_path(service), **kept)
    assert (engine.get(service).text, engine.get(service, "/x").text) == ("two", "new GET")
    moving = {"from": "production", "to": "staging", "move": []}
    engine.result("POST", f"/workers/services/{service}/promotions", json=moving)
    assert engine.get(service, environment="staging").text == "two"
    assert engine.get(service, "/own", environment="staging").status_code == 404  # there is no about.html
    back = {"strategy": "percentage", "versions": [{"version_id": first["version_id"], "percentage": 100}]}
    engine.result("POST", f"/workers/scripts/{service}/deployments", json=back)
    assert engine.get(service).text == "one"
    engine.deploy(service, WORKER)
    assert engine.get(service).text == "worker GET"


def test_only_new_files_are_asked_for(engine: RunningEngine) -> None:
    files = {"/a.txt": b"fresh a", "/copy.txt": b"fresh a", "/b.txt": b"fresh b"}
    upload_files(engine, "asked", files)
    manifest = {path: {"hash": key_of(data), "size": len(data)} for path, data in files.items()}
    begun = engine.result("POST", "/workers/scripts/asked/assets-upload-session", json={"manifest": manifest})
    assert begun["buckets"] == []
    manifest["/c.txt"] = {"hash": key_of(b"fresh c"), "size": 7}
    begun = engine.result("POST", "/workers/scripts/asked/assets-upload-session", json={"manifest": manifest})
    assert begun["buckets"] == [[key_of(b"fresh c")]]


@pytest.mark.parametrize(
    "manifest",
    [None, [], {"no-slash": {"hash": "0" * 32, "size": 1}}, {"/x": {"hash": "short", "size": 1}}, {"/x": 1}],
)
def test_bad_manifests(engine: RunningEngine, manifest: Any) -> None:
    path = "/workers/scripts/bad-manifest/assets-upload-session"
    engine.refusal("POST", path, 400, 10021, json={"manifest": manifest})


def test_bad_tokens_and_configurations(engine: RunningEngine, site: str) -> None:
    sent = form([("0" * 32, b"", "text/plain")])
    for token in (engine.token, "x", "a.b.c", session.issue("other", "s", "m", complete=False)):
        answer = httpx.post(
            f"{engine.api.base_url}workers/assets/upload",
            content=sent["content"],
            headers={**sent["headers"], "authorization": f"Bearer {token}"},
            timeout=60,
        )
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 10000)
    done = upload_files(engine, site, FILES)
    for config in ({"html_handling": "x"}, {"not_found_handling": 1}, {"run_worker_first": ["api"]}, []):
        sent = upload({"worker.js": WORKER}, assets={"jwt": done, "config": config})
        engine.refusal("PUT", worker_path(site), 400, 10021, **sent)
    begun = session.issue(engine.token, site, "m", complete=False)
    sent = upload({"worker.js": WORKER}, assets={"jwt": begun})
    engine.refusal("PUT", worker_path(site), 401, 10000, **sent)
    with pytest.raises(ApiError):
        session.read("key", session.issue("key", "s", "m", complete=True) + "x", complete=True)


HTML = frozenset(
    {"/index.html", "/file.html", "/folder/index.html", "/both.html", "/both/index.html", "/bin"}
)


@pytest.mark.parametrize(
    ("mode", "path", "expected"),
    [
        ("auto-trailing-slash", "/", Found("/index.html")),
        ("auto-trailing-slash", "/index", Found(redirect="/")),
        ("auto-trailing-slash", "/index.html", Found(redirect="/")),
        ("auto-trailing-slash", "/file", Found("/file.html")),
        ("auto-trailing-slash", "/file/", Found(redirect="/file")),
        ("auto-trailing-slash", "/file.html", Found(redirect="/file")),
        ("auto-trailing-slash", "/file/index.html", Found(redirect="/file")),
        ("auto-trailing-slash", "/folder", Found(redirect="/folder/")),
        ("auto-trailing-slash", "/folder/", Found("/folder/index.html")),
        ("auto-trailing-slash", "/folder/index", Found(redirect="/folder/")),
        ("auto-trailing-slash", "/folder.html", Found(redirect="/folder/")),
        ("auto-trailing-slash", "/both", Found("/both.html")),
        ("auto-trailing-slash", "/both/", Found("/both/index.html")),
        ("auto-trailing-slash", "/bin", Found("/bin")),
        ("auto-trailing-slash", "/bin/", None),
        ("force-trailing-slash", "/file", Found(redirect="/file/")),
        ("force-trailing-slash", "/file/", Found("/file.html")),
        ("force-trailing-slash", "/file.html", Found(redirect="/file/")),
        ("force-trailing-slash", "/folder", Found(redirect="/folder/")),
        ("force-trailing-slash", "/folder/", Found("/folder/index.html")),
        ("force-trailing-slash", "/", Found("/index.html")),
        ("drop-trailing-slash", "/file", Found("/file.html")),
        ("drop-trailing-slash", "/file/", Found(redirect="/file")),
        ("drop-trailing-slash", "/folder", Found("/folder/index.html")),
        ("drop-trailing-slash", "/folder/", Found(redirect="/folder")),
        ("drop-trailing-slash", "/folder/index.html", Found(redirect="/folder")),
        ("drop-trailing-slash", "/", Found("/index.html")),
        ("none", "/file", None),
        ("none", "/file.html", Found("/file.html")),
        ("none", "/", None),
    ],
)
def test_html_handling(mode: Any, path: str, expected: Found | None) -> None:
    assert resolve(path, HTML, mode) == expected


@pytest.mark.parametrize("mode", ["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash"])
def test_redirects_end(mode: Any) -> None:
    for base in ("/file", "/folder", "/both", "/index", ""):
        for ending in ("", "/", ".html", "/index", "/index.html"):
            found = resolve(base + ending or "/", HTML, mode)
            if found is not None and found.redirect is not None:
                assert resolve(found.redirect, HTML, mode) == Found(
                    next(file for file in HTML if resolve(found.redirect, HTML, mode) == Found(file))
                )
    assert canonical("/index.html", mode) == "/"


def test_not_found_pages() -> None:
    files = {"/404.html", "/a/404.html"}
    assert not_found("/a/b/c", files, "404-page") == Found("/a/404.html", status=404)
    assert not_found("/x", files, "404-page") == Found("/404.html", status=404)
    assert not_found("/x", files, "single-page-application") is None
    assert not_found("/x", files, "none") is None


def test_patterns() -> None:
    assert Pattern.parse("/a/:b/*").match("h", "/a/x/y/z") == {"b": "x", "splat": "y/z"}
    assert Pattern.parse("/a/:b").match("h", "/a/x/y") is None
    assert Pattern.parse("https://:sub.example.com/*").match("x.example.com", "/p") == {
        "sub": "x",
        "splat": "p",
    }
    assert Pattern.parse("https://example.com/").match("other.com", "/") is None
    assert rules.parse_redirects("/a\n/a /b 999\nx y\n/c /d 308") == rules.parse_redirects("/c /d 308")


async def test_sweeping(tmp_path: Path) -> None:
    """What no version and no recent upload needs is forgotten."""
    store = Store.open(tmp_path)
    try:
        for name in ("old", "new"):
            await store.write(lambda c, n=name: assets.keep(c, Asset(n, f"hash-{n}", 1, "")))  # type: ignore[misc]
        await store.write(lambda c: assets.keep_manifest(c, {"/a": "old"}, "2020-01-01"))
        kept = await store.write(lambda c: assets.keep_manifest(c, {"/a": "new"}, store.now()))
        assert await store.write(lambda c: assets.sweep(c, "2021-01-01")) == ["hash-old"]
        assert await store.read(lambda c: assets.manifest(c, kept)) == {"/a": "new"}
        assert set(await store.read(lambda c: assets.find(c, ["old", "new"]))) == {"new"}
    finally:
        store.close()
