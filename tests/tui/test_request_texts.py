"""Texts around requests and answers: curl, saved files, cookies, pages, images, JSON that is only scanned."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tui import curl, json_scan
from tui.cookies import cookies
from tui.html_text import html_text
from tui.image_info import image_info
from tui.requests import DraftRequest
from tui.saved_requests import RequestFileError, SavedRequests, read, write
from tui.search import Query, in_modules, replace_lines
from tui.symbols import symbols

REQUEST = DraftRequest("PUT", "http://b/n?a=1", [("content-type", "text/plain"), ("x", "y")], "it's\n\ntwo")


def test_a_request_survives_curl_and_its_file(tmp_path: Path) -> None:
    assert curl.read(curl.write(REQUEST, "http://b")) == REQUEST
    assert read(write(REQUEST)) == REQUEST
    saved = SavedRequests(tmp_path, "notes")
    path = saved.save("a/b: c", REQUEST)
    assert path.parent == saved.folder
    assert path.stat().st_mode & 0o077 == 0
    assert saved.read(saved.names()[0]) == REQUEST
    with pytest.raises(RequestFileError):
        read("# nothing")


@pytest.mark.parametrize(
    ("command", "method", "url", "body"),
    [
        ("curl http://a/", "GET", "http://a/", ""),
        ("curl -I http://a/", "HEAD", "http://a/", ""),
        ("$ curl --compressed -sSLd a=1 -d b=2 http://a/", "POST", "http://a/", "a=1&b=2"),
        ("curl -G -d q=1 'http://a/?x'", "GET", "http://a/?x&q=1", ""),
        ("curl http://a --data-raw $'it\\'s\\n'", "POST", "http://a", "it's\n"),
    ],
)
def test_curl(command: str, method: str, url: str, body: str) -> None:
    request = curl.read(command)
    assert (request.method, request.url, request.body) == (method, url, body)


@pytest.mark.parametrize(
    "command", ["wget x", "curl", "curl 'x", "curl -F a=@b http://x", "curl -d @f http://x"]
)
def test_curl_says_what_it_cannot_take(command: str) -> None:
    with pytest.raises(curl.CurlError, match=r"\.$"):
        curl.read(command)


def test_json_is_scanned_without_being_read() -> None:
    text = ' {"a":[1,{"x":"]}"}],"b\\"":"q\\"","c":1e400,"d":{}, "e":null} '
    found = [item for item in json_scan.members(text, json_scan.root(text)) if item]
    assert [(item.key, text[item.start : item.end]) for item in found] == [
        ("a", '[1,{"x":"]}"}]'), ('b\\"', '"q\\""'), ("c", "1e400"), ("d", "{}"), ("e", "null"),
    ]  # fmt: skip
    for broken in ('{"a":}', '{"a" 1}', "[1,]", '["a]'):
        with pytest.raises(json_scan.NotJson):
            list(json_scan.members(broken, json_scan.root(broken)))


def test_pages_cookies_and_images_are_told() -> None:
    page = (
        "<head><title>T</title><style>x</style></head><h1>Hi</h1><p>a <a href='/x'>b</a><ul><li>1<li>2</ul>"
    )
    assert html_text(page) == "T\n\n# Hi\n\na b </x>\n\n• 1\n• 2"
    found = cookies([("Set-Cookie", "a=1=2; Path=/; HttpOnly"), ("x", "y"), ("set-cookie", "b=; Max-Age=0")])
    assert [(c.name, c.value, c.summary, c.removes) for c in found] == [
        ("a", "1=2", "Path=/  HttpOnly", False),
        ("b", "", "Max-Age=0", True),
    ]
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 640, 480, 8, 6, 0, 0, 0)
    assert image_info(png)[:2] == [("format", "PNG"), ("size", "640 × 480 pixels")]
    assert image_info(b"GIF89a" + struct.pack("<HHB", 2, 3, 0))[1] == ("size", "2 × 3 pixels")
    assert image_info(png[:20]) == image_info(b"no image") == []


def test_searching_and_symbols() -> None:
    texts = {"a.js": "one\nOne two one\n", "b.js": "none"}
    hits, total = in_modules(texts, Query("one"))
    assert ([(hit.module, hit.row, hit.column) for hit in hits], total) == (
        [("a.js", 0, 0), ("a.js", 1, 0), ("b.js", 0, 1)],
        4,
    )
    assert in_modules(texts, Query("One"))[1] == 1
    assert Query("(", regex=True).fault
    assert replace_lines(["a1 b", "c", "a2"], Query(r"a(\d)", True), "<$1$$$9>") == (
        0,
        2,
        ["<1$$9> b", "c", "<2$$9>"],
        2,
    )
    code = "export default {\n  async fetch(request, env) {\n    if (a) {\n"
    code += "/* x\nfunction no() {} */\nconst f = (a) => a;"
    assert [(s.name, s.kind, s.row) for s in symbols(code.split("\n"), "js")] == [
        ("fetch", "method", 1),
        ("f", "function", 5),
    ]
