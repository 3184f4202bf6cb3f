"""Real wrangler from npm: installed once into a cache folder, and run against a test's engine."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from enginekit import RunningEngine

HERE = Path(__file__).parent
#: The oldest Node that each version runs on.
NODES = {"4.86.0": (20, 0), "4.164.0": (22, 12)}
INSTALL_LIMIT = 240
COMMAND_LIMIT = 120


@dataclass(frozen=True)
class Done:
    """How a command ended; `out` is what it wrote, without colours."""

    code: int
    out: str
    err: str


class Wrangler:
    """One version of wrangler in a project's folder.

    Args:
        version: as npm has it.
        engine: what it talks to.
        project: its folder.
    """

    def __init__(self, version: str, engine: RunningEngine, project: Path) -> None:
        self._node, self._cli = installed(version)
        self.version = version
        self.engine = engine
        self.project = project

    @property
    def environment(self) -> dict[str, str]:
        """Its environment: three variables say where Cloudflare is, none is this machine's."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("CLOUDFLARE_", "CF_"))}
        return {
            **kept,
            "CLOUDFLARE_API_BASE_URL": f"{self.engine.address}/client/v4",
            "CLOUDFLARE_API_TOKEN": self.engine.token,
            "CLOUDFLARE_ACCOUNT_ID": self.engine.account,
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_SEND_ERROR_REPORTS": "false",
            "WRANGLER_HIDE_BANNER": "true",
            "CI": "1",
            "NO_COLOR": "1",
            "HOME": str(self.project),
            "XDG_CONFIG_HOME": str(self.project / ".config"),
        }

    def command(self, *arguments: str) -> list[str]:
        """The words of a command."""
        return [self._node, str(self._cli), *arguments]

    def run(self, *arguments: str, stdin: str = "", code: int = 0) -> Done:
        """Run a command that must end with this code."""
        found = subprocess.run(
            self.command(*arguments),
            cwd=self.project,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT,
            env=self.environment,
            check=False,
        )
        plain = [re.sub(r"\x1b\[[0-9;]*m", "", each) for each in (found.stdout, found.stderr)]
        assert found.returncode == code, (
            f"wrangler {' '.join(arguments)}: {found.returncode}\n{plain[0]}\n{plain[1]}"
        )
        return Done(found.returncode, *plain)

    def json(self, *arguments: str) -> Any:
        """What a command with `--json` or the like printed."""
        return json.loads(self.run(*arguments).out)

    def write(self, **files: str) -> None:
        """Files of the project; `__` in a name is a dot, `wrangler__jsonc`."""
        for name, text in files.items():
            file = self.project / name.replace("__", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


class Tail:
    """`wrangler tail` beside other commands, until the block ends.

    Args:
        wrangler: runs it.
        name: whose.
        format: json or pretty.
    """

    def __init__(self, wrangler: Wrangler, name: str, format: str = "json") -> None:
        self._said: list[str] = []
        self._process = subprocess.Popen(
            wrangler.command("tail", name, "--format", format),
            cwd=wrangler.project,
            env=wrangler.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def text(self) -> str:
        """All that it has said."""
        return "".join(self._said)

    def until(self, words: str, ask: Callable[[], object]) -> None:
        """Ask again and again until it says these words: it listens some moments after it began."""
        end = time.monotonic() + 60
        while words not in self.text:
            assert time.monotonic() < end, self.text
            assert self._process.poll() is None, self.text
            ask()
            time.sleep(0.2)

    def __enter__(self) -> Tail:
        return self

    def __exit__(self, *_: object) -> None:
        """End it as Ctrl+C does."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(10)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.append(line)


def installed(version: str) -> tuple[str, Path]:
    """Node, and wrangler's program; installs it if need be, and skips the test where that fails."""
    node = os.environ.get("SVC_NODE") or shutil.which("node")
    npm = shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("real wrangler needs Node and npm, and they are not on PATH")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    have = tuple(map(int, told.lstrip("v").split(".")[:2]))
    if have < NODES[version]:
        wanted = ".".join(map(str, NODES[version]))
        pytest.skip(f"wrangler {version} needs Node {wanted} or newer, this is {told}: name one in SVC_NODE")
    lock = HERE / version / "package-lock.json"
    mark = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = Path(platformdirs.user_cache_dir("svc-tui")) / f"wrangler-{version}-{mark}"
    cli = folder / "node_modules" / "wrangler" / "bin" / "wrangler.js"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as mutex:  # the suite runs in two processes
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            _install(npm, folder, version)
            (folder / "installed").touch()
    return node, cli


def _install(npm: str, folder: Path, version: str) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / version / name, folder / name)
    # Not `ci`: it refuses a lock without the packages of platforms that a mirror leaves out.
    command = [npm, "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install wrangler {version} within {INSTALL_LIMIT} s")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        pytest.skip(
            f"wrangler {version} cannot be installed, is the npm registry reachable? npm says: {last}"
        )
