"""What the deployed worker answers to a request: the other half of "draft beside live"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tui import body, diff
from tui.requests import DraftRequest

CHANGING = frozenset(("date", "cf-ray", "server-timing", "age"))
"""Headers that differ from answer to answer and mean nothing."""
LONGEST = 512 * 1024


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes

    def parts(self) -> dict[str, str]:
        """Status, headers and body as texts that can be compared line by line."""
        kept = sorted((name.lower(), value) for name, value in self.headers if name.lower() not in CHANGING)
        content_type = next((value for name, value in kept if name == "content-type"), "")
        size = len(self.content)
        shown = body.show(self.content[: body.MOST_BYTES], min(size, body.MOST_BYTES), content_type)
        rest = f"\n… {size} bytes" if size > body.MOST_BYTES else ""
        return {
            "1 status": f"{self.status}\n",
            "2 headers": "".join(f"{name}: {value}\n" for name, value in kept),
            "3 body": shown.text + rest + "\n",
        }


class NoAnswer(Exception):
    """The deployed worker could not be asked; its text says why."""


async def ask(request: DraftRequest, address: str, base: str) -> Answer:
    """Send a request to what is deployed.

    Args:
        request: The request.
        address: Where the engine answers: `http://127.0.0.1:8787`.
        base: The environment's own URL; a request to another host goes there by its Host header too.

    Raises:
        NoAnswer: Nothing answered.
    """
    import httpx

    sent = request.payload(base)
    target = urlsplit(sent["url"])
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    headers = [(name, value) for name, value in request.headers if name.lower() != "host"]
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=30.0) as http:
            response = await http.request(
                request.method,
                address.rstrip("/") + path,
                headers=[*headers, ("host", target.netloc)],
                content=(sent["body"] or "").encode() or None,
            )
    except (httpx.HTTPError, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    return Answer(response.status_code, tuple(response.headers.multi_items()), response.content[:LONGEST])


def compare(live: Answer, draft: Answer, environment: str, number: int | None) -> dict[str, Any]:
    """From the deployed answer to the draft's, in the shape of the engine's diff."""
    there: Mapping[str, Any] = {"environment": environment, "version_id": None, "number": number}
    here = {"environment": "", "label": "your draft's answer", "version_id": None, "number": None}
    return diff.compare(live.parts(), draft.parts(), there, here)
