"""The local certificate authority, through a real TLS handshake."""

from __future__ import annotations

import asyncio
import ssl
import stat
from pathlib import Path

import pytest

from engine.gateway.authority import Authority, AuthorityError, certificate_path, key_path


async def _names(server_context: ssl.SSLContext, trusted: Path, host: str) -> list[str]:
    """The names in the certificate that a client which asks for `host` is shown (and accepts)."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=server_context)
    port = server.sockets[0].getsockname()[1]
    client = ssl.create_default_context(cafile=str(trusted))
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=host)
        shown = writer.get_extra_info("peercert")["subjectAltName"]
        writer.close()
        return [name for _, name in shown]
    finally:
        server.close()


async def test_each_host_gets_a_certificate_that_a_client_trusting_the_authority_accepts(
    tmp_path: Path,
) -> None:
    context = Authority.open(tmp_path).server_context()
    for host in ("hello.dev.localhost", "staging.notes.dev.localhost"):
        assert await _names(context, certificate_path(tmp_path), host) == [host]


async def test_the_authority_survives_a_restart(tmp_path: Path) -> None:
    before = Authority.open(tmp_path).certificate
    again = Authority.open(tmp_path)
    assert again.certificate == before
    assert await _names(again.server_context(), certificate_path(tmp_path), "a.dev.localhost") == [
        "a.dev.localhost"
    ]


async def test_a_client_that_does_not_trust_the_authority_refuses(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    Authority.open(other)
    with pytest.raises(ssl.SSLCertVerificationError):
        await _names(Authority.open(mine).server_context(), certificate_path(other), "a.dev.localhost")


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    Authority.open(tmp_path)
    assert stat.S_IMODE(key_path(tmp_path).stat().st_mode) == 0o600


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    Authority.open(tmp_path)
    key_path(tmp_path).write_text("not a key")
    with pytest.raises(AuthorityError, match=r"ca-key\.pem .* move both away"):
        Authority.open(tmp_path)


def test_a_key_that_is_not_the_certificates_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Authority.open(tmp_path)
    Authority.open(other)
    key_path(other).replace(key_path(tmp_path))
    with pytest.raises(AuthorityError, match=r"is not the key of ca\.pem"):
        Authority.open(tmp_path)
