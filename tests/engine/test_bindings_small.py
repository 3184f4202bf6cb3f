"""Rate limits, Hyperdrive, and bindings of kinds that this machine lacks, through a running engine."""

from __future__ import annotations

from typing import Any

from enginekit import RunningEngine

ORIGIN = {
    "scheme": "postgres",
    "host": "db.example.com",
    "port": 5433,
    "database": "shop",
    "user": "ana",
    "password": "p@ss word",
}


def test_rate_limits(engine: RunningEngine) -> None:
    code = """export default { async fetch(request, env) {
      const results = [];
      for (const key of ["a", "a", "b", "a"]) results.push((await env.LIMIT.limit({ key })).success);
      const wrong = [];
      const bad = [undefined, { keys: 1 }, { key: 5 }, { key: "x", period: 30 }, { key: "x", delta: 0 }];
      for (const options of bad) {
        try { await env.LIMIT.limit(options) } catch (error) { wrong.push(`${error.name}: ${error.message}`) }
      }
      return Response.json({ results, wrong });
    } }"""
    simple = {"limit": 2, "period": 60}
    binding = {"name": "LIMIT", "type": "ratelimit", "namespace_id": "1001", "simple": simple}
    engine.deploy("limited", code, bindings=[binding])
    # The clock may begin a new window between the calls: once in a minute.
    for _ in range(2):
        first, second = engine.get("limited").json(), engine.get("limited").json()
        if first["results"] == [True, True, True, False]:
            break
    assert first["results"] in ([True, True, True, False], [False, False, True, False])
    assert second["results"][0] is False or second["results"] == [True, True, True, False]
    assert first["wrong"] == [
        "Error: invalid rate limit options",
        "Error: bad rate limit options: [keys]",
        "Error: invalid key: 5",
        "Error: unsupported period: 30",
        "RangeError: delta must be non-zero",
    ]
    for bad in (
        {"namespace_id": "x"},
        {"simple": {"limit": 1, "period": 30}},
        {"simple": {"limit": 0, "period": 10}},
    ):
        answer = engine.api.patch(
            "/workers/scripts/limited/settings", json={"bindings": [{**binding, **bad}]}
        )
        assert answer.json()["errors"][0]["code"] == 10021


def test_hyperdrive(engine: RunningEngine) -> None:
    made = engine.result("POST", "/hyperdrive/configs", json={"name": "shop-db", "origin": ORIGIN})
    assert made["origin"] == {key: ORIGIN[key] for key in ORIGIN if key != "password"}
    path = f"/hyperdrive/configs/{made['id']}"
    assert engine.result("GET", path) == made
    assert made in engine.result("GET", "/hyperdrive/configs?page=1")
    engine.refusal("POST", "/hyperdrive/configs", 400, 2017, json={"name": "shop-db", "origin": ORIGIN})
    engine.refusal("POST", "/hyperdrive/configs", 400, 2005, json={"name": "x", "origin": {"host": "y"}})
    code = """export default { fetch: (request, { DB }) => Response.json({ ...DB }) }"""
    engine.deploy("driver", code, bindings=[{"name": "DB", "type": "hyperdrive", "id": made["id"]}])
    expected: dict[str, Any] = {key: ORIGIN[key] for key in ORIGIN if key != "scheme"}
    shown = "postgres://ana:p%40ss%20word@db.example.com:5433/shop"
    assert engine.get("driver").json() == {**expected, "connectionString": shown}
    changed = engine.result(
        "PATCH", path, json={"origin": {"password": "new"}, "caching": {"disabled": True}}
    )
    assert changed["caching"] == {"disabled": True}
    assert engine.get("driver").json()["password"] == "new"
    kept = b"".join(each.read_bytes() for each in engine.state.glob("store.db*"))
    assert b"p@ss word" not in kept
    assert engine.result("DELETE", path) is None
    engine.refusal("GET", path, 404, 2004)


def test_what_this_machine_lacks(engine: RunningEngine) -> None:
    code = """export default { async fetch(request, env) {
      const said = [];
      for (const use of [() => env.AI.run("m", {}), () => env.V.query([1]), () => env.B.fetch("http://x/")]) {
        try { await use() } catch (error) { said.push(error.message) }
      }
      return Response.json(said);
    } }"""
    bindings = [
        {"name": "AI", "type": "ai"},
        {"name": "V", "type": "vectorize", "index_name": "i"},
        {"name": "B", "type": "browser"},
    ]
    engine.deploy("lacking", code, bindings=bindings)
    said = [
        f'Binding "{each["name"]}" ({each["type"]}) is not available on this machine.' for each in bindings
    ]
    assert engine.get("lacking").json() == said
    assert engine.result("GET", "/workers/scripts/lacking/settings")["bindings"] == bindings
