"""R2 as JavaScript sees it, in a real isolate; expected values are those Miniflare gave."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from bindingkit import chunks, use
from casekit import check, value
from storekit import ANA, opened
from workerkit import Lab, lab

from engine import buckets
from engine.bindings import BindingError
from engine.bindings.r2 import R2
from engine.r2 import bucket as rules
from engine.runtime.http import read
from engine.store import Store, r2

MD5 = hashlib.md5(b"hello").hexdigest()
PART = "new Uint8Array(5 * 1024 * 1024)"


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


@pytest.fixture
def store(tmp_path: Path):
    with opened(tmp_path / "state") as made_store:
        yield made_store


@pytest.fixture
async def bucket(store: Store) -> R2:
    await buckets.create(store, "notes", ANA)
    return R2("R2", store, "notes")


def files(store: Store) -> list[Path]:
    """The contents on the disk."""
    return [path for path in (store.folder / "r2").rglob("*") if path.is_file()]


def head(**more: Any) -> dict[str, Any]:
    """What JSON.stringify shows of the object that the tests put first."""
    return {
        "storageClass": "Standard",
        "customMetadata": {"x": "1"},
        "httpMetadata": {"contentType": "text/plain", "cacheExpiry": "2001-09-09T01:46:40.000Z"},
        "uploaded": "<string>",
        "checksums": {"md5": MD5},
        "httpEtag": f'"{MD5}"',
        "etag": MD5,
        "size": 5,
        "version": "<string>",
        "key": "a",
        **more,
    }


PUT = """R2.put("a", "hello",
    {httpMetadata: {contentType: "text/plain", cacheExpiry: new Date(1e12)}, customMetadata: {x: 1}})"""
WHOLE = {"offset": 0, "length": 5}


async def test_objects(made: Lab, bucket: R2) -> None:
    await check(
        made,
        [bucket],
        {
            PUT: ["P", head()],
            'R2.head("a")': ["P", head(range=WHOLE)],
            'R2.head("none")': ["P", None],
            'R2.get("none")': ["P", None],
            'R2.get("a").then(async (o) => [o.constructor.name, o.bodyUsed, await o.text(), o.bodyUsed])': (
                ["P", ["GetResult", False, "hello", True]]
            ),
            'R2.get("a").then(async (o) => { const b = await o.blob(); return [b.type, b.size] })': (
                ["P", ["text/plain", 5]]
            ),
            'R2.get("a").then((o) => o.arrayBuffer()).then((b) => b.byteLength)': ["P", 5],
            'R2.put("j", "[1]").then(() => R2.get("j")).then((o) => o.json())': ["P", [1]],
            'R2.put("b", new Blob(["bl", "ob"]).stream()).then(() => R2.get("b")).then((o) => o.text())': (
                ["P", "blob"]
            ),
            'R2.put("b", new Uint8Array([1, 2, 3]).subarray(1)).then((o) => o.size)': ["P", 2],
            'R2.put("b", null).then(() => R2.get("b"))'
            ".then(async (o) => [o.size, await o.text(), o.range])": (
                ["P", [0, "", {"offset": 0, "length": 0}]]
            ),
            'R2.get("a").then((o) => new Response(o.body).text())': ["P", "hello"],
            'R2.head("a").then((o) => { const h = new Headers(); o.writeHttpMetadata(h); return [...h] })': [
                "P",
                [["content-type", "text/plain"], ["expires", "Sun, 09 Sep 2001 01:46:40 GMT"]],
            ],
            'R2.put("h", "", {httpMetadata: new Headers({"cache-control": "no-store"})})'
            ".then((o) => o.httpMetadata)": (["P", {"cacheControl": "no-store"}]),
            'R2.put("\\ud800", "").then((o) => R2.delete(o.key).then(() => o.key))': ["P", "\ufffd"],
            'R2.delete(["a", "none"])': ["P", "undefined"],
            'R2.delete("b")': ["P", "undefined"],
            "R2.list().then((page) => page.objects.map((o) => o.key))": ["P", ["h", "j"]],
            "[Object.prototype.toString.call(R2), R2.constructor.name]": (
                ["P", ["[object R2Bucket]", "R2Bucket"]]
            ),
        },
    )


async def test_conditions_and_ranges(made: Lab, bucket: R2) -> None:
    taken = ".then(async (o) => [o.range, await o.text()])"
    named = ".then((o) => o.constructor.name)"
    unsatisfiable = ["rejects", "Error: get: The requested range is not satisfiable (10039)"]
    await check(
        made,
        [bucket],
        {
            PUT: ["P", head()],
            f'R2.get("a", {{range: {{offset: 1, length: 2}}}}){taken}': [
                "P",
                [{"offset": 1, "length": 2}, "el"],
            ],
            f'R2.get("a", {{range: {{suffix: 2}}}}){taken}': ["P", [{"offset": 3, "length": 2}, "lo"]],
            f'R2.get("a", {{range: {{offset: 3, length: 99}}}}){taken}': (
                ["P", [{"offset": 3, "length": 2}, "lo"]]
            ),
            f'R2.get("a", {{range: new Headers({{range: "bytes=1-"}})}}){taken}': (
                ["P", [{"offset": 1, "length": 4}, "ello"]]
            ),
            'R2.get("a", {range: {offset: 9}})': unsatisfiable,
            'R2.get("a", {range: {suffix: 0}})': unsatisfiable,
            'R2.get("a", {range: {offset: -1}})': [
                "rejects",
                "RangeError: Invalid range. Starting offset (-1) must be greater than or equal to 0.",
            ],
            'R2.get("a", {range: {offset: 1.5}})': [
                "rejects",
                "RangeError: Invalid range. Starting offset (1.5) must be an integer, not floating point.",
            ],
            'R2.get("a", {range: {suffix: 1, length: 1}})': (
                ["rejects", "TypeError: Suffix is incompatible with length."]
            ),
            f'R2.get("a", {{onlyIf: {{etagMatches: "{MD5}"}}}}){named}': ["P", "GetResult"],
            'R2.get("a", {onlyIf: {etagMatches: "no"}}).then((o) => [o.constructor.name, "body" in o])': (
                ["P", ["HeadResult", False]]
            ),
            f'R2.get("a", {{onlyIf: new Headers({{"if-none-match": `W/"{MD5}"`}})}}){named}': [
                "P",
                "HeadResult",
            ],
            f'R2.get("a", {{onlyIf: {{uploadedBefore: new Date(0)}}}}){named}': ["P", "HeadResult"],
            f'R2.get("a", {{onlyIf: {{uploadedAfter: new Date(0)}}}}){named}': ["P", "GetResult"],
            'R2.put("a", "z", {onlyIf: {etagDoesNotMatch: "*"}})': ["P", None],
            'R2.put("new", "z", {onlyIf: {etagMatches: "*"}})': ["P", None],
            'R2.put("new", "z", {onlyIf: {etagDoesNotMatch: "*"}}).then((o) => o.size)': ["P", 1],
            'R2.get("a", {onlyIf: {etagMatches: \'"q"\'}})': [
                "rejects",
                'TypeError: Conditional ETag should not be wrapped in quotes ("q").',
            ],
        },
    )


async def test_refusals(made: Lab, bucket: R2) -> None:
    content = "ReadableStream or ArrayBuffer or ArrayBufferView or string or Blob"
    zeros = "0" * 32
    digest = (
        "Error: put: The MD5 checksum you specified did not match what we received.\n"
        f"You provided a MD5 checksum with value: {zeros}\n"
        "Actual MD5 was: 415290769594460e2e485922904f345d (10037)"
    )
    limit = ["rejects", "Error: list: MaxKeys params must be positive integer <= 1000. (10022)"]
    await check(
        made,
        [bucket],
        {
            'R2.put("x", 42)': [
                "rejects",
                f"TypeError: Failed to execute 'put' on 'R2Bucket': parameter 2 is not of type '{content}'.",
            ],
            "R2.head()": [
                "rejects",
                "TypeError: Failed to execute 'head' on 'R2Bucket': parameter 1 is not of type 'string'.",
            ],
            'R2.put("x", "y", {md5: "00"})': ["rejects", "TypeError: MD5 is 32 hex characters, not 2"],
            'R2.put("x", "y", {sha1: new ArrayBuffer(3)})': [
                "rejects",
                "TypeError: SHA-1 is 20 bytes, not 3",
            ],
            f'R2.put("x", "y", {{md5: "{zeros}"}})': ["rejects", digest],
            f'R2.put("x", "y", {{md5: "zz{zeros[2:]}"}})': [
                "rejects",
                "TypeError: Provided MD5 wasn't a valid hex string",
            ],
            f'R2.put("x", "y", {{md5: "{zeros}", sha1: "{"0" * 40}"}})': [
                "rejects",
                "TypeError: You cannot specify multiple hashing algorithms.",
            ],
            'R2.put("x".repeat(1025), "y")': [
                "rejects",
                "Error: put: The specified object name is not valid. (10020)",
            ],
            'R2.put("x", "y", {customMetadata: {a: "b".repeat(2048)}})': [
                "rejects",
                "Error: put: Your metadata headers exceed the maximum allowed metadata size. (10012)",
            ],
            "R2.list({limit: 1001})": limit,
            "R2.list({limit: 0})": limit,
            'R2.list({include: ["nope"]})': ["rejects", "RangeError: Unsupported include value nope"],
            "new R2.constructor()": ["throws", "TypeError: Illegal constructor"],
            "R2.list().then((page) => page.objects)": ["P", []],
        },
    )


async def test_digests_are_kept(made: Lab, bucket: R2) -> None:
    for name in ("md5", "sha1", "sha256", "sha384", "sha512"):
        digest = hashlib.new(name, b"y").hexdigest()
        shown = await value(
            made,
            [bucket],
            f'const o = await R2.put("x", "y", {{{name}: "{digest}"}});'
            f'return [o.checksums.toJSON(), (await R2.head("x")).checksums.{name}.byteLength]',
        )
        assert shown == [{"md5": hashlib.md5(b"y").hexdigest(), name: digest}, len(digest) // 2]


async def test_listing(made: Lab, bucket: R2) -> None:
    keys = ["a", "dir/1", "dir/2", "dir/deep/3", "é", "z/9"]
    for key in keys:
        await use(bucket, "put", key, {"customMetadata": {"k": key}}, body=b"")
    await check(
        made,
        [bucket],
        {
            "R2.list().then((p) => [p.objects.map((o) => o.key), p.truncated, p.cursor])": (
                ["P", [["a", "dir/1", "dir/2", "dir/deep/3", "z/9", "é"], False, None]]
            ),
            'R2.list({delimiter: "/"}).then((p) => [p.objects.map((o) => o.key), p.delimitedPrefixes])': (
                ["P", [["a", "é"], ["dir/", "z/"]]]
            ),
            'R2.list({prefix: "dir/", delimiter: "/"})'
            ".then((p) => [p.objects.map((o) => o.key), p.delimitedPrefixes])": (
                ["P", [["dir/1", "dir/2"], ["dir/deep/"]]]
            ),
            'R2.list({startAfter: "dir/2"}).then((p) => p.objects.map((o) => o.key))': (
                ["P", ["dir/deep/3", "z/9", "é"]]
            ),
            'R2.list({prefix: "a"}).then((p) => p.objects[0].customMetadata)': ["P", {}],
            'R2.list({prefix: "a", include: ["customMetadata"]}).then((p) => p.objects[0].customMetadata)': (
                ["P", {"k": "a"}]
            ),
            """(async () => { const all = []; let cursor;
                do { const page = await R2.list({limit: 2, delimiter: "/", cursor}); cursor = page.cursor;
                     all.push([page.objects.length, page.delimitedPrefixes.length, page.truncated])
                } while (cursor);
                return all })()""": ["P", [[1, 1, True], [1, 1, False]]],
        },
    )


async def test_multipart(made: Lab, bucket: R2, store: Store) -> None:
    upload = "const u = await R2.createMultipartUpload('big', {httpMetadata: {contentType: 'x/y'}});"
    gone = ["rejects", "Error: uploadPart: The specified multipart upload does not exist. (10024)"]
    whole = await value(
        made,
        [bucket],
        f"""{upload} const a = await u.uploadPart(1, {PART}); await u.uploadPart(2, "old");
        const again = R2.resumeMultipartUpload(u.key, u.uploadId); const b = await again.uploadPart(2, "end");
        const o = await again.complete([a, b]); const g = await R2.get("big", {{range: {{suffix: 5}}}});
        return [o.size, o.etag, o.httpMetadata, o.checksums, await g.text(), a.partNumber, Object.keys(u)]""",
    )
    assert whole == [
        5242883,
        "76b2438ee89d0d54dbb3eb6005874976-2",
        {"contentType": "x/y"},
        {},
        "\0\0end",
        1,
        ["uploadId", "key"],
    ]
    first = f"{upload} const a = await u.uploadPart(1, 'x'); const b = await u.uploadPart(2, 'y');"
    failed = "Error: completeMultipartUpload: "
    await check(
        made,
        [bucket],
        {
            "R2.resumeMultipartUpload('big', 'nope').uploadPart(1, 'x')": gone,
            f"(async () => {{ {first} return u.complete([a, b]) }})()": [
                "rejects",
                failed + "Your proposed upload is smaller than the minimum allowed object size. (10011)",
            ],
            f"(async () => {{ {first} await u.abort(); await u.abort(); return u.complete([a]) }})()": [
                "rejects",
                failed + "The specified multipart upload does not exist. (10024)",
            ],
            f"(async () => {{ {first} return u.complete([{{partNumber: 2, etag: a.etag}}]) }})()": [
                "rejects",
                failed + "One or more of the specified parts could not be found. (10025)",
            ],
            f"(async () => {{ {upload} return u.uploadPart(0, 'x') }})()": [
                "rejects",
                "TypeError: Part number must be between 1 and 10000 (inclusive). Actual value was: 0",
            ],
        },
    )


async def test_contents_are_shared_and_freed(bucket: R2, store: Store) -> None:
    await use(bucket, "put", "a", {}, body=b"same")
    await use(bucket, "put", "b", {}, body=chunks(b"sa", b"me"))
    assert len(files(store)) == 1
    await use(bucket, "delete", ["a"])
    await store.write(lambda connection: r2.forget_unused(connection, grace=-1))
    assert (await use(bucket, "get", "b", {})).body == b"same"
    await use(bucket, "put", "b", {}, body=b"other")
    assert await buckets.sweep(store) == 0  # somebody may be reading it yet
    freed = await store.write(lambda connection: r2.forget_unused(connection, grace=-1))
    assert freed == [hashlib.sha256(b"same").hexdigest()]


async def test_large_contents_stream(bucket: R2, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "WHOLE", 1000)
    content = bytes(range(256)) * 8192
    await use(
        bucket,
        "put",
        "a",
        {},
        body=chunks(*(content[at : at + 70000] for at in range(0, len(content), 70000))),
    )
    found = await use(bucket, "get", "a", {"range": {"offset": 5, "length": 1_500_000}})
    assert not isinstance(found.body, bytes)
    await use(bucket, "put", "a", {}, body=b"replaced while it is read")
    assert await read(found.body) == content[5:1_500_005]
    assert not list((store.folder / "r2" / "new").iterdir())


async def test_a_body_that_breaks_leaves_nothing(bucket: R2, store: Store) -> None:
    async def broken():
        yield b"half"
        raise OSError(5, "gone")

    with pytest.raises(BindingError):
        await use(bucket, "put", "a", {}, body=broken())
    assert (await use(bucket, "head", "a")).value is None
    assert files(store) == []


async def test_buckets_that_are_gone(bucket: R2, store: Store) -> None:
    other = R2("R2", store, "other")
    for call in (("head", "a"), ("put", "a", {}), ("list", {}), ("delete", ["a"])):
        with pytest.raises(BindingError, match=r"The specified bucket does not exist: other \(10006\)"):
            await use(other, *call)
    assert files(store) == []
