"""The request of the workbench, remembered for each environment in `<state>/requests/<service>.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tui.private import write_private

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
BODILESS = frozenset({"GET", "HEAD"})


@dataclass
class DraftRequest:
    """What the workbench sends to the draft."""

    method: str = "GET"
    url: str = "/"
    """A path, or an absolute URL."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    def payload(self, base: str) -> dict[str, Any]:
        """The API's form.

        Args:
            base: The environment's own URL, which a path is added to: `http://notes.dev.localhost:8787`.
        """
        body = None if self.method in BODILESS or not self.body else self.body
        return {
            "method": self.method,
            "url": absolute(self.url, base),
            "headers": [list(pair) for pair in self.headers],
            "body": body,
        }


def absolute(url: str, base: str) -> str:
    """An absolute URL from what was typed: `/notes`, `notes`, `//host/notes`, or a whole URL."""
    typed = url.strip()
    if urlsplit(typed).scheme in ("http", "https"):
        return typed
    if typed.startswith("//"):
        return "http:" + typed
    return base.rstrip("/") + "/" + typed.lstrip("/")


def parse_headers(text: str) -> tuple[list[tuple[str, str]], str]:
    """Headers from lines of `name: value`; blank lines and lines that begin with # are passed over.

    Returns:
        The headers, and what is wrong with the first line that is none (empty when all is well).
    """
    headers: list[tuple[str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or any(c.isspace() for c in name.strip()):
            return headers, f"line {number}: write it as name: value"
        headers.append((name.strip(), value.strip()))
    return headers, ""


def headers_text(headers: list[tuple[str, str]]) -> str:
    """Lines of `name: value`."""
    return "\n".join(f"{name}: {value}" for name, value in headers)


class Requests:
    """The remembered requests of one service.

    Args:
        state: The engine's state folder.
        service: The service.
    """

    def __init__(self, state: Path, service: str) -> None:
        self.path = state / "requests" / f"{service}.json"

    def read(self, environment: str) -> DraftRequest:
        """An environment's last request; GET / when there was none."""
        item = self._all().get(environment)
        if not isinstance(item, Mapping):
            return DraftRequest()
        method = str(item.get("method", "GET"))
        return DraftRequest(
            method if method in METHODS else "GET",
            str(item.get("url", "/")),
            [(str(name), str(value)) for name, value in item.get("headers", ())],
            str(item.get("body", "")),
        )

    def keep(self, environment: str, request: DraftRequest) -> None:
        """Remember an environment's request.

        Raises:
            OSError: The folder cannot be written.
        """
        content = {**self._all(), environment: asdict(request)}
        # A request may carry a token in a header: for its owner alone.
        write_private(self.path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")

    def _all(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
