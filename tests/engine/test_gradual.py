"""Two versions at once: shares, the sticky key, and asking for one version."""

from __future__ import annotations

from collections import Counter

import pytest
from enginekit import RunningEngine, upload, worker_path

from engine.gateway.overrides import parse, wanted

KEY, OVERRIDES = "Cloudflare-Workers-Version-Key", "Cloudflare-Workers-Version-Overrides"


def code(name: str) -> str:
    return f'export default {{ fetch: () => new Response("{name}") }}'


@pytest.fixture
def pair(engine: RunningEngine, service: str) -> tuple[str, str]:
    """Two versions, the old one deployed."""
    old = engine.deploy(service, code("old"))["deployment_id"]
    new = engine.result("POST", worker_path(service) + "/versions", **upload({"worker.js": code("new")}))[
        "id"
    ]
    return old, new


def deploy(engine: RunningEngine, service: str, **shares: float) -> None:
    versions = [{"version_id": key.replace("_", "-"), "percentage": share} for key, share in shares.items()]
    body = {"strategy": "percentage", "versions": versions}
    engine.result("POST", worker_path(service) + "/deployments", json=body)


def ask(engine: RunningEngine, service: str, **headers: str) -> str:
    return engine.get(service, headers=headers).text


def test_shares_and_the_sticky_key(engine: RunningEngine, service: str, pair: tuple[str, str]) -> None:
    old, new = pair
    deploy(engine, service, **{old: 50, new: 50})
    counted = Counter(ask(engine, service) for _ in range(60))
    assert set(counted) == {"old", "new"}
    by_key = {f"k{n}": ask(engine, service, **{KEY: f"k{n}"}) for n in range(20)}
    assert set(by_key.values()) == {"old", "new"}
    assert all(ask(engine, service, **{KEY: key}) == found for key, found in by_key.items())
    deploy(engine, service, **{old: 0, new: 100})
    assert {ask(engine, service, **{KEY: key}) for key in by_key} == {"new"}


def test_a_request_asks_for_a_version(engine: RunningEngine, service: str, pair: tuple[str, str]) -> None:
    old, new = pair
    assert ask(engine, service, **{OVERRIDES: f'{service}="{new}"'}) == "old"  # it is not deployed
    deploy(engine, service, **{old: 100, new: 0})
    assert {ask(engine, service) for _ in range(20)} == {"old"}
    assert ask(engine, service, **{OVERRIDES: f'other="x", {service}="{new}"'}) == "new"
    assert ask(engine, service, **{OVERRIDES: f'{service}="{new}"', KEY: "k"}) == "new"
    assert ask(engine, service, **{OVERRIDES: f'other="{new}"'}) == "old"
    assert ask(engine, service, **{OVERRIDES: f'{service}="{new}'}) == "old"


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ('a="1"', {"a": "1"}),
        (' a = "1" ,b-c="2";x=1 , *d=tok-en', {"a": "1", "b-c": "2", "*d": "tok-en"}),
        (r'a="q\"\\"', {"a": 'q"\\'}),
        ('staging.notes="1", a="1", a="2"', {"staging.notes": "1", "a": "2"}),
        ("", {}),
        ('a="1" b="2"', {}),
        ('A="1"', {}),
        ('a="é"', {}),
        ("a", {}),
    ],
)
def test_the_dictionary(text: str, members: dict[str, str]) -> None:
    assert parse(text) == members


def test_environments_are_named_like_their_hostnames() -> None:
    headers = [(OVERRIDES.lower(), 'notes="one"'), (OVERRIDES.lower(), 'staging.notes="two"')]
    assert wanted(headers, "notes", "production") == "one"
    assert wanted(headers, "notes", "staging") == "two"
    assert wanted(headers, "notes", "canary") == "one"
    assert wanted([("accept", "*/*")], "notes", "production") is None
