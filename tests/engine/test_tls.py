"""https: the engine's second socket, a certificate for each host, and the same answers as over http."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import time
from pathlib import Path

import pytest
from enginekit import RunningEngine

ECHO = """export default { async fetch(request) {
  const text = await request.text();
  return Response.json([request.url, request.headers.get("x-forwarded-proto"), text.length]);
} }"""


def connect(engine: RunningEngine, host: str | None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(engine.state / "ca.pem"))
    plain = socket.create_connection(("127.0.0.1", engine.tls_port), 10)
    return context.wrap_socket(plain, server_hostname=host or "127.0.0.1")


def ask(
    engine: RunningEngine, host: str, path: str = "/", body: bytes = b"", *fields: str
) -> tuple[bytes, bytes]:
    """Head and body of an answer over TLS."""
    with connect(engine, host) as connection:
        head = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", "Connection: close"]
        connection.sendall("\r\n".join([*head, *fields, "", ""]).encode() + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    first, _, rest = received.partition(b"\r\n\r\n")
    return first, rest


def wait_for_authority(engine: RunningEngine) -> None:
    deadline = time.monotonic() + 60
    while not (engine.state / "ca.pem").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def echo(engine: RunningEngine, service: str) -> str:
    wait_for_authority(engine)
    engine.deploy(service, ECHO)
    return service


def test_a_worker_sees_https(engine: RunningEngine, echo: str) -> None:
    host = engine.host(echo)
    head, body = ask(engine, host, "/a?b=1", b"x" * 200_000, "X-Forwarded-Proto: gopher")
    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body) == [f"https://{host}/a?b=1", "https", 200_000]
    plain = engine.get(echo, "/a", headers={"x-forwarded-proto": "https"}).json()
    assert plain == [f"http://{host}/a", "http", 0]


def test_each_host_has_its_certificate(engine: RunningEngine, echo: str) -> None:
    for host in (engine.host(echo), "shop.example.com", "staging.x.dev.localhost"):
        with connect(engine, host) as connection:
            assert connection.getpeercert()["subjectAltName"] == (("DNS", host),)
            assert connection.version() in {"TLSv1.2", "TLSv1.3"}


def test_the_machine_itself(engine: RunningEngine) -> None:
    wait_for_authority(engine)
    with connect(engine, None) as connection:
        names = {name for _, name in connection.getpeercert()["subjectAltName"]}
    assert names >= {"localhost", "127.0.0.1"}
    head, body = ask(engine, "127.0.0.1", "/client/v4/user")
    assert b"403" in head.splitlines()[0]
    assert json.loads(body)["errors"][0]["code"] == 10000


def test_plain_http_at_the_tls_port_is_not_answered(engine: RunningEngine) -> None:
    with socket.create_connection(("127.0.0.1", engine.tls_port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        try:
            while chunk := connection.recv(1000):
                received += chunk
        except ConnectionResetError:
            pass
    assert b"HTTP/1.1 200" not in received
    assert engine.http.get("/").status_code == 404


def test_urls_name_https(engine: RunningEngine, service: str) -> None:
    detail = engine.result("GET", f"/workers/services/{service}/environments/production")
    assert detail["urls"] == engine.urls(engine.host(service))


def test_the_port_that_is_in_use_is_replaced_and_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        engine = RunningEngine(tmp_path / "state", "--tls-port", str(port), "--no-samples")
        try:
            found = engine.tls_port
            assert found not in {0, port, engine.port}
            assert engine.first_line == f"svc-tui engine at {engine.address} and https://127.0.0.1:{found}"
            engine.deploy("kept", ECHO)
            wait_for_authority(engine)
            before = (engine.state / "ca.pem").read_bytes()
            killed = engine.child("live")
            os.kill(killed, signal.SIGKILL)
            engine.child("live", other_than=killed)
            head, _ = ask(engine, engine.host("kept"))  # the socket stayed open: it only waits
            assert head.startswith(b"HTTP/1.1 200")
            assert (engine.state / "ca.pem").read_bytes() == before
        finally:
            assert engine.stop() == 0
    with pytest.raises(OSError):  # noqa: PT011  (refused, on any platform)
        socket.create_connection(("127.0.0.1", found), 5)


def test_without_its_key_there_is_http_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "ca-key.pem").write_text("no key")
    (state / "ca.pem").write_text("no certificate")
    engine = RunningEngine(state)
    try:
        assert engine.get("hello").status_code == 200
        deadline = time.monotonic() + 60
        while "https is off" not in (log := (state / "engine.log").read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert "move both away" in log
    finally:
        engine.stop()
