"""`svc-tui up`: see that an engine runs on the state folder, and say how to reach it."""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from engine.cli.serve import DEFAULT_PORT, EXIT_FOLDER, EXIT_PORT, EXIT_TAKEN, port_number
from engine.statefolder import FolderError, StateFolder, default_path

#: Seconds until an engine that was started must answer.
START_LIMIT = 30.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "up",
        help="start the engine in the background when none runs",
        description="See that an engine runs on the state folder; start one in the background if not.",
    )
    parser.add_argument("--state", type=Path, help="state folder (default: $SVC_TUI_STATE, else the user's)")
    parser.add_argument(
        "--port",
        type=port_number,
        help=f"port when one is started (default: {DEFAULT_PORT}, or a free one when that is in use)",
    )
    parser.add_argument("--no-samples", action="store_true", help="leave a new account empty")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Find or start an engine; prints address, account and token file. Returns the exit code."""
    folder = StateFolder(args.state or default_path())
    try:
        found = ensure(folder, args.port, samples=not args.no_samples)
    except EngineFailed as error:
        print(f"svc-tui: {error}", file=sys.stderr)
        return error.code
    if args.json:
        print(json.dumps(found))
    else:
        print(f"svc-tui engine at {found['address']}")
    return 0


class EngineFailed(Exception):
    """No engine could be started; the text is one line, `code` the exit code."""

    def __init__(self, reason: str, code: int = 1) -> None:
        super().__init__(reason)
        self.code = code


def ensure(folder: StateFolder, port: int | None = None, *, samples: bool = True) -> dict[str, Any]:
    """The engine of a state folder, started when none runs.

    Returns:
        `{address, account_id, token_file}`.

    Raises:
        EngineFailed: it does not start.
    """
    found = _answering(folder)
    if found is None:
        try:
            folder.prepare()
        except FolderError as error:
            raise EngineFailed(str(error), EXIT_FOLDER) from None
        found = _start(folder, port, samples)
    return {
        "address": found["address"],
        "account_id": found["account_id"],
        "token_file": str(folder.token),
    }


def _start(folder: StateFolder, port: int | None, samples: bool) -> dict[str, Any]:
    ports = [DEFAULT_PORT, 0] if port is None else [port]
    reason, code = "the engine did not start", 1
    for number in ports:
        with tempfile.TemporaryFile() as said:  # not a pipe: the engine outlives its reader
            process = _spawn(folder, number, samples, said)
            found = _await(folder, process)
            said.seek(0)
            reason = said.read().decode(errors="replace").strip()
        if found is not None:
            return found
        code = process.returncode
        if code == EXIT_TAKEN:  # somebody else started one at the same moment
            return _await_other(folder)
        if code != EXIT_PORT:
            break
    raise EngineFailed(
        reason.removeprefix("svc-tui: ") or f"the engine did not start; see {folder.log}", code
    )


def _await(folder: StateFolder, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """The engine when it answers; None when its process ended before that."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        found = _answering(folder)
        if found is not None:
            return found
        if process.poll() is not None:
            return None
        time.sleep(0.02)
    process.terminate()
    raise EngineFailed(f"the engine did not answer within {START_LIMIT:.0f} s; see {folder.log}")


def _spawn(folder: StateFolder, port: int, samples: bool, said: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "engine", "serve", "--state", str(folder.path), "--port", str(port)]
    if not samples:
        command.append("--no-samples")
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
        start_new_session=True,  # it outlives this command and its terminal
    )


def _await_other(folder: StateFolder) -> dict[str, Any]:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        found = _answering(folder)
        if found is not None:
            return found
        time.sleep(0.05)
    raise EngineFailed(f"the engine on {folder.path} does not answer; see {folder.log}")


def _answering(folder: StateFolder) -> dict[str, Any] | None:
    """What engine.json says, when an engine that takes our token answers there."""
    found = folder.running_engine()
    if found is None:
        return None
    parts = urlsplit(str(found["address"]))
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=5)
    try:
        token = folder.token.read_text("ascii").strip()
        path = "/client/v4/user/tokens/verify"
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        return found if connection.getresponse().status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
