"""Requests a person saved, one readable file each, and those that were sent.

    <state>/requests/<service>/Save a note.http      GET /notes, headers, a blank line, the body
    <state>/requests/<service>/history.jsonl         what was sent, newest last

The files are those of the "REST client" editors: they can be written, copied and shared by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui.private import write_private
from tui.requests import METHODS, DraftRequest, headers_text, parse_headers

SUFFIX = ".http"
HISTORY = "history.jsonl"
MOST = 200
"""Sent requests that are remembered."""
LONGEST_BODY = 65_536
FIRST_LINE = re.compile(rf"(?:({'|'.join(METHODS)})\s+)?(\S+)(?:\s+HTTP/[\d.]+)?\s*$")


class RequestFileError(ValueError):
    """A file that is no request; its text is a sentence."""


@dataclass(frozen=True)
class Sent:
    """One request that was sent."""

    request: DraftRequest
    at: str
    """ISO 8601, UTC."""
    status: int | None = None
    environment: str = ""


def write(request: DraftRequest) -> str:
    """A request as text."""
    head = f"{request.method} {request.url}\n"
    headers = headers_text(request.headers)
    text = head + (headers + "\n" if headers else "")
    return text + ("\n" + request.body if request.body else "")


def read(text: str) -> DraftRequest:
    """A request from text; lines that begin with # or // before the first one are comments.

    Raises:
        RequestFileError: It is none.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and (not lines[0].strip() or lines[0].lstrip().startswith(("#", "//"))):
        lines.pop(0)
    first = FIRST_LINE.match(lines[0]) if lines else None
    if first is None:
        raise RequestFileError("The first line must be a method and a URL: GET /notes")
    end = lines.index("", 1) if "" in lines[1:] else len(lines)
    headers, fault = parse_headers("\n".join(lines[1:end]))
    if fault:
        raise RequestFileError(f"The headers, {fault}.")
    return DraftRequest(first[1] or "GET", first[2], headers, "\n".join(lines[end + 1 :]))


def file_name(name: str) -> str:
    """A name as a file's, without what no file system likes."""
    return re.sub(r"[^\w .,()&=+@-]+", "-", name).strip(" .-")[:80]


class SavedRequests:
    """The saved and the sent requests of one service.

    Args:
        state: The engine's state folder.
        service: The service.
    """

    def __init__(self, state: Path, service: str) -> None:
        self.folder = state / "requests" / service

    def names(self) -> list[str]:
        """Saved requests, by name."""
        return sorted((path.stem for path in self.folder.glob(f"*{SUFFIX}")), key=str.casefold)

    def path(self, name: str) -> Path:
        """The file of a name."""
        return self.folder / f"{file_name(name)}{SUFFIX}"

    def read(self, name: str) -> DraftRequest:
        """A saved request.

        Raises:
            RequestFileError: The file is not there, or no request.
        """
        try:
            return read(self.path(name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise RequestFileError(f"{self.path(name)} cannot be read ({error}).") from error

    def save(self, name: str, request: DraftRequest) -> Path:
        """Save a request under a name; one that has it already is replaced.

        Raises:
            OSError: The folder cannot be written.
        """
        path = self.path(name)
        self._put(path, write(request))
        return path

    def delete(self, name: str) -> None:
        """Delete a saved request."""
        self.path(name).unlink(missing_ok=True)

    # ------------------------------------------------------------------ history

    def sent(self) -> list[Sent]:
        """What was sent, newest first, each request once."""
        found: dict[str, Sent] = {}
        for item in reversed(list(self._lines())):
            found.setdefault(json.dumps(asdict(item.request), sort_keys=True), item)
        return list(found.values())

    def remember(self, request: DraftRequest, status: int | None, environment: str) -> None:
        """Add a request to the history.

        Raises:
            OSError: The folder cannot be written.
        """
        item = Sent(request, datetime.now(UTC).isoformat(timespec="seconds"), status, environment)
        # Bodies of megabytes are not remembered: the file stays one that a person can read.
        kept = [sent for sent in (*self._lines(), item) if len(sent.request.body) < LONGEST_BODY][-MOST:]
        lines = [json.dumps(asdict(sent), ensure_ascii=False) for sent in kept]
        self._put(self.folder / HISTORY, "\n".join(lines) + "\n")

    def _lines(self) -> Iterator[Sent]:
        try:
            text = (self.folder / HISTORY).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return
        for line in text.splitlines():
            try:
                item = json.loads(line)
                request = item["request"]
                headers = [(str(name), str(value)) for name, value in request["headers"]]
                draft = DraftRequest(
                    str(request["method"]), str(request["url"]), headers, str(request["body"])
                )
                yield Sent(draft, str(item["at"]), item.get("status"), str(item.get("environment", "")))
            except (ValueError, KeyError, TypeError):
                continue  # a line somebody wrote by hand; the others are good

    def _put(self, path: Path, text: str) -> None:
        write_private(
            path, text, durable=True
        )  # a request may carry a token in a header: for its owner alone
