"""An engine of its own for a benchmark: a temporary state folder, a free port, gone when it is over."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# As after an installation: without kept bytecode each process would compile every module again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@dataclass(frozen=True)
class Engine:
    """A running engine."""

    state: Path
    port: int
    pid: int
    filled: object = None
    """What ``fill`` gave."""


def get(port: int, host: str, path: str = "/", timeout: float = 10.0) -> tuple[int, bytes]:
    """One request to a hostname of the engine: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"host": f"{host}:{port}"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def wait_for_port(state: Path, process: subprocess.Popen[bytes], limit: float = 30.0) -> int:
    """The port of an engine that was just started, as soon as it says that it is ready."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the engine ended with {process.returncode}; see {state / 'engine.log'}")
        try:
            return int(json.loads((state / "engine.json").read_bytes())["port"])
        except (OSError, ValueError):
            time.sleep(0.002)
    raise RuntimeError(f"no engine within {limit:.0f} s; see {state / 'engine.log'}")


def spawn(state: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start `svc-tui serve` on a state folder and a free port."""
    command = [sys.executable, "-m", "engine", "serve", "--state", str(state), "--port", "0", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it as a service manager would."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def engine(*options: str, fill: Callable[[Path], object] | None = None) -> Iterator[Engine]:
    """An engine with the sample services that answers already; ``fill`` writes to its state before."""
    with tempfile.TemporaryDirectory(prefix="svc-bench-") as folder:
        state = Path(folder) / "state"
        filled = None if fill is None else fill(state)
        process = spawn(state, *options)
        try:
            port = wait_for_port(state, process)
            if "--no-samples" not in options:
                status, body = get(port, "hello.dev.localhost")
                if status != 200:
                    raise RuntimeError(f"hello answered {status}: {body[:200]!r}")
            yield Engine(state, port, process.pid, filled)
        finally:
            stop(process)


def family(pid: int) -> list[int]:
    """A process and all it started (Linux)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended while we looked
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_seconds(pid: int) -> float:
    """Seconds of processor that a process and all it started have used (Linux)."""
    total = 0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def kind_of(pid: int) -> str:
    """Which of the engine's processes it is: "serve", "live" or "drafts" (Linux)."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return next((word for word in words if word in {"serve", "live", "drafts"}), words[0])


def memory_mb(pid: int, *, alone: bool = False) -> float:
    """Megabytes a process uses, with its children or alone: shared pages counted once (PSS, Linux)."""
    total = 0
    for one in [pid] if alone else family(pid):
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def machine() -> str:
    """What it was measured on, for the head of a report."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}"
