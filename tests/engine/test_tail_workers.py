"""Tail workers: another worker is told of every invocation of an environment that names it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from enginekit import RunningEngine, environment_path

PRODUCER = """export default { async fetch(request) {
  console.log("asked", new URL(request.url).pathname);
  if (request.url.endsWith("/fail")) throw new RangeError("as asked");
  return new Response("made", { status: 201 });
} };"""
CONSUMER = """export default {
  async tail(events, env) {
    await env.KV.put(`${Date.now()}-${crypto.randomUUID()}`, JSON.stringify(events));
    const breaks = (event) => event.logs.some((line) => line.message[0].includes("/break"));
    if (events.some(breaks)) throw new Error("broken");
  },
  fetch: () => new Response("ok"),
};"""


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


class Lab:
    """A producer and its consumer."""

    def __init__(self, engine: RunningEngine, service: str) -> None:
        self.engine = engine
        self.service = service
        title = f"tails-{service}"
        self.space = engine.result("POST", "/storage/kv/namespaces", json={"title": title})["id"]
        kv = {"type": "kv_namespace", "name": "KV", "namespace_id": self.space}
        engine.deploy(f"{service}-tail", CONSUMER, bindings=[kv])
        engine.deploy(service, PRODUCER, tail_consumers=[{"service": f"{service}-tail"}])

    def seen(self) -> list[dict[str, Any]]:
        path = f"/storage/kv/namespaces/{self.space}"
        names = [each["name"] for each in self.engine.result("GET", f"{path}/keys")]
        return [
            event for name in names for event in json.loads(self.engine.api.get(f"{path}/values/{name}").text)
        ]

    def told_of(self, path: str, times: int = 1) -> list[dict[str, Any]]:
        def look() -> list[dict[str, Any]] | None:
            found = [each for each in self.seen() if each["event"]["request"]["url"].endswith(path)]
            return found if len(found) >= times else None

        found: list[dict[str, Any]] = until(look)
        return found


@pytest.fixture
def lab(engine: RunningEngine, service: str) -> Lab:
    return Lab(engine, service)


def test_the_consumer_gets_what_was_said_and_thrown(lab: Lab) -> None:
    assert lab.engine.get(lab.service, "/one").status_code == 201
    assert lab.engine.get(lab.service, "/fail").status_code == 500
    [one] = lab.told_of("/one")
    assert (one["scriptName"], one["outcome"], one["event"]["response"]["status"]) == (lab.service, "ok", 201)
    assert one["logs"][0]["message"] == ["asked /one"]
    [failed] = lab.told_of("/fail")
    assert failed["outcome"] == "exception"
    assert failed["exceptions"][0]["name"] == "RangeError"


def test_one_that_fails_is_told_of_the_next_all_the_same(lab: Lab) -> None:
    lab.engine.get(lab.service, "/break")
    lab.told_of("/break")
    lab.engine.get(lab.service, "/after")
    lab.told_of("/after")


def test_it_follows_settings_names_and_ends_with_them(lab: Lab) -> None:
    engine, service = lab.engine, lab.service
    path = f"/workers/services/{service}/environments/production/copy/preview"
    engine.result("POST", path, status=201)
    engine.get(service, "/in-preview", "preview")
    lab.told_of("/in-preview")
    engine.result("PATCH", environment_path(service, "preview"), json={"environment": "other"})
    engine.get(service, "/renamed", "other")
    lab.told_of("/renamed")
    settings = f"/workers/scripts/{service}/script-settings"
    engine.result("PATCH", settings, json={"tail_consumers": []})
    engine.get(service, "/not-told")
    engine.get(service, "/last", "other")
    lab.told_of("/last")
    assert not [each for each in lab.seen() if each["event"]["request"]["url"].endswith("/not-told")]


def test_two_that_consume_each_other_come_to_an_end(lab: Lab) -> None:
    settings = f"/workers/scripts/{lab.service}-tail/script-settings"
    lab.engine.result("PATCH", settings, json={"tail_consumers": [{"service": f"{lab.service}-tail"}]})
    lab.engine.get(lab.service, "/circle")
    lab.told_of("/circle")
    lab.engine.get(lab.service, "/end")
    lab.told_of("/end")
    assert all("request" in each["event"] for each in lab.seen())
