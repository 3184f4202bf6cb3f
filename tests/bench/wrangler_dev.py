"""`wrangler dev` for a benchmark: the same project on the same machine, counted beside ours."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from engine_process import get

WRANGLER = "4.86.0"


def wrangler_folder() -> Path | None:
    """Where wrangler is installed, installing it if need be; None without Node and npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    cache = Path(platformdirs.user_cache_dir("svc-tui"))
    for found in cache.glob(f"wrangler-{WRANGLER}*"):  # the tests keep one there too
        if (found / "node_modules" / ".bin" / "wrangler").exists():
            return found
    folder = cache / f"wrangler-{WRANGLER}"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder)]
    done = subprocess.run([*command, f"wrangler@{WRANGLER}"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"wrangler is left out: npm says {done.stderr.strip().splitlines()[-1:]}")
        return None
    return folder


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def wrangler_dev(folder: Path, project: Path, *configs: Path) -> Iterator[tuple[int, int]]:
    """`wrangler dev` in a project's folder; yields its port and its process id.

    Args:
        folder: where wrangler is installed.
        project: a folder with a configuration.
        configs: configurations of further workers, which the first is bound to.
    """
    port = free_port()
    command = [str(folder / "node_modules/.bin/wrangler"), "dev", "--port", str(port), "--ip", "127.0.0.1"]
    for config in (project / "wrangler.toml", *configs) if configs else ():
        command += ["--config", str(config)]
    process = subprocess.Popen(
        [*command, "--inspector-port", str(free_port()), "--show-interactive-dev-session=false"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "WRANGLER_SEND_METRICS": "false", "CI": "1"},
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                if get(port, "localhost", timeout=2)[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("wrangler dev did not start")
        yield port, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
