"""Starting an engine when none runs on the state folder."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

#: The engine is up well within a second; longer than this means that it will not come.
PATIENCE = 20.0


@dataclass(frozen=True)
class Nobody:
    """Stands for a launcher where nothing can be started: the account is on another machine."""

    where: str
    """Its address."""

    async def start(self) -> str:
        """Why it is away."""
        return f"{self.where} does not answer"


@dataclass(frozen=True)
class Launcher:
    """How an engine is started: `python -m engine up`, which leaves it running without us."""

    state: Path
    """The state folder."""
    port: int | None = None
    """The port asked for; the engine's default when None."""
    samples: bool = True
    """Whether an empty account gets the sample services."""

    def command(self) -> list[str]:
        """The command line."""
        command = [sys.executable, "-m", "engine", "up", "--state", str(self.state), "--json"]
        if self.port is not None:
            command += ["--port", str(self.port)]
        if not self.samples:
            command.append("--no-samples")
        return command

    async def start(self) -> str:
        """Make sure that an engine runs.

        Returns:
            Empty when one does, else why not, in one line.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            return f"{sys.executable} cannot be run ({error.strerror})"
        try:
            async with asyncio.timeout(PATIENCE):
                _, errors = await process.communicate()
        except TimeoutError:
            process.kill()
            return f"nothing after {PATIENCE:.0f} s"
        if process.returncode == 0:
            return ""
        lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit code {process.returncode}"
        return reason.removeprefix("svc-tui: ").rstrip(".")
