"""The table of hostnames."""

from __future__ import annotations

from typing import Any

import pytest

from engine.gateway.hostnames import Hostnames, Switches, is_loopback, name_of
from engine.gateway.router import OFF, REMEMBERED, Router
from engine.model import Change


def test_table() -> None:
    table = Hostnames()
    table.set_service("a", ["production", "staging"])
    table.set_service("b", ["production"])
    assert table.named(name_of(b"A.dev.localhost:80")).environment == "production"
    assert table.named(name_of(b"staging.a.dev.localhost.")).environment == "staging"
    table.set_service("a", ["canary"])
    assert table.named(name_of(b"a.dev.localhost:80")) is None
    assert table.named(name_of(b"A.dev.localhost:80")) is None
    assert table.named(name_of(b"canary.a.dev.localhost")).service == "a"
    table.set_service("a", [])
    assert len(table) == 1


def test_a_former_target_is_not_remembered() -> None:
    router = Router(Hostnames())
    router.hostnames.place("a", "staging")
    found = router.find(b"STAGING.a.dev.localhost.:80", "http", "/")
    assert found is router.remembered(b"STAGING.a.dev.localhost.:80")
    assert found is not None
    actor = Change(1, "", "environment.renamed", "a", "beta", "ana", "api", old_environment="staging")
    router.on_change(actor)
    assert router.remembered(b"STAGING.a.dev.localhost.:80") is None
    assert router.find(b"staging.a.dev.localhost", "http", "/") is None
    assert router.find(b"beta.a.dev.localhost", "http", "/") is not None


def test_a_route_follows_its_environment_and_never_takes_the_machine_itself() -> None:
    router = Router(Hostnames())
    router.hostnames.place("a", "production")

    def change(kind: str, service: str | None = None, environment: str | None = None, **more: Any) -> None:
        router.on_change(Change(1, "", kind, service, environment, "ana", "api", **more))

    change("route.changed", detail={"set": [["*localhost/*", "a", "production"], ["x.com/off", None, None]]})
    assert router.find(b"localhost:1", "http", "/client/v4/user") is None
    assert router.find(b"127.0.0.1", "http", "/") is None
    assert router.find(b"any.localhost", "http", "/") is not None
    assert router.find(b"x.com", "https", "/off") is OFF
    change("domain.changed", detail={"set": [["x.com", "a", "production", True]]})
    change("service.renamed", "b", detail={"old_service": "a"})
    for host, path in ((b"x.com", "/off"), (b"x.com", "/"), (b"any.localhost", "/")):
        found = router.find(host, "http", path)
        assert found is not None
        assert (found.service, found.environment) == ("b", "production")
    assert router.fetched(("b", "production"), "any.localhost", "http", "/") is OFF
    assert router.fetched(("c", "production"), "any.localhost", "http", "/") is not OFF
    assert router.fetched(("c", "production"), "elsewhere.org", "http", "/") is None
    strictly = router.fetched(("b", "production"), "any.localhost", "http", "/", public=True)
    assert strictly not in (None, OFF)
    change("service.deleted", "b")
    assert router.find(b"x.com", "http", "/") is None
    assert len(router) == 1


def test_memory_of_spellings_is_bounded() -> None:
    table = Hostnames()
    table.place("a", "production")
    router = Router(table)
    for port in range(REMEMBERED * 2):
        assert router.find(b"a.dev.localhost:%d" % port, "http", "/") is not None
    assert len(router._plain) <= REMEMBERED


def test_a_version_has_a_hostname_of_its_own() -> None:
    table = Hostnames()
    table.place("notes", "production")
    table.place("notes", "staging", Switches(False, True))
    table.place("my-notes", "production", Switches(True, False))
    found = table.named("0a1b2c3d-notes.dev.localhost")
    assert found is not None
    assert (found.service, found.environment, found.preview) == ("notes", "production", "0a1b2c3d")
    staged = table.named("my-alias-staging.notes.dev.localhost")
    assert staged is not None
    assert (staged.environment, staged.preview) == ("staging", "my-alias")
    assert table.named("staging.notes.dev.localhost") is None
    ambiguous = table.named("0a1b2c3d-my-notes.dev.localhost")
    assert ambiguous is not None
    assert (ambiguous.service, ambiguous.preview) == ("notes", "0a1b2c3d-my")  # my-notes shows no versions
    mine = table.named("my-notes.dev.localhost")
    assert mine is not None
    assert (mine.service, mine.preview) == ("my-notes", None)


def test_an_old_hostname_leads_on_until_it_is_taken() -> None:
    table = Hostnames()
    table.set_service("a", ["production", "staging"])
    table.move("a", "staging", ("a", "canary"))
    assert table.named("staging.a.dev.localhost") is None
    assert table.moved("staging.a.dev.localhost") == "canary.a.dev.localhost"
    table.move("a", "canary", ("a", "beta"))
    assert table.moved("staging.a.dev.localhost") == "beta.a.dev.localhost"
    assert table.moved("canary.a.dev.localhost") == "beta.a.dev.localhost"
    table.place("a", "canary")
    assert table.moved("canary.a.dev.localhost") is None
    table.remove("a", "beta")
    assert table.moved("staging.a.dev.localhost") is None
    table.set_subdomain("lab")
    assert table.named("canary.a.lab.localhost") is not None
    assert table.named("canary.a.dev.localhost") is None


@pytest.mark.parametrize(
    ("host", "name"),
    [(b"X.Dev:1", "x.dev"), (b"[::1]:8787", "[::1]"), (b"", ""), (b"a.", "a"), (b"\xff", "ÿ")],
)
def test_names(host: bytes, name: str) -> None:
    assert name_of(host) == name


@pytest.mark.parametrize("host", [b"127.0.0.1.", b"LOCALHOST:1", b"[::1]"])
def test_loopback(host: bytes) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [b"127.0.0.1.nip.io", b"localhost.com", b"[::2]", b"0.0.0.0", b""])
def test_not_loopback(host: bytes) -> None:
    assert not is_loopback(host)
