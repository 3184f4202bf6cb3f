"""`/cdn-cgi/handler/…` on an environment's hostname: a cron or an email by hand, as `wrangler dev` has them.

`/cdn-cgi/` is Cloudflare's own on every hostname, so no script misses it. Sources: developers.cloudflare.com
/workers/runtime-apis/handlers/scheduled and /email-routing/email-workers/local-development.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from engine.gateway.numbers import is_here
from engine.runtime.invocation import Invocation

PREFIX: Final = "/cdn-cgi/handler/"
#: developers.cloudflare.com/email-routing/limits: the size of a message, in bytes.
LARGEST_EMAIL: Final = 25 << 20

Dispatch = Callable[[str, Any, bytes | None, Invocation], Awaitable[Any]]
"""Runs the handler of an event with a payload and a body."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door answers: a status and a text, JSON where it was asked for."""

    status: int
    text: str
    type: str = "text/plain; charset=utf-8"


async def handle(
    client: Any, path: str, query: str, body: bytes, invocation: Invocation, dispatch: Dispatch
) -> Answer:
    """Do what a path below `PREFIX` asks for.

    Args:
        client: who asks, as ASGI has it; other machines are refused.
        path: the whole path.
        query: `cron`, `time` (milliseconds) and `format` for scheduled; `from` and `to` for email.
        body: an email as it came, RFC 5322.
        invocation: the run.
        dispatch: runs the handler.

    Raises:
        WorkerError, ApiError: the handler failed, or there is none.
    """
    if not is_here(client):
        return Answer(403, "Handlers are run by hand from this machine only.\n")
    asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    match path.removeprefix(PREFIX):
        case "scheduled":
            return await _scheduled(asked, invocation, dispatch)
        case "email":
            return await _email(asked, body, invocation, dispatch)
        case other:
            return Answer(404, f"There is no handler {other!r} here: scheduled and email are.\n")


async def _scheduled(asked: dict[str, str], invocation: Invocation, dispatch: Dispatch) -> Answer:
    given = asked.get("time", "")
    if given and not given.isdecimal():
        return Answer(400, "time= is milliseconds since 1970.\n")
    at = int(given) if given else int(time.time() * 1000)
    told = await dispatch("scheduled", {"cron": asked.get("cron", ""), "scheduledTime": at}, None, invocation)
    if asked.get("format") != "json":
        return Answer(200, "ok")
    retry = isinstance(told, dict) and told.get("noRetry") is True
    return Answer(200, orjson.dumps({"outcome": "ok", "noRetry": retry}).decode(), "application/json")


async def _email(asked: dict[str, str], body: bytes, invocation: Invocation, dispatch: Dispatch) -> Answer:
    sender, recipient = asked.get("from", ""), asked.get("to", "")
    if not sender or not recipient:
        return Answer(400, "An email needs ?from=…&to=…, the addresses of its envelope.\n")
    if not body or len(body) > LARGEST_EMAIL:
        return Answer(400, "The body is the email as it came, at most 25 MB of it.\n")
    import email.parser  # here: an environment's first answer after a start does not wait for it
    import email.policy

    head = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(body)
    if head.get("message-id") is None:
        return Answer(400, "The email has no Message-ID header; every email that is delivered has one.\n")
    fields = [(name, " ".join(str(value).split())) for name, value in head.items()]
    payload = {"from": sender, "to": recipient, "size": len(body), "headers": fields}
    verdict = await dispatch("email", payload, body, invocation)
    if verdict["rejected"] is not None:
        return Answer(400, f"Worker rejected email with the following reason: {verdict['rejected']}")
    done = [f"forwarded to {each['to']}" for each in verdict["forwarded"]]
    done += [f"replied to {each['to']}" for each in verdict["replies"]]
    return Answer(200, "Worker successfully processed email" + (f": {', '.join(done)}" if done else ""))
