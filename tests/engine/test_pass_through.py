"""ctx.passThroughOnException: what is behind the route answers in place of a script that threw."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from enginekit import RunningEngine, worker_path

ORIGIN = """export default { async fetch(request) {
  return new Response(`origin ${request.method} ${new URL(request.url).pathname} ${await request.text()}`);
} }"""
FAILING = """export default { async fetch(request, env, ctx) {
  const { pathname } = new URL(request.url);
  if (pathname !== "/closed") ctx.passThroughOnException();
  if (pathname === "/late") await scheduler.wait(1);
  if (pathname === "/read") await request.text();
  if (pathname === "/well") return new Response("well");
  throw new Error("on purpose");
} }"""


@pytest.fixture
def host(engine: RunningEngine, service: str) -> Iterator[str]:
    """The hostname of an origin, with a route of a worker that throws in front of it."""
    engine.deploy(service, ORIGIN)
    front = f"{service}-front"
    engine.deploy(front, FAILING)
    own = f"{service}.dev.localhost"
    engine.result("PUT", worker_path(front) + "/routes", json=[f"{own}/*", f"nothing.{own}/*"])
    yield own
    for name in (front, service):
        engine.api.delete(f"/workers/services/{name}?force=true")


def test_the_origin_answers(engine: RunningEngine, host: str) -> None:
    def ask(path: str, method: str = "GET", name: str = host, body: bytes | None = None) -> tuple[int, str]:
        answer = engine.http.request(method, path, headers={"host": name}, content=body)
        return answer.status_code, answer.text

    assert ask("/at-once") == (200, "origin GET /at-once ")
    assert ask("/late") == (200, "origin GET /late ")
    assert ask("/post", "POST", body=b"sent") == (200, "origin POST /post sent")
    large = "x" * 3_000_000  # more than the script was given before it threw
    assert ask("/late", "POST", body=large.encode()) == (200, f"origin POST /late {large}")
    assert ask("/read", "POST", body=b"read by both") == (200, "origin POST /read read by both")
    assert ask("/read", "POST", body=large.encode())[0] == 500  # more than is remembered
    assert ask("/well") == (200, "well")
    assert ask("/closed")[0] == 500
    assert ask("/x", name=f"nothing.{host}")[0] == 500  # a route with nothing behind it


def test_without_a_route_there_is_no_origin(engine: RunningEngine, host: str) -> None:
    front = f"{host.partition('.')[0]}-front"
    assert engine.get(front, "/at-once").status_code == 500


def test_fetch_takes_cache_settings(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, ORIGIN)
    settings = "{ cacheTtl: 60, cacheEverything: true, cacheTtlByStatus: { '200-299': 1 }, cacheKey: 'k' }"
    target = f"http://{engine.host(service)}:{engine.port}/cached"
    engine.deploy(
        f"{service}-caller", f"export default {{ fetch: () => fetch({target!r}, {{ cf: {settings} }}) }}"
    )
    assert engine.get(f"{service}-caller").text == "origin GET /cached "
