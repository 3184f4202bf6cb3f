"""Uploads, versions, deployments, secrets and settings, as wrangler sends and reads them."""

from __future__ import annotations

import base64
import json
import os

import pytest
from enginekit import HELLO, RunningEngine, environment_path, form, upload, worker_path

WITH_TEXT = 'export default { fetch: (request, env) => new Response(`${env.WORD ?? "-"} ${env.KEY ?? "-"}`) }'


def plain(name: str, text: str) -> dict[str, str]:
    return {"name": name, "type": "plain_text", "text": text}


def secret(name: str, text: str) -> dict[str, str]:
    return {"name": name, "type": "secret_text", "text": text}


def test_first_deploy_and_redeploy(engine: RunningEngine) -> None:
    engine.refusal("GET", "/workers/services/wr-first", 404, 10007)
    engine.refusal("GET", "/workers/scripts/wr-first/deployments", 404, 10007)
    engine.refusal("GET", "/workers/scripts/wr-first/secrets", 404, 10007)
    engine.refusal("GET", "/workers/scripts/wr-first/settings", 404, 10007)
    first = engine.deploy("wr-first")
    assert {"id", "etag", "pipeline_hash", "mutable_pipeline_id", "deployment_id", "startup_time_ms"} <= set(
        first
    )
    assert engine.get("wr-first").text == "hello"
    version = engine.result(
        "POST",
        "/workers/scripts/wr-first/versions?bindings_inherit=strict",
        **upload({"worker.js": HELLO.replace('"hello"', '"second"')}, annotations={"workers/tag": "t2"}),
    )
    assert engine.get("wr-first").text == "hello"
    assert version["number"] == 2
    assert version["annotations"]["workers/tag"] == "t2"
    body = {"strategy": "percentage", "versions": [{"version_id": version["id"], "percentage": 100}]}
    made = engine.result("POST", "/workers/scripts/wr-first/deployments", json=body)
    assert engine.get("wr-first").text == "second"
    listed = engine.result("GET", "/workers/scripts/wr-first/deployments")["deployments"]
    assert listed[0]["id"] == made["id"]
    assert [each["version_id"] for each in listed[1]["versions"]] == [first["deployment_id"]]
    times = [each["created_on"] for each in listed]
    assert times == sorted(times, reverse=True)
    assert {len(each) for each in times} == {27}


def test_version_shape(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WITH_TEXT, bindings=[plain("WORD", "w"), secret("KEY", "top-secret-text")])
    listed = engine.result("GET", f"/workers/scripts/{service}/versions?deployable=true")["items"]
    one = engine.result("GET", f"/workers/scripts/{service}/versions/{listed[0]['id']}")
    assert one == listed[0]
    assert one["resources"]["bindings"] == [plain("WORD", "w"), {"name": "KEY", "type": "secret_text"}]
    assert one["resources"]["script"]["handlers"] == ["fetch"]
    assert one["resources"]["script_runtime"]["compatibility_date"] == "2026-01-01"
    assert one["metadata"]["has_preview"] is True
    engine.refusal("GET", f"/workers/scripts/{service}/versions/{'0' * 8}-0000", 404, 10071)


def test_secret_texts_never_come_back(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WITH_TEXT, bindings=[secret("KEY", "never-shown-text")])
    base = worker_path(service)
    for path in (
        "versions",
        "deployments",
        "secrets",
        "settings",
        "bindings",
        "content/v2",
        "modules",
        "secrets/KEY",
    ):
        assert "never-shown-text" not in engine.api.get(f"{base}/{path}").text
    assert "never-shown-text" not in engine.api.get(environment_path(service)).text
    assert engine.get(service).text == "- never-shown-text"
    assert b"never-shown-text" not in (engine.state / "store.db").read_bytes()
    assert b"never-shown-text" not in (engine.state / "store.db-wal").read_bytes()
    assert b"never-shown-text" not in (engine.state / "engine.log").read_bytes()


def test_secrets(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WITH_TEXT)
    base = worker_path(service)
    engine.result("PUT", f"{base}/secrets", json={"name": "KEY", "text": "one", "type": "secret_text"})
    assert engine.get(service).text == "- one"
    assert engine.result("GET", f"{base}/secrets") == [{"name": "KEY", "type": "secret_text"}]
    bulk = {"secrets": {"KEY": None, "WORD": {"name": "WORD", "text": "bulk", "type": "secret_text"}}}
    engine.result(
        "PATCH",
        f"{base}/secrets-bulk",
        content=json.dumps(bulk),
        headers={"content-type": "application/merge-patch+json"},
    )
    assert engine.get(service).text == "bulk -"
    engine.result("DELETE", f"{base}/secrets/WORD?url_encoded=true")
    assert engine.get(service).text == "- -"
    engine.refusal("DELETE", f"{base}/secrets/WORD", 404, 10056)
    engine.refusal("PUT", f"{base}/secrets", 400, 10021, json={"name": "X"})
    numbers = [each["number"] for each in engine.result("GET", f"{base}/versions")["items"]]
    assert numbers == [5, 4, 3, 2, 1]


def test_bulk_secrets_of_486(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WITH_TEXT, bindings=[plain("WORD", "kept"), secret("KEY", "old")])
    settings = {"bindings": [{"name": "WORD", "type": "plain_text"}, secret("KEY", "new")]}
    parts = form([("settings", json.dumps(settings).encode(), None)])
    engine.result("PATCH", f"{worker_path(service)}/settings", **parts)
    assert engine.get(service).text == "kept new"
    engine.refusal("PATCH", f"{worker_path(service)}/settings", 400, 10005, **form([("x", b"{}", None)]))


def test_secrets_survive_a_deploy_that_does_not_name_them(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WITH_TEXT, bindings=[plain("WORD", "w"), secret("KEY", "k")])
    engine.deploy(service, WITH_TEXT)
    assert engine.get(service).text == "- k"
    engine.deploy(service, WITH_TEXT, keep_bindings=[])
    assert engine.get(service).text == "- -"


def test_settings(engine: RunningEngine, service: str) -> None:
    path = environment_path(service) + "/settings"
    changed = engine.result(
        "PATCH", path, json={"bindings": [plain("WORD", "set")], "limits": {"cpu_ms": 50}}
    )
    assert changed["limits"] == {"cpu_ms": 50}
    assert engine.result("GET", path)["bindings"] == [plain("WORD", "set")]
    engine.refusal("PATCH", path, 400, 10021, json={"compatibility_date": "tomorrow"})
    engine.refusal("PATCH", path, 400, 10052, json={"bindings": [{"type": "plain_text", "text": "x"}]})
    engine.refusal(
        "PATCH",
        path,
        400,
        10041,
        json={"bindings": [{"name": "NS", "type": "kv_namespace", "namespace_id": "0" * 32}]},
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("export default {\n  fetch() { return new Response(] }\n}", ("SyntaxError", "worker.js:2:")),
        ("export default {}\nnull.x", ("TypeError", "worker.js:2:")),
        ("const re = /(?<a>x)(?<a>y)/\nexport default {}", ("SyntaxError", "worker.js:1:")),
        ('import x from "./nowhere.js"\nexport default {}', ("nowhere.js", "worker.js:1")),
        ("while (true) {}", ("CPU", "limit")),
        ("new Array(3e8).fill(1)", ("exceeded", "limit")),
    ],
)
def test_broken_code_changes_nothing(
    engine: RunningEngine, service: str, code: str, expected: tuple[str, str]
) -> None:
    before = engine.result("GET", environment_path(service))
    message = engine.refusal("PUT", worker_path(service), 400, 10021, **upload({"worker.js": code}))
    for part in expected:
        assert part in message
    assert engine.result("GET", environment_path(service)) == before
    assert engine.get(service).text == "Hello World!"


def test_bad_uploads(engine: RunningEngine, service: str) -> None:
    path = worker_path(service)
    engine.refusal("PUT", path, 400, 10004, content=b"x")
    engine.refusal(
        "PUT", path, 400, 10004, content=b"--b\r\n", headers={"content-type": "multipart/form-data"}
    )
    cut = upload({"worker.js": HELLO})
    engine.refusal("PUT", path, 400, 10004, content=cut["content"][:-80], headers=cut["headers"])
    engine.refusal("PUT", path, 400, 10005, **form([("worker.js", b"x", "application/javascript+module")]))
    engine.refusal("PUT", path, 400, 10001, **form([("metadata", b"{", None)]))
    engine.refusal("PUT", path, 400, 10026, **form([("metadata", b"{}", None)]))
    engine.refusal("PUT", path, 400, 10021, **upload({"worker.js": HELLO}, main="other.js"))
    engine.refusal("PUT", path, 400, 10021, **upload({"a.py": "x = 1"}, types={"a.py": "text/x-python"}))
    engine.refusal("PUT", worker_path("Bad_Name"), 400, 10016, **upload({"worker.js": HELLO}))
    engine.refusal("PUT", worker_path(service, "Bad"), 400, 10094, **upload({"worker.js": HELLO}))


def test_oversize_script(engine: RunningEngine, service: str) -> None:
    noise = base64.b64encode(os.urandom(12 * 1024 * 1024))
    code = {"worker.js": HELLO, "noise.txt": noise}
    engine.refusal("PUT", worker_path(service), 413, 10027, **upload(code, types={"noise.txt": "text/plain"}))
    assert engine.get(service).text == "Hello World!"


def test_new_environment_is_201(engine: RunningEngine, service: str) -> None:
    assert engine.deploy(service, environment="pr-1", status=201)["id"] == service
    engine.deploy(service, environment="pr-1", status=200)
    assert engine.get(service, environment="pr-1").text == "hello"


def test_module_kinds(engine: RunningEngine, service: str) -> None:
    modules = {
        "worker.ts": 'import text from "./a.txt"; import data from "./b.bin"; import { n } from "./lib.js";\n'
        "export default { fetch(): Response { const size: number = data.byteLength;\n"
        "return new Response(`${text} ${size} ${n}`) } }",
        "./a.txt": "text",
        "./b.bin": b"\x00\xff\x01",
        "lib.js": "export const n = 7",
    }
    types = {"./a.txt": "text/plain", "./b.bin": "application/octet-stream"}
    engine.result("PUT", worker_path(service), **upload(modules, types=types))
    assert engine.get(service).text == "text 3 7"
    shown = engine.result("GET", environment_path(service) + "/modules")
    by_name = {each["name"]: each for each in shown["modules"]}
    assert by_name["./b.bin"]["base64"] == "AP8B"
    assert by_name["./a.txt"]["text"] == "text"
    raw = engine.api.get(f"{worker_path(service)}/content/v2")
    assert raw.headers["cf-entrypoint"] == "worker.ts"
    assert raw.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b"\x00\xff\x01" in raw.content
    assert b"Content-Type: application/octet-stream" in raw.content


def test_service_worker_format(engine: RunningEngine, service: str) -> None:
    code = 'addEventListener("fetch", (event) => event.respondWith(new Response("classic")))'
    metadata = {"body_part": "script", "compatibility_date": "2026-01-01"}
    parts = [
        ("metadata", json.dumps(metadata).encode(), None),
        ("script", code.encode(), "application/javascript"),
    ]
    engine.result("PUT", worker_path(service), **form(parts))
    assert engine.get(service).text == "classic"
    raw = engine.api.get(f"{worker_path(service)}/content/v2")
    assert raw.headers["content-type"] == "application/javascript"
    assert raw.text == code
    engine.refusal("POST", f"{worker_path(service)}/versions", 400, 10216, **form(parts))


def test_quick_edit_and_its_conflict(engine: RunningEngine, service: str) -> None:
    path = environment_path(service)
    base = engine.result("GET", f"{path}/modules")
    edit = upload({"worker.js": HELLO}, annotations={"workers/message": "mine"})
    edit["headers"]["if-match"] = f'"{base["version_id"]}"'
    saved = engine.result("PUT", f"{path}/content", **edit)
    assert saved["version"]["annotations"]["workers/message"] == "mine"
    assert saved["deployment"]["versions"][0]["version_id"] == saved["version"]["id"]
    assert engine.get(service).text == "hello"
    message = engine.refusal("PUT", f"{path}/content", 412, 10412, **edit)
    assert "v2" in message
    del edit["headers"]["if-match"]
    engine.result("PUT", f"{path}/content", **edit)
    headed = form([("w.js", HELLO.encode(), "application/javascript+module")])
    headed["headers"]["cf-worker-main-module-part"] = "w.js"
    engine.result("PUT", f"{path}/content", **headed)
    engine.refusal("PUT", f"{path}/content", 400, 10026, **form([("w.js", b"x", "text/plain")]))


def test_gradual_deployment_and_rollback(engine: RunningEngine, service: str) -> None:
    path = worker_path(service)
    ids = [
        engine.deploy(service, HELLO.replace("hello", name))["deployment_id"] for name in ("first", "second")
    ]
    shares = [{"version_id": ids[0], "percentage": 50}, {"version_id": ids[1], "percentage": 50}]
    engine.result("POST", f"{path}/deployments", json={"strategy": "percentage", "versions": shares})
    seen = [engine.get(service).text for _ in range(60)]
    assert set(seen) == {"first", "second"}
    keyed = {engine.get(service, headers={"Cloudflare-Workers-Version-Key": "me"}).text for _ in range(20)}
    assert len(keyed) == 1
    back = {
        "strategy": "percentage",
        "versions": [{"version_id": ids[0], "percentage": 100}],
        "annotations": {"workers/triggered_by": "rollback"},
    }
    made = engine.result("POST", f"{path}/deployments", json=back)
    assert made["annotations"]["workers/triggered_by"] == "rollback"
    assert {engine.get(service).text for _ in range(10)} == {"first"}
    engine.refusal("POST", f"{path}/deployments", 400, 10210, json={"versions": [{"version_id": ids[0]}]})
    shares[0]["percentage"] = 10
    engine.refusal("POST", f"{path}/deployments", 400, 10210, json={"versions": shares})


def test_dash_look_ups(engine: RunningEngine, service: str) -> None:
    base = environment_path(service)
    assert engine.result("GET", f"{base}/bindings") == []
    assert engine.result("GET", f"{base}/routes?show_zonename=true") == []
    assert engine.result("GET", f"/workers/domains/records?page=0&per_page=5&service={service}") == []
    assert engine.result("GET", f"{worker_path(service)}/schedules") == {"schedules": []}
    assert engine.result("GET", f"{base}/subdomain") == {"enabled": True, "previews_enabled": True}
    found = engine.result("GET", f"/workers/workers/{service}")
    assert found["subdomain"]["url"] == f"http://{service}.dev.localhost:{engine.port}"
    assert engine.result("GET", f"/workers/workers/{found['id']}")["name"] == service


def test_hostname_can_be_switched_off(engine: RunningEngine, service: str) -> None:
    path = f"{worker_path(service)}/subdomain"
    assert engine.result("POST", path, json={"enabled": False}) == {
        "enabled": False,
        "previews_enabled": False,
    }
    assert engine.get(service).status_code == 404
    engine.result("POST", path, json={"enabled": True, "previews_enabled": False})
    assert engine.get(service).text == "Hello World!"


def test_script_settings(engine: RunningEngine, service: str) -> None:
    path = f"{worker_path(service)}/script-settings"
    tags = ["cf:service=x", "cf:environment=y"]
    assert engine.result("PATCH", path, json={"tags": tags})["tags"] == tags
    assert engine.result("GET", path)["tags"] == tags


def test_versions_secret_of_4164(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WITH_TEXT)
    body = {"env": {"KEY": {"type": "secret_text", "text": "later"}}, "annotations": {"workers/message": "m"}}
    made = engine.result("PATCH", f"/workers/workers/{service}/versions/latest", json=body)
    assert made["annotations"]["workers/message"] == "m"
    assert engine.get(service).text == "- -"
    engine.refusal("PUT", f"{worker_path(service)}/secrets", 400, 10215, json={"name": "K", "text": "t"})
