"""What the command line may say to the app."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The app's options."""

    state: Path
    """The engine's state folder."""
    theme: str | None = None
    """A theme for this session; config.toml's when None."""
    samples: bool = True
    """Whether an empty account gets the sample services."""
    read_only: bool = False
    """Whether everything that would change something is refused."""
    port: int | None = None
    """The port, should the engine have to be started."""
    ascii: bool = False
    """Whether to paint with ASCII signs alone, whatever config.toml says."""
    tour: bool | None = False
    """Whether to show how it works, in six steps; None: if it was not seen before."""
