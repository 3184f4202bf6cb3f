"""Queues over the API: create, list, change, consumers, push, pull, acknowledge."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import pytest
from enginekit import RunningEngine

_numbers = itertools.count(1)


@pytest.fixture
def queue(engine: RunningEngine) -> dict[str, Any]:
    made: dict[str, Any] = engine.result("POST", "/queues", json={"queue_name": f"api-{next(_numbers)}"})
    return made


def pulls(engine: RunningEngine, queue: dict[str, Any], dead: str | None = None, **settings: Any) -> str:
    """The queue's path, with an http_pull consumer."""
    path = f"/queues/{queue['queue_id']}"
    body = {"type": "http_pull", "settings": settings, "dead_letter_queue": dead}
    engine.result("POST", f"{path}/consumers", json=body)
    return path


def test_create_list_change_and_delete(engine: RunningEngine) -> None:
    name = f"api-{next(_numbers)}"
    settings = {"delivery_delay": 5, "message_retention_period": 3600}
    made = engine.result("POST", "/queues", json={"queue_name": name, "settings": settings})
    assert made["settings"] == {**settings, "delivery_paused": False}
    assert (made["producers"], made["consumers"]) == ([], [])
    path = f"/queues/{made['queue_id']}"
    assert engine.result("GET", path) == made
    assert engine.result("GET", f"/queues?page=1&name={name}&name=no-such") == [made]
    assert engine.result("GET", f"/queues?page=2&name={name}") == []
    changed = engine.result("PATCH", path, json={"queue_name": name, "settings": {"delivery_paused": True}})
    assert changed["settings"] == {**settings, "delivery_paused": True}
    engine.refusal("PATCH", path, 400, 100128, json={"queue_name": "another"})
    engine.refusal("POST", "/queues", 400, 11009, json={"queue_name": name})
    assert engine.result("DELETE", path) is None
    engine.refusal("GET", path, 404, 11000)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 11003),
        ({"queue_name": "-x"}, 11003),
        ({"queue_name": "x" * 64}, 11003),
        ({"queue_name": "bad-settings", "settings": []}, 100128),
        ({"queue_name": "bad-settings", "settings": {"delivery_delay": 86_401}}, 100128),
        ({"queue_name": "bad-settings", "settings": {"message_retention_period": 59}}, 100128),
        ({"queue_name": "bad-settings", "settings": {"delivery_paused": "yes"}}, 100128),
    ],
)
def test_what_is_no_queue(engine: RunningEngine, body: dict[str, Any], code: int) -> None:
    engine.refusal("POST", "/queues", 400, code, json=body)


def test_consumers(engine: RunningEngine, service: str, queue: dict[str, Any]) -> None:
    path = f"/queues/{queue['queue_id']}/consumers"
    body = {"type": "worker", "script_name": service, "environment_name": "", "settings": {"batch_size": 3}}
    engine.refusal("POST", path, 404, 10007, json={**body, "script_name": "no-such"})
    engine.refusal("POST", path, 400, 100127, json={**body, "settings": {"batch_size": 101}})
    made = engine.result("POST", path, json=body)
    assert (made["type"], made["script"], made["settings"]) == ("worker", service, {"batch_size": 3})
    assert "service" not in made
    engine.refusal("POST", path, 400, 11004, json=body)
    dead = f"{queue['queue_name']}-dead"
    changed = engine.result(
        "PUT", f"{path}/{made['consumer_id']}", json={**body, "settings": {}, "dead_letter_queue": dead}
    )
    assert (changed["consumer_id"], changed["settings"]) == (made["consumer_id"], {})
    assert changed["dead_letter_queue"] == dead
    assert engine.result("GET", path) == [changed]
    assert len(engine.result("GET", f"/queues?name={dead}")) == 1  # made, as Cloudflare does it
    engine.refusal("DELETE", f"{path}/{'0' * 32}", 404, 11001)
    engine.result("DELETE", f"{path}/{made['consumer_id']}")
    assert engine.result("GET", path) == []


def test_push_pull_and_acknowledge(engine: RunningEngine, queue: dict[str, Any]) -> None:
    engine.refusal("POST", f"/queues/{queue['queue_id']}/messages/pull", 404, 11002, json={})
    path = pulls(engine, queue, visibility_timeout_ms=3_600_000)
    engine.result("POST", f"{path}/messages", json={"body": "hello"})
    raw = base64.b64encode(b"\0\xff").decode()
    batch = [{"body": {"a": 1}}, {"body": raw, "content_type": "bytes"}]
    engine.result("POST", f"{path}/messages/batch", json={"messages": batch})
    engine.result("POST", f"{path}/messages", json={"body": "late", "delay_seconds": 600})
    seen = engine.result("GET", f"{path}/messages")["messages"]
    assert [each["state"] for each in seen] == ["waiting", "waiting", "waiting", "delayed"]
    pulled = engine.result("POST", f"{path}/messages/pull", json={"batch_size": 10})
    assert pulled["message_backlog_count"] == 4
    first, second, third = pulled["messages"]
    assert (first["body"], first["attempts"], first["metadata"]["CF-Content-Type"]) == ("hello", 1, "text")
    assert base64.b64decode(second["body"]) == b'{"a":1}'
    assert (third["body"], third["metadata"]["CF-Content-Type"]) == (raw, "bytes")
    assert engine.result("POST", f"{path}/messages/pull")["messages"] == []
    answer = engine.result(
        "POST",
        f"{path}/messages/ack",
        json={
            "acks": [{"lease_id": first["lease_id"]}, {"lease_id": "ended"}],
            "retries": [{"lease_id": second["lease_id"]}],
        },
    )
    assert (answer["ackCount"], answer["retryCount"]) == (1, 1)
    assert answer["warnings"] == {"ended": "the lease has ended"}
    [again] = engine.result("POST", f"{path}/messages/pull")["messages"]
    assert (again["id"], again["attempts"]) == (second["id"], 2)
    assert again["lease_id"] != second["lease_id"]
    old = {"acks": [{"lease_id": second["lease_id"]}]}
    assert engine.result("POST", f"{path}/messages/ack", json=old)["ackCount"] == 0


def test_a_lease_ends(engine: RunningEngine, queue: dict[str, Any]) -> None:
    """What is not acknowledged comes again, until it has come too often."""
    dead = f"{queue['queue_name']}-dead"
    path = pulls(engine, queue, dead, visibility_timeout_ms=0, max_retries=1)
    engine.result("POST", f"{path}/messages", json={"body": 1})
    attempts = []
    while found := engine.result("POST", f"{path}/messages/pull")["messages"]:
        attempts.append(found[0]["attempts"])
    assert attempts == [1, 2]
    [grave] = engine.result("GET", f"/queues?name={dead}")
    assert grave["backlog"]["messages"] == 1
    assert engine.result("GET", path)["backlog"]["messages"] == 0


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "has a body"),
        ({"body": "x" * 128_001}, 413, "message length of 128001 bytes exceeds limit of 128000"),
        ({"body": "%", "content_type": "bytes"}, 400, "base64"),
        ({"body": 1, "content_type": "text"}, 400, "text"),
        ({"body": 1, "delay_seconds": 86_401}, 400, "delay_seconds"),
        ({"body": 1, "delay_seconds": -1}, 400, "delay_seconds"),
    ],
)
def test_what_cannot_be_pushed(
    engine: RunningEngine, queue: dict[str, Any], body: dict[str, Any], status: int, error: str
) -> None:
    path = f"/queues/{queue['queue_id']}/messages"
    assert error in engine.refusal("POST", path, status, 100127, json=body)
    assert engine.result("GET", path)["messages"] == []


def test_bindings_name_a_queue_that_exists(engine: RunningEngine, queue: dict[str, Any]) -> None:
    binding = {"name": "Q", "type": "queue", "queue_name": "no-such"}
    with pytest.raises(AssertionError, match="11000"):
        engine.deploy("queue-binder", bindings=[binding])
    engine.deploy("queue-binder", bindings=[{**binding, "queue_name": queue["queue_name"]}])
    found = engine.result("GET", f"/queues/{queue['queue_id']}")
    assert found["producers"] == [{"type": "worker", "script": "queue-binder"}]
    engine.deploy("queue-binder")
    assert engine.result("GET", f"/queues/{queue['queue_id']}")["producers_total_count"] == 0
