"""Services and environments through the API: what exists answers at its hostname at once."""

from __future__ import annotations

import pytest
from enginekit import RunningEngine, environment_path


def test_create_show_and_delete(engine: RunningEngine) -> None:
    made = engine.result("POST", "/workers/services", status=201, json={"id": "made-here"})
    assert made["id"] == "made-here"
    assert made["default_environment"]["environment"] == "production"
    assert made["default_environment"]["script"]["handlers"] == ["fetch"]
    assert engine.get("made-here").text == "Hello World!"
    assert engine.result("GET", "/workers/services/made-here")["environments"][0]["live"]["number"] == 1
    engine.result("DELETE", "/workers/services/made-here")
    engine.refusal("GET", "/workers/services/made-here", 404, 10007)
    assert engine.get("made-here").status_code == 404


@pytest.mark.parametrize("name", ["", "1a", "A", "a-", "a_b", "a.b", "x" * 64, "ä", "a b", "../x"])
def test_bad_service_names(engine: RunningEngine, name: str) -> None:
    engine.refusal("POST", "/workers/services", 400, 10016, json={"id": name})


def test_taken_name(engine: RunningEngine, service: str) -> None:
    engine.refusal("POST", "/workers/services", 409, 10040, json={"id": service})


def test_listing_is_complete_and_paged(engine: RunningEngine, service: str) -> None:
    names: list[str] = []
    for page in range(1, 1000):
        batch = engine.result("GET", f"/workers/services?page={page}&per_page=30")
        if not batch:
            break
        names += [each["id"] for each in batch]
    assert names == sorted(names)
    assert {"hello", "notes", "gateway", service} <= set(names)
    paged: list[str] = []
    for page in range(1, 1000):
        batch = engine.result("GET", f"/workers/services?page={page}&per_page=2")
        if not batch:
            break
        paged += [each["id"] for each in batch]
    assert paged == names


def test_lists_show_each_change_at_once(engine: RunningEngine, service: str) -> None:
    """Lists keep what was made of an environment: it must be as the service itself shows it."""

    def agree(name: str) -> None:
        shown = engine.result("GET", f"/workers/services/{name}")
        page, listed = 0, {}
        while batch := engine.result("GET", f"/workers/services?page={(page := page + 1)}"):
            listed.update({each["id"]: each for each in batch})
        assert listed[name] == shown
        scripts = {each["id"]: each for each in engine.result("GET", "/workers/scripts")}
        assert scripts[name] == shown["default_environment"]["script"]

    agree(service)
    engine.deploy(service)
    agree(service)
    engine.result("PATCH", f"/workers/scripts/{service}/script-settings", json={"tags": ["blue"]})
    agree(service)
    made, now = engine.result("GET", f"/workers/services/{service}/environments/production/versions")["items"]
    shares = [{"version_id": each["id"], "percentage": share} for each, share in ((made, 30), (now, 70))]
    engine.result(
        "POST",
        f"/workers/scripts/{service}/deployments",
        json={"strategy": "percentage", "versions": shares},
    )
    agree(service)
    engine.result("POST", environment_path(service) + "/copy/side", status=201)
    agree(service)
    engine.result("PATCH", environment_path(service, "side"), json={"environment": "aside"})
    agree(service)
    renamed = f"{service}-renamed"
    engine.result("PATCH", f"/workers/workers/{service}", json={"name": renamed})
    agree(renamed)
    assert engine.result("GET", f"/workers/services/{renamed}")["environments"][1]["hostname"] == (
        f"aside.{renamed}.dev.localhost"
    )


def test_environment_detail(engine: RunningEngine) -> None:
    found = engine.result("GET", environment_path("notes", "staging"))
    assert found["hostname"] == "staging.notes.dev.localhost"
    assert found["urls"] == engine.urls("staging.notes.dev.localhost")
    assert found["production"] is False
    bindings = {each["name"]: each for each in found["bindings"]}
    assert bindings["API_KEY"] == {"name": "API_KEY", "type": "secret_text"}
    assert bindings["NOTES"]["title"] == "notes-staging"
    assert bindings["NOTES"]["keys"] >= 2  # the samples, and what other tests wrote
    assert found["deployments_count"] == len(found["deployments"]) == 1
    assert found["deployments"][0]["versions"][0]["percentage"] == 100
    targets = {each["name"]: each for each in engine.result("GET", environment_path("gateway"))["bindings"]}
    assert targets["HELLO"]["environment"] == "production"
    assert targets["HELLO"]["number"] >= 1


def test_environments_answer_from_the_moment_they_exist(engine: RunningEngine, service: str) -> None:
    assert engine.get(service, environment="preview").status_code == 404
    made = engine.result(
        "POST", f"/workers/services/{service}/environments", status=201, json={"environment": "preview"}
    )
    assert made["hostname"] == f"preview.{service}.dev.localhost"
    assert engine.get(service, environment="preview").text == "Hello World!"
    renamed = engine.result("PATCH", environment_path(service, "preview"), json={"environment": "canary"})
    assert renamed["environment"] == "canary"
    assert engine.get(service, environment="canary").text == "Hello World!"
    assert engine.get(service, environment="preview").status_code == 404
    engine.result("DELETE", environment_path(service, "canary"))
    assert engine.get(service, environment="canary").status_code == 404


def test_environment_errors(engine: RunningEngine, service: str) -> None:
    path = f"/workers/services/{service}/environments"
    engine.refusal("GET", environment_path(service, "nope"), 404, 10092)
    engine.refusal("GET", environment_path("no-such-service"), 404, 10007)
    engine.refusal("POST", path, 400, 10094, json={"environment": "No"})
    engine.refusal("POST", path, 400, 10094, json={})
    engine.refusal("POST", path, 409, 10040, json={"environment": "production"})


def test_clone(engine: RunningEngine) -> None:
    made = engine.result("POST", environment_path("notes", "staging") + "/copy/cloned", status=201)
    assert made["live"]["number"] >= 1
    source = engine.result("GET", environment_path("notes", "staging"))
    namespaces = [
        next(each["namespace_id"] for each in found["bindings"] if each["name"] == "NOTES")
        for found in (source, made)
    ]
    assert namespaces[0] != namespaces[1]
    shared = engine.result(
        "POST", environment_path("notes", "staging") + "/copy/shared", status=201, json={"data": "share"}
    )
    assert namespaces[0] in {each.get("namespace_id") for each in shared["bindings"]}
    engine.refusal(
        "POST", environment_path("notes", "staging") + "/copy/third", 400, 10026, json={"data": "maybe"}
    )
    for name in ("cloned", "shared"):
        assert engine.get("notes", "/", environment=name).status_code < 500
        engine.result("DELETE", environment_path("notes", name))


def test_delete_of_a_bound_service_is_refused(engine: RunningEngine) -> None:
    message = engine.refusal("DELETE", "/workers/services/hello?force=false", 409, 10142)
    assert "gateway" in message
    found = engine.result("GET", "/workers/scripts/hello/references")
    incoming = {(each["service"], each["environment"]) for each in found["services"]["incoming"]}
    assert ("gateway", "production") in incoming
    assert engine.result("GET", "/workers/tails/by-consumer/hello") == []


def test_change_feed(engine: RunningEngine) -> None:
    import json

    with engine.api.stream("GET", "/changes") as feed:
        lines = feed.iter_lines()
        next(lines)  # the empty line: it is subscribed
        engine.deploy("fed")
        kinds = []
        seq = 0
        for line in lines:
            change = json.loads(line)
            kinds.append(change["kind"])
            seq = change["seq"]
            if change["kind"] == "deployment" and change["service"] == "fed":
                assert (change["environment"], change["source"]) == ("production", "api")
                break
    assert kinds[-3:] == ["service.created", "environment.created", "deployment"]
    with engine.api.stream("GET", f"/changes?since={seq - 1}") as feed:
        again = next(line for line in feed.iter_lines() if line)
        assert json.loads(again)["seq"] == seq


def test_author_and_source(engine: RunningEngine, service: str) -> None:
    path = environment_path(service)
    headers = {"x-svc-author": "Ana%20%C3%84", "x-svc-source": "app"}
    engine.result("PUT", f"{path}/secrets", json={"name": "S", "text": "t"}, headers=headers)
    agent = {"user-agent": "wrangler/4.86.0"}
    engine.result("PUT", f"{path}/secrets", json={"name": "T", "text": "t"}, headers=agent)
    newest = engine.result("GET", f"{path}/deployments")["deployments"]
    assert [each["source"] for each in newest[:2]] == ["wrangler", "app"]
    assert newest[1]["author"] == "Ana Ä"
    assert (
        engine.result("GET", f"/workers/services/{service}")["default_environment"]["script"][
            "last_deployed_from"
        ]
        == "wrangler"
    )
