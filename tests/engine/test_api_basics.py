"""The envelope, authentication and errors that every resource shares."""

from __future__ import annotations

import httpx
import pytest
from enginekit import RunningEngine

WHOAMI = ["/user", "/user/tokens/verify", "/accounts?page=1", "/memberships?page=1"]


@pytest.mark.parametrize("path", WHOAMI)
def test_whoami(engine: RunningEngine, path: str) -> None:
    answer = engine.api.get(f"{engine.address}/client/v4{path}")
    body = answer.json()
    assert answer.status_code == 200
    assert body["success"] is True
    assert body["messages"] == []


def test_accounts_end_after_their_last_page(engine: RunningEngine) -> None:
    first = engine.api.get(f"{engine.address}/client/v4/accounts?page=1").json()
    assert [each["id"] for each in first["result"]] == [engine.account]
    assert first["result_info"]["total_count"] == 1
    assert engine.api.get(f"{engine.address}/client/v4/accounts?page=2").json()["result"] == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic eA=="}])
def test_wrong_token(engine: RunningEngine, headers: dict[str, str]) -> None:
    answer = engine.http.get("/client/v4/user", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == 10000


def test_key_auth(engine: RunningEngine) -> None:
    headers = {"x-auth-key": engine.token, "x-auth-email": "me@example.com"}
    assert engine.http.get("/client/v4/user", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8787", ""]
)
def test_rebound_host_is_refused(engine: RunningEngine, host: str) -> None:
    headers = {"authorization": f"Bearer {engine.token}", "host": host}
    answer = engine.http.get("/client/v4/user", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["success"] is False


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:8787"])
def test_loopback_hosts(engine: RunningEngine, host: str) -> None:
    headers = {"authorization": f"Bearer {engine.token}", "host": host}
    assert engine.http.get("/client/v4/user", headers=headers).status_code == 200


def test_unknown_path(engine: RunningEngine) -> None:
    assert "Vectorize" in engine.refusal("GET", "/vectorize/v2/indexes", 404, 7003)
    assert "Workers for Platforms" in engine.refusal("GET", "/workers/dispatch/namespaces", 404, 7003)
    insights = engine.api.post(f"{engine.address}/client/v4/graphql", json={"query": "{}"})
    assert "GraphQL" in insights.json()["errors"][0]["message"]
    message = engine.refusal("GET", "/r2/buckets-not-here", 404, 7003)
    assert "Could not route to" in message


def test_unknown_account(engine: RunningEngine) -> None:
    answer = engine.api.get(f"{engine.address}/client/v4/accounts/{'0' * 32}/workers/services")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == 7003


def test_wrong_method(engine: RunningEngine) -> None:
    answer = engine.api.delete("/workers/services")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.json()["errors"][0]["code"] == 10405


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"null"])
def test_malformed_json(engine: RunningEngine, body: bytes) -> None:
    message = engine.refusal("POST", "/workers/services", 400, 10001, content=body)
    assert "JSON" in message


def test_json_whatever_the_content_type(engine: RunningEngine, service: str) -> None:
    answer = engine.result(
        "POST",
        f"/workers/services/{service}/environments",
        status=201,
        content=b'{"environment": "text"}',
        headers={"content-type": "text/plain;charset=UTF-8"},
    )
    assert answer["environment"] == "text"


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=0", "per_page=99999999999999999999"])
def test_bad_pages(engine: RunningEngine, query: str) -> None:
    engine.refusal("GET", f"/workers/services?{query}", 400, 10001)


def test_engine(engine: RunningEngine) -> None:
    found = engine.result("GET", "/engine")
    assert found["address"] == engine.address
    assert found["subdomain"] == "dev"
    assert found["drafts"] in {"running", "restarting"}
    assert found["environments"] >= 6
    assert found["state"] == str(engine.state)


def test_subdomain(engine: RunningEngine) -> None:
    assert engine.result("GET", "/workers/subdomain") == {"subdomain": "dev"}
    engine.refusal("GET", "/workers/subdomains/dev", 409, 10031)
    engine.refusal("GET", "/workers/subdomains/free", 404, 10032)


def test_head(engine: RunningEngine) -> None:
    answer = engine.api.head("/workers/services")
    assert answer.status_code == 200
    assert answer.content == b""


def test_dropped_upload_leaves_the_engine_well(engine: RunningEngine) -> None:
    def broken() -> object:
        yield b'{"id": "never'
        raise ConnectionError

    with pytest.raises(ConnectionError):
        engine.api.post("/workers/services", content=broken())
    with httpx.Client(base_url=engine.address, trust_env=False, timeout=60) as fresh:
        headers = {"authorization": f"Bearer {engine.token}"}
        assert fresh.get("/client/v4/user", headers=headers).status_code == 200
