"""Service bindings: in process, 32 invocations, redirects, and errors that say which binding."""

from __future__ import annotations

import pytest
from bindingkit import FakeEnvironments, Listener, chunks, get, use

from engine import errors
from engine.bindings import BindingError
from engine.bindings.overlay import Overlay
from engine.bindings.service import Service
from engine.runtime.errors import ScriptException
from engine.runtime.http import Request, Response
from engine.runtime.invocation import Invocation


@pytest.fixture
def environments() -> FakeEnvironments:
    return FakeEnvironments()


async def test_a_request_reaches_the_environment_that_the_binding_names(environments: FakeEnvironments):
    async def target(request: Request, invocation: Invocation) -> Response:
        return Response(201, "Made", [("x", "1"), ("x", "2")], request.body)

    environments.targets["api/staging"] = target
    service = Service("API", environments, "api", "staging", "Admin")
    sent = {**get("http://any/a?b", method="POST"), "headers": [["a", "1"], ["a", "2"]]}
    result = await use(service, "fetch", sent, body=b"hi")
    assert result.value == {
        "status": 201,
        "statusText": "Made",
        "headers": [("x", "1"), ("x", "2")],
        "url": "http://any/a?b",
        "redirected": False,
    }
    assert (result.body, result.size) == (b"hi", 2)
    assert environments.seen == [("api", "staging", "http://any/a?b", "Admin")]
    assert Service("API", environments, "api").environment == "production"


async def test_what_the_target_throws_is_thrown_in_the_caller(environments: FakeEnvironments):
    async def target(request: Request, invocation: Invocation) -> Response:
        raise ScriptException("boom", "TypeError")

    environments.targets["api/production"] = target
    with pytest.raises(BindingError) as caught:
        await use(Service("API", environments, "api"), "fetch", get("http://x/"))
    assert (caught.value.name, caught.value.message) == ("TypeError", "boom")


async def test_a_missing_target_is_named(environments: FakeEnvironments):
    async def target(request: Request, invocation: Invocation) -> Response:
        raise errors.service_not_found("api")

    environments.targets["api/staging"] = target
    with pytest.raises(BindingError, match=r'^Service binding "API" points to api \(staging\), which cannot'):
        await use(Service("API", environments, "api", "staging"), "fetch", get("http://x/"))


async def test_a_request_causes_at_most_32_invocations(environments: FakeEnvironments):
    depth = 0
    service = Service("SELF", environments, "loop")

    async def target(request: Request, invocation: Invocation) -> Response:
        nonlocal depth
        depth += 1
        await use(service, "fetch", get("http://x/"), invocation=invocation)
        return Response(200, "", [])

    environments.targets["loop/production"] = target
    with pytest.raises(BindingError, match="32 Worker invocations"):
        await use(service, "fetch", get("http://x/"))
    assert depth == 31


async def test_a_sandboxed_call_stays_in_the_sandbox(environments: FakeEnvironments):
    seen = []

    async def target(request: Request, invocation: Invocation) -> Response:
        seen.append((invocation.mode, invocation.overlay, invocation.service, invocation.environment))
        return Response(200, "", [])

    environments.targets["api/production"] = target
    overlay = Overlay()
    listener = Listener()
    await use(
        Service("API", environments, "api"),
        "fetch",
        get("http://x/whoami?token=1"),
        invocation=listener.invocation(overlay),
    )
    assert seen == [("sandbox", overlay, "api", "production")]
    [call] = listener.ended
    assert (call.subject, call.result, call.kept_back) == ("GET /whoami?…", "200", False)
    assert overlay.count == 0


class Redirecting:
    """Redirects `/start` to `/end`, and `/loop` to itself."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests: list[Request] = []

    async def __call__(self, request: Request, invocation: Invocation) -> Response:
        self.requests.append(request)
        if request.url.endswith("/end"):
            return Response(200, "", [], b"done")
        target = "/loop" if request.url.endswith("/loop") else "end#part"
        return Response(self.status, "", [("Location", target)], b"")


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (302, "GET", "GET"),
        (302, "POST", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (301, "PUT", "PUT"),
    ],
)
async def test_redirects_are_followed_through_the_binding(
    environments: FakeEnvironments, status: int, method: str, then: str
):
    target = environments.targets["api/production"] = Redirecting(status)
    service = Service("API", environments, "api")
    body = None if method == "GET" else b"hi"
    result = await use(service, "fetch", get("http://x/start", "follow", method), body=body)
    assert (result.value["url"], result.value["redirected"]) == ("http://x/end", True)
    assert target.requests[1].method == then
    assert target.requests[1].body == (body if then == method else None)


async def test_redirects_that_are_not_followed(environments: FakeEnvironments):
    environments.targets["api/production"] = Redirecting(307)
    service = Service("API", environments, "api")
    assert (await use(service, "fetch", get("http://x/start"))).value["status"] == 307
    with pytest.raises(BindingError, match="Unexpected redirect"):
        await use(service, "fetch", get("http://x/start", "error"))
    with pytest.raises(BindingError, match="Too many redirects"):
        await use(service, "fetch", get("http://x/loop", "follow"))
    with pytest.raises(BindingError, match="one-time-use body"):
        await use(service, "fetch", get("http://x/start", "follow", "POST"), body=chunks(b"hi"))
