"""What a visitor sees when there is no answer of a worker to give.

The page names the cause by Cloudflare's number and in one sentence. What the script threw, our own
tracebacks and paths of this machine stay out of it: they are in the engine's log, under the same id.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why there is no answer.

    Attributes:
        status: the HTTP status.
        code: Cloudflare's number, or 0 when it has none.
        title: a few words.
        advice: what to do, one sentence; `{host}` is filled in.
    """

    status: int
    code: int
    title: str
    advice: str


UNKNOWN_HOST = Cause(
    404, 0, "There is nothing here", "No environment answers at {host}. Is its name spelled right?"
)
NOT_AN_ENVIRONMENT = Cause(
    404,
    0,
    "This is the svc-tui engine",
    "Its API is at /client/v4; an environment answers at its own hostname, such as {host}.",
)
MOVED = Cause(
    404, 0, "This environment has another name now", "It answers at {host} instead: change the link."
)
SWITCHED_OFF = Cause(
    404, 0, "No Worker here", "A route switches Workers off at {host}, and nothing else answers there."
)
NO_ORIGIN = Cause(
    523,
    0,
    "No origin",
    "A route leads {host} to a Worker, and nothing is behind it here: give it a custom domain.",
)
NO_CODE = Cause(
    404, 0, "There is nothing here yet", "{host} exists, but nothing has been deployed to it so far."
)
REFUSED_HOST = Cause(
    403, 0, "Refused", "The API answers only to 127.0.0.1, localhost and [::1], not to {host}."
)
EXCEPTION = Cause(
    500,
    1101,
    "Worker threw exception",
    "The script at {host} threw an exception. Run it in svc-tui to see which, with its line.",
)
HUNG = Cause(
    500,
    1101,
    "Worker threw exception",
    "The script at {host} will never answer: it waits for something that nothing can bring about.",
)
CPU = Cause(
    503,
    1102,
    "Worker exceeded resource limits",
    "The script at {host} used more CPU time than its limit allows.",
)
MEMORY = Cause(
    503,
    1102,
    "Worker exceeded resource limits",
    "The script at {host} used more memory than its limit allows.",
)
INVOCATIONS = Cause(
    500,
    1101,
    "Worker threw exception",
    "One request to {host} may cause no more than 32 invocations; do services call each other in a circle?",
)
UNAVAILABLE = Cause(
    503,
    1105,
    "Temporarily unavailable",
    "The isolate that ran {host} was replaced while it worked on this request. Try again.",
)
INTERNAL = Cause(
    500, 1104, "The engine failed", "This is a fault of svc-tui, not of {host}; its log has the details."
)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{heading}</title>
<meta name="viewport" content="width=device-width"><style>
:root{{color-scheme:light dark}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 1.5rem}}
h1{{font-size:1.5rem;margin:0 0 .5rem}}small{{opacity:.6}}
</style></head><body><h1>{heading}</h1><p>{advice}</p><small>{id}</small></body></html>
"""


def render(cause: Cause, host: str, accept: str, request_id: str = "") -> tuple[int, Headers, bytes]:
    """Make the page.

    Args:
        cause: why.
        host: the hostname asked for, or an example of one.
        accept: the request's Accept header; without HTML in it the page is plain text.
        request_id: what the log calls this request.

    Returns:
        Status, headers and body.
    """
    heading = f"Error {cause.code}: {cause.title}" if cause.code else cause.title
    advice = cause.advice.format(host=host[:255])
    shown = f"Request {request_id}" if request_id else ""
    if "text/html" in accept.lower():
        body = _PAGE.format(heading=escape(heading), advice=escape(advice), id=escape(shown)).encode()
        kind = b"text/html; charset=utf-8"
    else:
        body = "\n".join(line for line in (heading, advice, shown, "") if line or line is shown).encode()
        kind = b"text/plain; charset=utf-8"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if request_id:
        headers.append((b"cf-ray", request_id.encode()))
    return cause.status, headers, body
