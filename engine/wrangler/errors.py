"""What is wrong with a project, with the file and the key or line it is in."""

from __future__ import annotations

from pathlib import Path


class ProjectError(Exception):
    """A project cannot be read.

    Args:
        file: the file that is wrong.
        message: what is wrong with it and what to do.
        place: the key (`env.staging.name`) or `line:column` in it.
    """

    def __init__(self, file: Path, message: str, place: str = "") -> None:
        super().__init__(f"{file}{':' if place[:1].isdigit() else ': ' if place else ''}{place}: {message}")
