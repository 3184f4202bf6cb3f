"""D1 over the API, as wrangler uses it, bound to workers, and in deploys, clones and rollbacks."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

import httpx
import pytest
from enginekit import RunningEngine, environment_path, events_of, worker_path

_numbers = itertools.count(1)
DATABASE = "/d1/database"
WORKER = """export default { async fetch(request, env) {
  await env.DB.prepare("INSERT INTO notes (text) VALUES (?)").bind(new URL(request.url).pathname).run();
  return Response.json(await env.DB.prepare("SELECT text FROM notes ORDER BY id").raw());
} }"""


@pytest.fixture
def database(engine: RunningEngine) -> dict[str, Any]:
    """A new database with one table."""
    made: dict[str, Any] = engine.result("POST", DATABASE, json={"name": f"test-{next(_numbers)}"})
    query(engine, made["uuid"], "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    return made


def query(engine: RunningEngine, database: str, sql: str, *params: Any, how: str = "query") -> Any:
    body = {"sql": sql, "params": list(params)}
    return engine.result("POST", f"{DATABASE}/{database}/{how}", json=body)


def binding(database: dict[str, Any]) -> dict[str, Any]:
    return {"name": "DB", "type": "d1", "id": database["uuid"]}


def test_databases(engine: RunningEngine, database: dict[str, Any]) -> None:
    name = database["name"]
    engine.refusal("POST", DATABASE, 400, 7502, json={"name": name})
    engine.refusal("POST", DATABASE, 400, 7400, json={"name": "no spaces"})
    shown = engine.result("GET", f"{DATABASE}/{name}")
    assert (shown["uuid"], shown["num_tables"]) == (database["uuid"], 1)
    assert shown["file_size"] > 0
    found, page = [], 1
    while batch := engine.result("GET", f"{DATABASE}?per_page=2&page={page}"):
        found += [each["name"] for each in batch]
        page += 1
    assert name in found
    assert len(found) == len(set(found))
    assert [each["name"] for each in engine.result("GET", f"{DATABASE}?name={name}")][:1] == [name]
    assert engine.result("GET", f"{DATABASE}/{name}/time_travel/bookmark")["bookmark"].count("-") == 3
    engine.refusal("POST", f"{DATABASE}/{name}/time_travel/restore", 400, 7500)
    engine.result("DELETE", f"{DATABASE}/{database['uuid']}")
    engine.refusal("GET", f"{DATABASE}/{name}", 404, 7404)
    engine.refusal("POST", f"{DATABASE}/{database['uuid']}/query", 404, 7404, json={"sql": "SELECT 1"})


def test_queries(engine: RunningEngine, database: dict[str, Any]) -> None:
    uuid = database["uuid"]
    two = query(engine, uuid, "INSERT INTO notes (text) VALUES ('a;b'); SELECT * FROM notes;")
    assert [each["results"] for each in two] == [[], [{"id": 1, "text": "a;b"}]]
    assert two[0]["meta"]["changes"] == 1
    assert two[0]["success"] is True
    [found] = query(engine, uuid, "SELECT ? AS n, ? AS t, ? AS b", 1, "x", [1, 2], how="raw")
    assert found["results"] == {"columns": ["n", "t", "b"], "rows": [[1, "x", [1, 2]]]}
    path = f"{DATABASE}/{uuid}/query"
    batch = {"batch": [{"sql": "INSERT INTO notes (text) VALUES (?)", "params": ["c"]}, {"sql": "SELCT"}]}
    message = engine.refusal("POST", path, 400, 7500, json=batch)
    assert message == 'near "SELCT": syntax error at offset 0: SQLITE_ERROR'
    engine.refusal("POST", path, 400, 7500, json={"sql": "INSERT INTO notes (text) VALUES ('d'); SELCT"})
    engine.refusal("POST", path, 400, 7400, json={"sql": 1})
    engine.refusal("POST", path, 400, 7400, json={"sql": "SELECT ?", "params": [{"a": 1}]})
    assert query(engine, uuid, "SELECT count(*) AS n FROM notes")[0]["results"] == [{"n": 1}]


def test_import_and_export(engine: RunningEngine, database: dict[str, Any]) -> None:
    path = f"{DATABASE}/{database['uuid']}"
    sql = "".join(f"INSERT INTO notes (text) VALUES ('line\n{number}');\n" for number in range(20)).encode()
    etag = hashlib.md5(sql).hexdigest()
    begun = engine.result("POST", f"{path}/import", json={"action": "init", "etag": etag})
    ingest = {"action": "ingest", "filename": begun["filename"], "etag": etag}
    engine.refusal("POST", f"{path}/import", 400, 7500, json=ingest)
    sent = httpx.put(begun["upload_url"], content=sql, timeout=60)  # without a token, as wrangler does
    assert (sent.status_code, sent.headers["etag"]) == (200, f'"{etag}"')
    done = engine.result("POST", f"{path}/import", json=ingest)
    assert (done["status"], done["success"], done["result"]["num_queries"]) == ("complete", True, 20)
    assert done["result"]["meta"]["size_after"] > 0
    poll = {"action": "poll", "current_bookmark": done["at_bookmark"]}
    assert engine.result("POST", f"{path}/import", json=poll)["status"] == "complete"

    options = {
        "output_format": "polling",
        "dump_options": {"no_schema": False, "no_data": False, "tables": []},
    }
    exported = engine.result("POST", f"{path}/export", json=options)
    assert exported["status"] == "complete"
    text = httpx.get(exported["result"]["signed_url"], timeout=60).text
    assert "CREATE TABLE notes" in text
    assert text.count("INSERT INTO") == 20
    assert httpx.get(exported["result"]["signed_url"] + "x").status_code == 404
    other = engine.result("POST", DATABASE, json={"name": f"test-{next(_numbers)}"})["uuid"]
    query(engine, other, text)
    assert query(engine, other, "SELECT text FROM notes LIMIT 1")[0]["results"] == [{"text": "line\n0"}]


def test_a_bad_import_changes_nothing(engine: RunningEngine, database: dict[str, Any]) -> None:
    path = f"{DATABASE}/{database['uuid']}/import"
    sql = b"INSERT INTO notes (text) VALUES ('x'); SELCT;"
    etag = hashlib.md5(sql).hexdigest()
    begun = engine.result("POST", path, json={"action": "init", "etag": etag})
    httpx.put(begun["upload_url"], content=sql, timeout=60)
    done = engine.result("POST", path, json={"action": "ingest", "filename": begun["filename"], "etag": etag})
    assert (done["success"], done["status"]) == (False, "error")
    assert "SELCT" in done["error"]
    assert query(engine, database["uuid"], "SELECT * FROM notes")[0]["results"] == []


def test_workers_and_drafts(engine: RunningEngine, service: str, database: dict[str, Any]) -> None:
    engine.deploy(service, WORKER, bindings=[binding(database)])
    assert engine.get(service, "/live").json() == [["/live"]]
    events = engine.run(service, WORKER)
    calls = events_of(events, "call")
    assert [(each["kind"], each["operation"], each["kept_back"]) for each in calls] == [
        ("d1", "run", True),
        ("d1", "raw", False),
    ]
    writes = events_of(events, "writes")[0]
    assert writes["count"] == 1
    assert writes["items"][0]["subject"] == "INSERT INTO notes (text) VALUES (?)"
    assert query(engine, database["uuid"], "SELECT text FROM notes")[0]["results"] == [{"text": "/live"}]
    engine.run(service, WORKER, mode="live")
    assert len(query(engine, database["uuid"], "SELECT text FROM notes")[0]["results"]) == 2


def test_deploys_clones_and_rollbacks(engine: RunningEngine, service: str, database: dict[str, Any]) -> None:
    engine.refusal(
        "PATCH",
        worker_path(service) + "/settings",
        400,
        10181,
        json={"bindings": [{"name": "DB", "type": "d1", "id": "00000000-0000-4000-8000-000000000000"}]},
    )
    engine.deploy(service, WORKER, bindings=[binding(database)])
    shown = engine.result("GET", environment_path(service))
    [bound] = shown["bindings"]
    assert (bound["type"], bound["database_name"]) == ("d1", database["name"])
    assert bound["size"] > 0
    own = engine.result("POST", environment_path(service) + "/copy/own", status=201)["bindings"][0]
    assert own["database_name"] == f"{service}-own-DB"
    assert own["id"] != database["uuid"]
    assert query(engine, own["id"], "SELECT count(*) AS n FROM sqlite_schema")[0]["results"] == [{"n": 0}]
    shared = {"data": "share"}
    same = engine.result("POST", environment_path(service) + "/copy/same", status=201, json=shared)
    assert same["bindings"][0]["id"] == database["uuid"]
    plan = engine.result(
        "POST",
        f"/workers/services/{service}/promotions/plan",
        json={"from": "own", "to": "production", "move": ["binding:DB"]},
    )
    row = next(each for each in plan["rows"] if each["key"] == "binding:DB")
    assert (row["kind"], row["source"], row["target"], row["after"]) == (
        "D1",
        own["database_name"],
        database["name"],
        "moves",
    )
    old = shown["live"]["version_id"]
    engine.deploy(service, WORKER, bindings=[])
    engine.result("DELETE", f"{DATABASE}/{database['uuid']}")
    body = {"strategy": "percentage", "versions": [{"version_id": old, "percentage": 100}]}
    message = engine.refusal("POST", worker_path(service) + "/deployments", 400, 10181, json=body)
    assert "which is gone" in message
    assert json.dumps(engine.result("GET", environment_path(service, "same")))  # shown all the same
