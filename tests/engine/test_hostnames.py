"""The table of hostnames."""

from __future__ import annotations

import pytest

from engine.gateway.hostnames import REMEMBERED, Hostnames, is_loopback, name_of


def test_table() -> None:
    table = Hostnames()
    table.set_service("a", ["production", "staging"])
    table.set_service("b", ["production"])
    assert table.find(b"A.dev.localhost:80").environment == "production"
    assert table.find(b"staging.a.dev.localhost.").environment == "staging"
    table.set_service("a", ["canary"])
    assert table.find(b"a.dev.localhost:80") is None
    assert table.find(b"A.dev.localhost:80") is None
    assert table.find(b"canary.a.dev.localhost").service == "a"
    table.set_service("a", [])
    assert len(table) == 1


def test_memory_of_spellings_is_bounded() -> None:
    table = Hostnames()
    table.set_service("a", ["production"])
    for port in range(REMEMBERED * 2):
        assert table.find(b"a.dev.localhost:%d" % port) is not None
    assert len(table._remembered) <= REMEMBERED


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
