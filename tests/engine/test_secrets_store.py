"""Secrets stores: over the API, as a binding, and never in clear where they are kept or shown."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from enginekit import RunningEngine, upload, worker_path

CODE = """export default { async fetch(request, env) {
  try {
    return new Response(await env.SECRET.get());
  } catch (error) {
    return new Response(`${error.name}: ${error.message}`);
  }
} };"""


class Lab:
    """A store of its own."""

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine
        self.name = f"store-{uuid.uuid4().hex[:8]}"
        self.store = engine.result("POST", "/secrets_store/stores", json={"name": self.name})["id"]
        self.path = f"/secrets_store/stores/{self.store}/secrets"

    def add(self, name: str, value: str) -> dict[str, Any]:
        body = [{"name": name, "value": value, "scopes": ["workers"], "comment": "for tests"}]
        [made] = self.engine.result("POST", self.path, json=body)
        found: dict[str, Any] = made
        return found

    def binding(self, name: str) -> dict[str, Any]:
        return {
            "type": "secrets_store_secret",
            "name": "SECRET",
            "store_id": self.store,
            "secret_name": name,
        }


@pytest.fixture
def lab(engine: RunningEngine) -> Lab:
    return Lab(engine)


def test_a_worker_reads_the_value_of_now(lab: Lab, service: str) -> None:
    made = lab.add("key", "first value")
    lab.engine.deploy(service, CODE, bindings=[lab.binding("key")])
    assert lab.engine.get(service).text == "first value"
    lab.engine.result("PATCH", f"{lab.path}/{made['id']}", json={"value": "second value"})
    assert lab.engine.get(service).text == "second value"
    lab.engine.result("DELETE", f"{lab.path}/{made['id']}")
    assert lab.engine.get(service).text == 'Error: Secret "key" not found'
    parts = upload({"worker.js": CODE}, bindings=[lab.binding("gone")])
    assert lab.engine.api.put(worker_path(service), **parts).json()["errors"][0]["code"] == 10182


def test_values_are_shown_nowhere(lab: Lab, service: str) -> None:
    made = lab.add("hidden", "a very hidden thing")
    lab.engine.deploy(service, CODE, bindings=[lab.binding("hidden")])
    assert lab.engine.get(service).text == "a very hidden thing"
    events = lab.engine.run(service, CODE, trace=True)
    calls = [each for each in events if each["type"] == "call"]
    assert [(each["binding"], each["operation"], each["subject"]) for each in calls] == [
        ("SECRET", "get", "hidden")
    ]
    assert "a very hidden thing" not in str(calls)
    shown = lab.engine.result("GET", f"{lab.path}/{made['id']}")
    assert (shown["name"], shown["scopes"], shown["status"]) == ("hidden", ["workers"], "active")
    assert "value" not in shown
    kept = b"".join(each.read_bytes() for each in lab.engine.state.glob("store.db*"))
    assert b"a very hidden thing" not in kept


def test_lists_copies_and_refusals(lab: Lab) -> None:
    engine = lab.engine
    made = lab.add("one", "1")
    copy = engine.result("POST", f"{lab.path}/{made['id']}/duplicate", json={"name": "two"})
    assert [each["name"] for each in engine.result("GET", lab.path)] == ["one", "two"]
    assert [each["id"] for each in engine.result("GET", lab.path, params={"search": "tw"})] == [copy["id"]]
    for body, code in (
        ([{"name": "one", "value": "x"}], 1002),
        ([{"name": "no name!", "value": "x"}], 1003),
        ([{"name": "three"}], 1003),
        ([{"name": "three", "value": "x" * 70_000}], 1003),
        ([], 1003),
    ):
        assert engine.api.post(lab.path, json=body).json()["errors"][0]["code"] == code
    assert lab.name in [each["name"] for each in engine.result("GET", "/secrets_store/stores?per_page=100")]
    again = engine.api.post("/secrets_store/stores", json={"name": lab.name})
    assert again.json()["errors"][0]["code"] == 1002
    engine.result("DELETE", f"/secrets_store/stores/{lab.store}")
    assert engine.api.get(lab.path).json()["errors"][0]["code"] == 1001
