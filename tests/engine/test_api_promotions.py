"""Differences and promotions over the API."""

from __future__ import annotations

from enginekit import HELLO, RunningEngine, environment_path

CODE = "export default { fetch: (request, env) => new Response(`staged ${env.WORD}`) }"


def staged(engine: RunningEngine, service: str) -> str:
    """Give the service a staging that differs; returns the service's path."""
    engine.deploy(service, HELLO, bindings=[{"name": "WORD", "type": "plain_text", "text": "prod"}])
    words = [{"name": "WORD", "type": "plain_text", "text": "stage"}]
    engine.deploy(service, CODE, "staging", status=201, bindings=words)
    return f"/workers/services/{service}"


def test_diff(engine: RunningEngine, service: str) -> None:
    path = staged(engine, service)
    found = engine.result("GET", f"{path}/diff?from=staging&to=production")
    assert (found["added"], found["removed"]) == (1, 1)
    assert found["modules"][0]["status"] == "changed"
    assert {each["key"] for each in found["settings"]} == {"binding:WORD"}
    engine.refusal("GET", f"{path}/diff?from=staging", 400, 10001)
    engine.refusal("GET", f"{path}/diff?from=staging&to=nowhere", 404, 10071)


def test_promotion(engine: RunningEngine, service: str) -> None:
    path = staged(engine, service)
    ask = {"from": "staging", "to": "production"}
    plan = engine.result("POST", f"{path}/promotions/plan", json=ask)
    assert plan["confirm"] == "production"
    assert {row["key"]: row["after"] for row in plan["rows"]}["code"] == "moves"
    made = engine.result("POST", f"{path}/promotions", json={**ask, "plan": plan["id"], "message": "ship"})
    assert made["deployment"]["annotations"]["workers/message"] == "ship"
    assert engine.get(service).text == "staged prod"
    engine.refusal("POST", f"{path}/promotions", 409, 10409, json={**ask, "plan": plan["id"]})
    moved = {**ask, "move": ["binding:WORD"]}
    engine.result("POST", f"{path}/promotions", json=moved)
    assert engine.get(service).text == "staged stage"


def test_a_missing_binding_stops_it(engine: RunningEngine, service: str) -> None:
    path = staged(engine, service)
    engine.result("PATCH", environment_path(service) + "/settings", json={"bindings": []})
    ask = {"from": "staging", "to": "production"}
    plan = engine.result("POST", f"{path}/promotions/plan", json=ask)
    assert [each["key"] for each in plan["blocked"]] == ["binding:WORD"]
    before = engine.result("GET", environment_path(service))
    engine.refusal("POST", f"{path}/promotions", 400, 10410, json={**ask, "plan": plan["id"]})
    assert engine.result("GET", environment_path(service)) == before


def test_bad_requests(engine: RunningEngine, service: str) -> None:
    path = f"/workers/services/{service}/promotions"
    engine.refusal("POST", path, 400, 10026, json={"from": "staging"})
    engine.refusal("POST", path, 400, 10026, json={"from": "production", "to": "production"})
    engine.refusal("POST", path, 404, 10092, json={"from": "staging", "to": "production"})
    engine.refusal("POST", f"{path}/plan", 400, 10026, json={"from": "a", "to": "b", "move": "code"})
