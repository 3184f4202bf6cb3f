"""What differs between two environments."""

from __future__ import annotations

import json

from enginekit import HELLO, RunningEngine, environment_path


def test_all_that_two_environments_differ_in_is_told(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, HELLO)
    engine.result("POST", f"{environment_path(service)}/copy/twin", status=201)
    path = f"/workers/services/{service}/diff?from=production&to=twin"
    found = engine.result("GET", path)
    assert (found["settings"], found["added"], found["removed"]) == ([], 0, 0)
    place = environment_path(service, "twin")
    engine.result("PUT", f"{place}/schedules", json=[{"cron": "*/5 * * * *"}])
    settings = {"observability": {"enabled": True}, "tags": ["b", "a"]}
    engine.result("PATCH", f"{place}/script-settings", json=settings)
    secret = {"name": "KEY", "text": "s3cret", "type": "secret_text"}
    engine.result("PUT", f"{place}/secrets", json=secret)
    engine.result("POST", f"{place}/subdomain", json={"enabled": False, "previews_enabled": True})
    engine.result("PATCH", f"{place}/settings", json={"limits": {"cpu_ms": 5000}})
    found = engine.result("GET", path)
    assert {each["key"]: (each["from"], each["to"]) for each in found["settings"]} == {
        "limits": (None, "cpu_ms 5000"),
        "binding:KEY": (None, "set"),
        "crons": (None, "*/5 * * * *"),
        "workers_dev": (None, "off"),
        "observability": (None, '{"enabled": true}'),
        "tags": (None, "a, b"),
    }
    assert "s3cret" not in json.dumps(found)
