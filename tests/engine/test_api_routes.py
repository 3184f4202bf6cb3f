"""Zones and routes: by zone, by Worker, by environment, and who answers then."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from enginekit import RunningEngine, environment_path, worker_path

_numbers = itertools.count(1)


def code(name: str) -> str:
    return f"""export default {{ fetch(request) {{
      return new Response("{name} " + new URL(request.url).pathname) }} }}"""


def get(engine: RunningEngine, url: str) -> str:
    """What an URL of a zone of ours answers."""
    parts = httpx.URL(url)
    answer = engine.http.get(parts.raw_path.decode(), headers={"host": parts.host})
    return answer.text if answer.status_code == 200 else str(answer.status_code)


def zones(engine: RunningEngine, method: str, path: str, **more: Any) -> httpx.Response:
    return engine.api.request(method, f"{engine.address}/client/v4/zones{path}", **more)


def result(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def refused(answer: httpx.Response, status: int, number: int) -> str:
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, number), answer.text
    return str(answer.json()["errors"][0]["message"])


@pytest.fixture
def zone() -> str:
    """A domain that no other test uses."""
    return f"zone-{next(_numbers)}.com"


@pytest.fixture
def zone_id(engine: RunningEngine, zone: str) -> str:
    return str(result(zones(engine, "POST", "", json={"name": zone}))["id"])


@pytest.fixture
def worker(engine: RunningEngine, service: str) -> Iterator[str]:
    engine.deploy(service, code("worker"))
    yield service
    engine.api.delete(f"/workers/services/{service}?force=true")


def test_zones_are_made_of_the_names_that_are_asked_for(
    engine: RunningEngine, zone: str, worker: str
) -> None:
    account = {"account.id": engine.account}
    assert result(zones(engine, "GET", "", params={"name": f"a.b.{zone}", **account})) == []
    assert result(zones(engine, "GET", "", params={"name": "localhost", **account})) == []
    found = result(zones(engine, "GET", "", params={"name": zone, **account}))
    assert [(each["name"], each["status"]) for each in found] == [(zone, "active")]
    number = found[0]["id"]
    assert zone not in zones(engine, "GET", "", params={"per_page": "1000"}).text
    assert result(zones(engine, "GET", f"/{number}/workers/routes")) == []
    made = engine.result(
        "PUT", worker_path(worker) + "/routes", json=[{"pattern": f"{zone}/*", "zone_id": number}]
    )
    assert [(each["pattern"], each["zone_id"], each["script"]) for each in made] == [
        (f"{zone}/*", number, worker)
    ]
    assert zone in zones(engine, "GET", "", params={"per_page": "1000"}).text
    assert result(zones(engine, "GET", "", params={"name": zone, "account.id": "0" * 32})) == []


def test_zones_by_hand(engine: RunningEngine, zone: str, zone_id: str, worker: str) -> None:
    assert result(zones(engine, "GET", f"/{zone_id}"))["name"] == zone
    refused(zones(engine, "POST", "", json={"name": zone}), 409, 1061)
    refused(zones(engine, "POST", "", json={"name": "no domain"}), 400, 1049)
    refused(zones(engine, "GET", f"/{'0' * 32}"), 404, 7003)
    refused(zones(engine, "GET", f"/{'0' * 32}/workers/routes"), 404, 7003)
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"a.{zone}/*"])
    assert get(engine, f"http://a.{zone}/x") == "worker /x"
    assert result(zones(engine, "DELETE", f"/{zone_id}")) == {"id": zone_id}
    assert get(engine, f"http://a.{zone}/x") == "404"
    assert engine.result("GET", worker_path(worker) + "/routes") == []


def test_routes_of_a_worker_are_replaced(engine: RunningEngine, zone: str, worker: str) -> None:
    path = worker_path(worker) + "/routes"
    wanted = [f"{zone}/a*", {"pattern": f"*.{zone}/*", "zone_name": zone}, f"{zone}/a*"]
    made = engine.result("PUT", path, json=wanted)
    assert [each["pattern"] for each in made] == [f"*.{zone}/*", f"{zone}/a*"]
    assert get(engine, f"http://{zone}/abc") == "worker /abc"
    assert get(engine, f"http://{zone.upper()}/a?x=1") == "worker /a"
    assert get(engine, f"http://{zone}/b") == "404"
    assert get(engine, f"http://sub.{zone}/b") == "worker /b"
    again = engine.result("PUT", path, json=[f"{zone}/a*", f"{zone}/b"])
    assert [each["id"] for each in again if each["pattern"] == f"{zone}/a*"] == [made[1]["id"]]
    assert get(engine, f"http://sub.{zone}/b") == "404"
    assert get(engine, f"http://{zone}/b") == "worker /b"
    assert engine.result("PUT", path, json=[]) == []
    assert get(engine, f"http://{zone}/b") == "404"


def test_environments_have_routes(engine: RunningEngine, zone: str, worker: str) -> None:
    engine.deploy(worker, code("staging"), "staging", status=201)
    path = environment_path(worker, "staging") + "/routes"
    engine.result("PUT", path, json=[{"pattern": f"staging.{zone}/*", "zone_name": zone}])
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"{zone}/*"])
    assert get(engine, f"http://staging.{zone}/") == "staging /"
    assert get(engine, f"http://{zone}/") == "worker /"
    assert engine.result("GET", path)[0]["environment"] == "staging"
    engine.result("PATCH", environment_path(worker, "staging"), json={"environment": "canary"})
    assert get(engine, f"http://staging.{zone}/") == "staging /"
    engine.result("DELETE", environment_path(worker, "canary"))
    assert get(engine, f"http://staging.{zone}/") == "404"


def test_a_pattern_belongs_to_one_worker(engine: RunningEngine, zone: str, zone_id: str, worker: str) -> None:
    engine.deploy(f"{worker}-b", code("b"))
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"{zone}/*"])
    message = engine.refusal("PUT", worker_path(f"{worker}-b") + "/routes", 409, 10020, json=[f"{zone}/*"])
    assert f"{zone}/* already belongs to {worker}" in message
    path = f"/{zone_id}/workers/routes"
    body = {"pattern": f"{zone}/*", "script": f"{worker}-b"}
    refused(zones(engine, "POST", path, json=body), 409, 10020)
    assert get(engine, f"http://{zone}/") == "worker /"
    engine.result("DELETE", f"/workers/services/{worker}-b")


def test_routes_of_a_zone(engine: RunningEngine, zone: str, zone_id: str, worker: str) -> None:
    path = f"/{zone_id}/workers/routes"
    made = result(zones(engine, "POST", path, json={"pattern": f"{zone}/one/*", "script": worker}))
    one = f"{path}/{made['id']}"
    assert result(zones(engine, "GET", one)) == made
    assert get(engine, f"http://{zone}/one/x") == "worker /one/x"
    changed = result(zones(engine, "PUT", one, json={"pattern": f"{zone}/two", "script": worker}))
    assert changed["pattern"] == f"{zone}/two"
    assert get(engine, f"http://{zone}/one/x") == "404"
    assert get(engine, f"http://{zone}/two") == "worker /two"
    refused(zones(engine, "POST", path, json={"pattern": f"{zone}/x", "script": "nobody"}), 400, 10019)
    refused(zones(engine, "POST", path, json={"pattern": "elsewhere.org/*", "script": worker}), 400, 10022)
    refused(zones(engine, "POST", path, json={"pattern": f"{zone}/a?b", "script": worker}), 400, 10022)
    refused(zones(engine, "POST", path, json={"pattern": 7}), 400, 10022)
    assert result(zones(engine, "DELETE", one)) == {"id": made["id"]}
    refused(zones(engine, "DELETE", one), 404, 10009)
    assert get(engine, f"http://{zone}/two") == "404"


def test_a_route_without_a_script_switches_workers_off(
    engine: RunningEngine, zone: str, zone_id: str, worker: str
) -> None:
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"{zone}/*"])
    off = result(zones(engine, "POST", f"/{zone_id}/workers/routes", json={"pattern": f"{zone}/off/*"}))
    assert "script" not in off
    assert get(engine, f"http://{zone}/on") == "worker /on"
    answer = engine.http.get("/off/x", headers={"host": zone})
    assert answer.status_code == 404
    assert "switches Workers off" in answer.text
    engine.result("PUT", "/workers/domains", json={"hostname": zone, "service": worker})
    assert get(engine, f"http://{zone}/off/x") == "worker /off/x"


def test_schemes_and_the_machine_itself(engine: RunningEngine, zone: str, worker: str) -> None:
    engine.refusal("PUT", worker_path(worker) + "/routes", 400, 1049, json=["*localhost/client/*"])
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"https://{zone}/*"])
    assert get(engine, f"http://{zone}/") == "404"
    assert engine.result("GET", worker_path(worker) + "/routes")
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"http://{zone}/*"])
    assert get(engine, f"http://{zone}/") == "worker /"


def test_a_deleted_service_takes_its_routes_along(engine: RunningEngine, zone: str, worker: str) -> None:
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"{zone}/*"])
    engine.result("DELETE", f"/workers/services/{worker}")
    assert get(engine, f"http://{zone}/") == "404"


def test_routes_and_domains_are_there_after_a_restart(own_engine: RunningEngine) -> None:
    engine = own_engine
    engine.deploy("routed", code("routed"))
    engine.result("PUT", worker_path("routed") + "/routes", json=["example.com/*"])
    engine.result("PUT", "/workers/domains", json={"hostname": "shop.example.com", "service": "routed"})
    engine.deploy("routed", code("canary"), "canary", status=201)
    engine.result("PATCH", environment_path("routed", "canary"), json={"environment": "beta"})
    killed = engine.child("live")
    os.kill(killed, signal.SIGKILL)
    engine.child("live", other_than=killed)
    engine.http = httpx.Client(base_url=engine.address, timeout=30, trust_env=False)
    assert get(engine, "http://example.com/x") == "routed /x"
    assert get(engine, "http://shop.example.com/x") == "routed /x"
    moved = engine.http.get("/p", headers={"host": "canary.routed.dev.localhost"})
    assert "http://beta.routed.dev.localhost/p" in moved.text


def test_changes_under_load(engine: RunningEngine, zone: str, worker: str) -> None:
    """What one client asks for all the time is answered, whatever another one changes about it."""
    path = worker_path(worker) + "/routes"
    engine.result("PUT", path, json=[f"{zone}/*"])
    stop, wrong = threading.Event(), []

    def ask() -> None:
        with httpx.Client(base_url=engine.address, trust_env=False, timeout=60) as client:
            while not stop.is_set():
                answer = client.get("/x", headers={"host": zone})
                if answer.text != "worker /x":
                    wrong.append(answer.text)

    asking = threading.Thread(target=ask)
    asking.start()
    for number in range(10):
        engine.result("PUT", path, json=[f"{zone}/*", f"{zone}/{number}*"])
    stop.set()
    asking.join(10)
    assert wrong == []
