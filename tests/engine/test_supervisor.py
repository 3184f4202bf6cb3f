"""The processes: starting, being killed, being asked to stop, and starts that must be refused."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from enginekit import HELLO, RunningEngine, events_of


def serve(*options: str, limit: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engine", "serve", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=limit)


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_files_of_the_state_folder(engine: RunningEngine) -> None:
    assert engine.first_line.startswith(f"svc-tui engine at {engine.address} and https://127.0.0.1:")
    assert engine.state.stat().st_mode & 0o777 == 0o700
    for path in engine.state.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name
    found = json.loads((engine.state / "engine.json").read_text())
    assert found == {
        "address": engine.address,
        "account_id": engine.account,
        "pid": engine.process.pid,
        "port": engine.port,
        "tls_port": int(engine.first_line.rpartition(":")[2]),
    }


def test_second_engine_is_refused(engine: RunningEngine) -> None:
    found = serve("--state", str(engine.state), "--port", "0")
    assert found.returncode == 75
    assert engine.address in one_line(found.stderr)


def test_port_in_use(engine: RunningEngine, tmp_path: Path) -> None:
    found = serve("--state", str(tmp_path / "s"), "--port", str(engine.port))
    assert found.returncode == 69
    assert f"port {engine.port}" in one_line(found.stderr)
    assert "--port" in found.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    found = serve("--state", str(tmp_path / "s"), "--port", "0")
    assert found.returncode == 73
    assert str(tmp_path / "s") in one_line(found.stderr)


def test_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = serve("--state", str(tmp_path / "file" / "s"), "--port", "0")
    assert found.returncode == 73
    assert "--state" in one_line(found.stderr)


def test_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database at all" * 1000)
    found = serve("--state", str(tmp_path), "--port", "0")
    assert found.returncode == 1
    assert "store.db" in one_line(found.stderr)
    assert not (tmp_path / "engine.json").exists()


@pytest.mark.parametrize("options", [["--port", "x"], ["--port", "70000"], ["--nonsense"]])
def test_wrong_usage(options: list[str]) -> None:
    assert serve(*options).returncode == 2


def test_live_process_killed(own_engine: RunningEngine) -> None:
    own_engine.deploy("kept-live", HELLO)
    killed = own_engine.child("live")
    os.kill(killed, signal.SIGKILL)
    began = time.monotonic()
    with httpx.Client(base_url=own_engine.address, trust_env=False, timeout=30) as fresh:
        answer = None
        while answer is None:
            try:
                answer = fresh.get("/", headers={"host": own_engine.host("kept-live")})
            except (httpx.ReadError, httpx.RemoteProtocolError):  # it reached the one that was dying
                assert time.monotonic() - began < 30
    assert answer.text == "hello"
    assert own_engine.child("live", other_than=killed) != killed


def test_drafts_process_killed(own_engine: RunningEngine) -> None:
    code = "export default { async fetch() { await new Promise((ok) => setTimeout(ok, 20000)) } }"
    found: list[dict[str, object]] = []
    running = threading.Thread(target=lambda: found.extend(own_engine.run("hello", code)))
    running.start()
    deadline = time.monotonic() + 60
    while not (own_engine.state / "drafts.sock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    killed = own_engine.child("drafts")
    os.kill(killed, signal.SIGKILL)
    running.join(30)
    assert [event["type"] for event in found][-2:] == ["exception", "end"]
    assert found[-1]["engine_restarted"] is True
    again = own_engine.run("hello", "export default { fetch: () => new Response('back') }")
    assert events_of(again, "end")[0]["outcome"] == "ok"
    assert own_engine.get("hello").status_code == 200


def test_stop_lets_requests_end_and_ends_open_feeds(tmp_path: Path) -> None:
    engine = RunningEngine(tmp_path / "state", "--no-samples")
    assert engine.result("GET", "/workers/services") == []
    engine.deploy(
        "slow",
        """export default { async fetch() {
          await new Promise((ok) => setTimeout(ok, 700)); return new Response("ended well") } }""",
    )
    with (
        engine.api.stream("GET", "/changes") as feed,
        socket.create_connection(("127.0.0.1", engine.port), 10) as connection,
    ):
        lines = feed.iter_lines()
        next(lines)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: slow.dev.localhost\r\n\r\n")
        time.sleep(0.2)
        began = time.monotonic()
        engine.process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass
        received = b""
        while chunk := connection.recv(4096):
            received += chunk
    assert received.endswith(b"ended well")
    assert engine.stop() == 0
    assert time.monotonic() - began < 30
    assert not (engine.state / "engine.json").exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", engine.port), 1)


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for init to notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_children_end_with_their_supervisor(tmp_path: Path) -> None:
    engine = RunningEngine(tmp_path / "state")
    pids = [engine.child("live"), engine.child("drafts")]
    engine.process.kill()
    engine.process.wait()
    deadline = time.monotonic() + 60
    while any(runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(runs(pid) for pid in pids)
    again = RunningEngine(tmp_path / "state")
    assert again.get("hello").status_code == 200
    again.process.send_signal(signal.SIGINT)  # as Ctrl+C does
    assert again.stop() == 0


def test_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine", "up", "--state", str(tmp_path / "s"), "--port", "0", "--json"]
    first = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    found = json.loads(first.stdout)
    try:
        assert Path(found["token_file"]).read_text().strip()
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        assert json.loads(second.stdout) == found
        token = Path(found["token_file"]).read_text().strip()
        answer = httpx.get(
            f"{found['address']}/client/v4/accounts",
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=60,
        )
        assert answer.json()["result"][0]["id"] == found["account_id"]
    finally:
        os.kill(json.loads((tmp_path / "s" / "engine.json").read_text())["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 60
    while (tmp_path / "s" / "engine.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not (tmp_path / "s" / "engine.json").exists()


def test_up_that_cannot(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "engine", "up", "--state", str(tmp_path / "file" / "s")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert found.returncode == 73
    one_line(found.stderr)
