"""Custom domains, the account's subdomain, hostnames of versions, and hostnames that moved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import httpx
import pytest
from enginekit import RunningEngine, environment_path, upload, worker_path

_numbers = itertools.count(1)

WHO = """export default { fetch(request) {
  return new Response(`NAME ${new URL(request.url).host} ${request.headers.get("x-from") ?? "-"}`) } }"""
#: Passes every request on to the origin, with a mark.
THROUGH = """export default { async fetch(request) {
  const sent = new Request(request);
  sent.headers.set("x-from", "route");
  const answer = await fetch(sent);
  return new Response("route > " + await answer.text(), answer) } }"""
#: Fetches the URL in its query.
FETCHER = """export default { async fetch(request) {
  const answer = await fetch(new URL(request.url).searchParams.get("u"));
  return new Response(`${answer.status} ${await answer.text()}`) } }"""


def who(name: str) -> str:
    return WHO.replace("NAME", name)


def get(engine: RunningEngine, host: str, path: str = "/") -> str:
    answer = engine.http.get(path, headers={"host": host})
    return answer.text if answer.status_code == 200 else str(answer.status_code)


@pytest.fixture
def host() -> str:
    return f"shop.domain-{next(_numbers)}.net"


@pytest.fixture
def worker(engine: RunningEngine, service: str) -> Iterator[str]:
    engine.deploy(service, who("shop"))
    yield service
    engine.api.delete(f"/workers/services/{service}?force=true")


def put_records(engine: RunningEngine, worker: str, *hosts: str, **more: object) -> object:
    body = {
        "override_scope": True,
        "override_existing_origin": True,
        "override_existing_dns_record": True,
        "origins": [{"hostname": each} for each in hosts],
        **more,
    }
    return engine.result("PUT", worker_path(worker) + "/domains/records", json=body)


def test_as_wrangler_puts_them(engine: RunningEngine, worker: str, host: str) -> None:
    path = worker_path(worker) + "/domains/changeset?replace_state=true"
    planned = engine.result("POST", path, json=[{"hostname": host}])
    assert [each["hostname"] for each in planned["added"]] == [host]
    assert planned["removed"] == planned["updated"] == planned["conflicting"] == []
    assert get(engine, host) == "404"
    put_records(engine, worker, host.upper())
    assert get(engine, host) == f"shop {host} -"
    assert get(engine, host + ":8787", "/deep/path").startswith("shop")
    again = engine.result("POST", path, json=[{"hostname": host}])
    assert [(each["hostname"], each["modified"]) for each in again["updated"]] == [(host, False)]
    assert again["added"] == again["removed"] == []
    assert [each["hostname"] for each in engine.result("POST", path, json=[])["removed"]] == [host]
    detail = engine.result("GET", environment_path(worker))
    assert f"http://{host}:{engine.port}" in detail["urls"]
    put_records(engine, worker)
    assert get(engine, host) == "404"


def test_a_hostname_moves_only_when_it_may(engine: RunningEngine, worker: str, host: str) -> None:
    other = f"{worker}-other"
    engine.deploy(other, who("other"))
    put_records(engine, worker, host)
    body = {"override_scope": True, "override_existing_origin": False, "origins": [{"hostname": host}]}
    message = engine.refusal("PUT", worker_path(other) + "/domains/records", 409, 100116, json=body)
    assert worker in message
    changes = engine.result("POST", worker_path(other) + "/domains/changeset", json=[{"hostname": host}])
    assert [(each["modified"], each["service"]) for each in changes["updated"]] == [(True, worker)]
    record = engine.result("GET", f"/workers/domains/records/{changes['updated'][0]['id']}")
    assert (record["hostname"], record["service"]) == (host, worker)
    put_records(engine, other, host)
    assert get(engine, host) == f"other {host} -"
    engine.result("DELETE", f"/workers/services/{other}")
    assert get(engine, host) == "404"


def test_the_accounts_list(engine: RunningEngine, worker: str, host: str) -> None:
    engine.deploy(worker, who("staging"), "staging", status=201)
    body = {"hostname": host, "service": worker, "environment": "staging", "zone_name": host[5:]}
    made = engine.result("PUT", "/workers/domains", json=body)
    assert get(engine, host) == f"staging {host} -"
    assert made["zone_name"] == host[5:]
    assert engine.result("GET", f"/workers/domains?hostname={host}") == [made]
    assert engine.result("GET", f"/workers/domains/records?page=0&per_page=5&service={worker}") == [made]
    assert engine.result("GET", f"/workers/domains?service={worker}&environment=production") == []
    assert engine.result("GET", f"/workers/domains/{made['id']}") == made
    engine.result("PATCH", environment_path(worker, "staging"), json={"environment": "beta"})
    assert get(engine, host) == f"staging {host} -"
    assert engine.result("DELETE", f"/workers/domains/{made['id']}") == {"id": made["id"]}
    engine.refusal("DELETE", f"/workers/domains/{made['id']}", 404, 100114)
    assert get(engine, host) == "404"


@pytest.mark.parametrize(
    "name", ["*.example.com", "localhost", "127.0.0.1", "a b.com", "x.dev.localhost", "example.com/path", ""]
)
def test_what_cannot_be_a_custom_domain(engine: RunningEngine, worker: str, name: str) -> None:
    body = {"hostname": name, "service": worker}
    engine.refusal("PUT", "/workers/domains", 400, 100112, json=body)


def test_the_zone_must_hold_the_hostname(engine: RunningEngine, worker: str, host: str) -> None:
    body = {"hostname": host, "service": worker, "zone_name": "example.org"}
    engine.refusal("PUT", "/workers/domains", 400, 10022, json=body)
    engine.refusal("PUT", "/workers/domains", 404, 10007, json={"hostname": host, "service": "nobody"})


def test_a_route_runs_before_the_custom_domain(engine: RunningEngine, worker: str, host: str) -> None:
    route = f"{worker}-route"
    engine.deploy(route, THROUGH)
    put_records(engine, worker, host)
    engine.result("PUT", worker_path(route) + "/routes", json=[f"{host}/through/*"])
    assert get(engine, host, "/through/x") == f"route > shop {host} route"
    assert get(engine, host, "/other") == f"shop {host} -"
    engine.deploy(worker, "export default { fetch() { throw new Error('inside') } }")
    failed = engine.http.get("/through/x", headers={"host": host})
    assert failed.status_code == 500
    assert "route > Error 1101" in failed.text
    engine.result("DELETE", f"/workers/services/{route}")


def test_workers_fetch_custom_domains_without_the_network(
    engine: RunningEngine, worker: str, host: str
) -> None:
    fetcher = f"{worker}-fetcher"
    engine.deploy(fetcher, FETCHER)
    put_records(engine, worker, host)
    asked = engine.get(fetcher, f"/?u=https://{host}/x")
    assert asked.text == f"200 shop {host} -"
    engine.result("PUT", worker_path(worker) + "/routes", json=[f"api.{host}/*"])
    assert engine.get(fetcher, f"/?u=http://api.{host}/x").text == f"200 shop api.{host} -"
    loop = f"{worker}-loop"
    engine.deploy(loop, f"export default {{ fetch: () => fetch('http://loop.{host}/') }}")
    put_records(engine, loop, f"loop.{host}")
    assert get(engine, f"loop.{host}") == "500"
    for name in (fetcher, loop):
        engine.result("DELETE", f"/workers/services/{name}")


def test_behind_a_route_is_its_origin_or_nothing(engine: RunningEngine, worker: str) -> None:
    route = f"{worker}-route"
    engine.deploy(route, THROUGH)
    own = f"{worker}.dev.localhost"
    engine.result("PUT", worker_path(route) + "/routes", json=[f"{own}/through*", f"no.{own}/*"])
    assert get(engine, f"{own}:{engine.port}", "/through") == f"route > shop {own}:{engine.port} route"
    assert get(engine, own, "/") == f"shop {own} -"
    nothing = engine.http.get("/", headers={"host": f"no.{own}:{engine.port}"})
    assert nothing.status_code == 523
    assert "route > No origin" in nothing.text
    engine.result("DELETE", f"/workers/services/{route}")


def test_subdomain_of_the_account(own_engine: RunningEngine) -> None:
    engine = own_engine
    assert engine.result("GET", "/workers/subdomain") == {"subdomain": "dev"}
    assert engine.result("PUT", "/workers/subdomain", json={"subdomain": "lab"}) == {"subdomain": "lab"}
    assert get(engine, "hello.lab.localhost") == "Hello, world!\n"
    assert get(engine, "hello.dev.localhost") == "404"
    assert engine.result("GET", environment_path("hello"))["hostname"] == "hello.lab.localhost"
    engine.refusal("PUT", "/workers/subdomain", 400, 10033, json={"subdomain": "Not.Good"})
    engine.refusal("GET", "/workers/subdomains/lab", 409, 10031)
    engine.refusal("GET", "/workers/subdomains/dev", 404, 10032)
    put_records(engine, "hello", "shop.other.localhost")
    engine.refusal("PUT", "/workers/subdomain", 409, 10031, json={"subdomain": "other"})
    engine.result("PUT", "/workers/subdomain", json={"subdomain": "dev"})
    assert get(engine, "hello.dev.localhost") == "Hello, world!\n"


def test_the_generated_hostname_is_switched(engine: RunningEngine, worker: str) -> None:
    path = worker_path(worker) + "/subdomain"
    assert engine.result("GET", path) == {"enabled": True, "previews_enabled": True}
    assert engine.result("POST", path, json={"enabled": False}) == {
        "enabled": False,
        "previews_enabled": False,
    }
    assert engine.get(worker).status_code == 404
    assert engine.result("GET", environment_path(worker))["urls"] == []
    engine.result("POST", path, json={"enabled": True, "previews_enabled": False})
    assert engine.get(worker).status_code == 200
    assert "preview_url_suffix" not in engine.result("GET", f"/workers/workers/{worker}")["subdomain"]
    assert engine.result("DELETE", path) == {"enabled": False, "previews_enabled": False}


def test_versions_have_hostnames(engine: RunningEngine, worker: str) -> None:
    def add(name: str, environment: str = "production", **more: object) -> str:
        path = worker_path(worker, environment) + "/versions"
        made = engine.result("POST", path, **upload({"worker.js": who(name)}, **more))
        assert made["metadata"]["has_preview"] is True
        return str(made["id"])

    first = add("first", annotations={"workers/alias": "my-alias"})
    label = f"{first[:8]}-{worker}.dev.localhost"
    assert get(engine, label) == f"first {label} -"
    assert get(engine, f"my-alias-{worker}.dev.localhost").startswith("first ")
    assert get(engine, f"{worker}.dev.localhost").startswith("shop ")
    add("second", annotations={"workers/alias": "my-alias"})
    assert get(engine, f"my-alias-{worker}.dev.localhost").startswith("second ")
    assert get(engine, label).startswith("first ")
    assert get(engine, f"00000000-{worker}.dev.localhost") == "404"
    engine.deploy(worker, who("staging"), "staging", status=201)
    staged = add("draft", "staging")
    assert get(engine, f"{staged[:8]}-staging.{worker}.dev.localhost").startswith("draft ")
    assert get(engine, f"{staged[:8]}-{worker}.dev.localhost") == "404"
    shown = engine.result("GET", f"/workers/workers/{worker}")["subdomain"]
    assert shown["preview_url_suffix"] == f"-{worker}.dev.localhost:{engine.tls_port}"
    assert httpx.URL(shown["url"]).host == f"{worker}.dev.localhost"
    engine.result(
        "POST", worker_path(worker) + "/subdomain", json={"enabled": True, "previews_enabled": False}
    )
    assert get(engine, label) == "404"


def test_a_renamed_environment_says_where_it_is(engine: RunningEngine, worker: str) -> None:
    engine.deploy(worker, who("staging"), "staging", status=201)
    engine.result("PATCH", environment_path(worker, "staging"), json={"environment": "canary"})
    assert get(engine, f"canary.{worker}.dev.localhost").startswith("staging ")
    old = f"staging.{worker}.dev.localhost"
    answer = engine.http.get("/a?b=1", headers={"host": f"{old}:{engine.port}"})
    assert answer.status_code == 404
    assert f"http://canary.{worker}.dev.localhost:{engine.port}/a?b=1" in answer.text
    engine.result("PATCH", environment_path(worker, "canary"), json={"environment": "beta"})
    assert f"beta.{worker}.dev.localhost" in engine.http.get("/", headers={"host": old}).text
    engine.deploy(worker, who("new"), "staging", status=201)
    assert get(engine, old) == f"new {old} -"
    engine.result("DELETE", environment_path(worker, "staging"))
    gone = engine.http.get("/", headers={"host": old})
    assert "beta" not in gone.text
    assert gone.status_code == 404
