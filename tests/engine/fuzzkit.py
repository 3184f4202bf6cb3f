"""Requests to the API that may be anything, made from its own description: operations, names, bodies."""

from __future__ import annotations

import ast
import http.client
import json
import random
import re
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from enginekit import HELLO, RunningEngine, form
from fuzzbodies import BODIES, METADATA

import engine.api
from engine.api.openapi import describe

SERVICES = ("fuzz", "fuzz-two", "notes")
ENVIRONMENTS = ("production", "staging", "preview")
#: Ids that the engine gave, by how they look: a request names the newest, the one before …
IDS = {"uuid": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "hex": re.compile(r"[0-9a-f]{32}")}
#: What answers with its own content and not with the envelope when all is well.
RAW = re.compile(
    r"/(content(/v2)?|values/[^?]*|changes|stream|runs|openapi\.json|objects/[^?]+)$|/transfers/|/environments/[^/]+$"
    r"|/scripts/[^/]+$"
)


@dataclass(slots=True)
class Call:
    """One request; `{uuid:0}` and `{hex:0}` in it stand for ids that the engine gave before."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False


@cache
def operations() -> list[tuple[str, str, list[str], list[str], bool]]:
    """Method, path, names in it, query parameters and whether it is endless, of everything described."""
    found = []
    for path, methods in describe()["paths"].items():
        for method, told in methods.items():
            names = [each["name"] for each in told["parameters"] if each["in"] == "path"]
            queries = [each["name"] for each in told["parameters"] if each["in"] == "query"]
            found.append((method.upper(), path, names, queries, bool(told.get("x-endless"))))
    return found


@cache
def vocabulary() -> list[str]:
    """Words that the engine looks for in bodies: every short text in its API's code."""
    words = set()
    folder = Path(engine.api.__file__).parent
    for file in [*folder.glob("*.py"), *folder.parent.glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"[A-Za-z_][\w./-]{0,30}", text):
                words.add(text)
    return sorted(words)


TYPES = (
    "application/javascript+module",
    "application/javascript+module",
    "application/javascript",
    "x/y",
    None,
)
CODES = (
    HELLO,
    HELLO,
    "export class Thing { fetch() { return new Response('thing') } }\n" + HELLO,
    "export default {",
    "throw new Error('at start')",
    "addEventListener('fetch', event => event.respondWith(new Response('classic')))",
    "",
)
ODD = (
    "",
    "a",
    "..",
    "a/b",
    "%",
    "\x00",
    "é",
    "🙂",
    "A" * 70,
    "0",
    "-1",
    "null",
    "*",
    "\u202e",
    "'",
    '"',
    "\t\r\n",
)
NUMBERS = (0, 1, -1, 2, 100, 2**31, 2**53, 2**63, 2**64, -(2**70), 0.5, 1e308, -0.0)
HINTS = ("{uuid:0}", "{uuid:1}", "{uuid:2}", "{hex:0}", "{hex:1}", "{hex:2}")
NAMES = {
    "service": SERVICES,
    "worker": (*SERVICES, "{hex:0}"),
    "environment": ENVIRONMENTS,
    "target": ENVIRONMENTS,
    "bucket": ("fuzz", "fuzz-two"),
    "name": ("S", "T", "A"),
    "key": ("a", "b", "a%2Fb"),
    "zone": ("fuzz.test", "{hex:0}", "{hex:1}"),
    "account": ("{account}",),
}
HEADERS = (
    "if-match",
    "if-none-match",
    "range",
    "x-svc-source",
    "accept",
    "content-type",
    "cf-worker-body-part",
)


class Maker:
    """Makes one request of a seed: the same seed, the same request."""

    def __init__(self, seed: bytes) -> None:
        self._random = random.Random(seed)

    def call(self) -> Call:
        """A request to one of the operations, near to what it wants or far from it."""
        pick = self._random
        method, template, names, queries, endless = pick.choice(operations())
        path = template
        for name in names:
            path = path.replace("{" + name + "}", self._name(name), 1)
        made = Call(method, path, endless=endless)
        if pick.random() < 0.02:
            made.method = pick.choice(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
        for name in queries:
            if pick.random() < 0.5:
                made.query.append((name, pick.choice(["1", "10", "true", "a", self._text()])))
        if pick.random() < 0.1:
            made.query.append((self._text(), self._text()))
        if made.method in {"POST", "PUT", "PATCH", "DELETE"}:
            self._give_body(made, template)
        if pick.random() < 0.04:
            made.headers[pick.choice(HEADERS)] = pick.choice(
                ["*", '"a"', "bytes=5-1", "app", "\xe9", "W/", "{uuid:0}", "multipart/form-data", "a"]
            )
        return made

    def _give_body(self, made: Call, template: str) -> None:
        pick = self._random
        kind = pick.random()
        end = max((each for each in BODIES if template.endswith(each)), key=len, default="")
        code = made.method == "PUT" and template.endswith(("{service}", "{environment}", "/content"))
        if kind < 0.05:
            made.body = pick.randbytes(pick.randrange(40))
        elif kind < 0.1:
            made.body = json.dumps(self._json(3)).encode()
        elif code or template.endswith("/versions") or (kind < 0.2 and template.endswith("settings")):
            made.body, made.headers = self._upload(pick.choice(CODES))
            if kind > 0.95:
                made.body = made.body[: pick.randrange(len(made.body))]
        elif end and made.method != "DELETE":
            made.body = json.dumps(self._bent(BODIES[end])).encode()
            made.headers["content-type"] = pick.choice(["application/json", "text/plain", "x"])
        elif kind < 0.5:
            made.body = pick.randbytes(20)

    def _upload(self, code: str) -> tuple[bytes, dict[str, str]]:
        metadata = json.dumps(self._bent(METADATA)).encode()
        parts: list[tuple[str, bytes, str | None]] = [("metadata", metadata, None)]
        parts.append(("worker.js", code.encode(), self._random.choice(TYPES)))
        if self._random.random() < 0.2:
            parts.append((self._random.choice(["./more.txt", "worker.js", "x"]), b"x", "text/plain"))
        made = form(parts)
        return made["content"], made["headers"]

    def _name(self, name: str) -> str:
        die = self._random.random()
        if die < (0.97 if name == "account" else 0.85):
            return self._random.choice(NAMES.get(name, HINTS))
        if die < 0.98:
            return quote(self._odd(), safe="")
        return self._random.choice(["%", "%zz", "%ff", "a%2", "+", "a;b", "@", "~", "..", "."])

    def _odd(self) -> str:
        if self._random.random() < 0.7:
            return self._random.choice(ODD)
        return "".join(chr(self._random.randrange(1, 0xD800)) for _ in range(self._random.randrange(12)))

    def _text(self) -> str:
        return self._random.choice(
            [
                self._random.choice(vocabulary()),
                self._random.choice((*SERVICES, *ENVIRONMENTS, *HINTS)),
                self._odd(),
            ]
        )

    def _json(self, depth: int) -> Any:
        kind = self._random.randrange(7 if depth else 5)
        if kind < 2:
            return self._text()
        if kind == 2:
            return self._random.choice(NUMBERS)
        if kind < 5:
            return self._random.choice([None, True, False, 0, 1, ""])
        size = self._random.randrange(4)
        if kind == 5:
            return [self._json(depth - 1) for _ in range(size)]
        return {self._text(): self._json(depth - 1) for _ in range(size)}

    def _bent(self, value: Any) -> Any:
        """A value with some of its parts exchanged, left out or added to."""
        pick = self._random
        if pick.random() < 0.06:
            return self._json(2)
        if isinstance(value, dict):
            made = {key: self._bent(each) for key, each in value.items() if pick.random() < 0.9}
            if pick.random() < 0.1:
                made[self._text()] = self._json(2)
            return made
        if isinstance(value, list):
            return [self._bent(each) for each in value if pick.random() < 0.75]
        return value


class Sender:
    """Sends requests over one connection, and says what is wrong with an answer.

    Attributes:
        sent: how many there were.
        statuses: how often each came.
    """

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine
        self.sent = 0
        self.statuses: dict[int, int] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=60)
        self._known: dict[str, deque[str]] = {kind: deque(maxlen=12) for kind in IDS}

    def send(self, call: Call) -> str | None:
        """Send one; None when the answer is as every answer must be, else what is not."""
        path = self._filled(call.path)
        query = "&".join(
            f"{quote(name, safe='')}={quote(self._filled(value), safe='')}" for name, value in call.query
        )
        body = None if call.body is None else self._filled(call.body.decode("latin-1")).encode("latin-1")
        headers = {name: self._filled(value) for name, value in call.headers.items()}
        target = f"/client/v4{path}" + (f"?{query}" if query else "")
        self._connection.request(
            call.method, target, body, {**headers, "authorization": f"Bearer {self.engine.token}"}
        )
        response = self._connection.getresponse()
        self.sent += 1
        self.statuses[response.status] = self.statuses.get(response.status, 0) + 1
        if call.endless and response.status == 200:
            self._connection.close()  # http.client opens another for the next
            return None
        content = response.read()
        wrong = _wrong(call.method, path, response.status, response.headers.get("content-type", ""), content)
        if wrong is None:
            text = content[:20_000].decode("latin-1")
            for kind, pattern in IDS.items():
                for each in dict.fromkeys(pattern.findall(text)[:4]):
                    if each != self.engine.account and each not in self._known[kind]:
                        self._known[kind].appendleft(each)
            return None
        asked = f"{call.method} {target} {headers} {(body or b'')[:2000]!r}"
        return f"{asked}\n-> {response.status} {wrong}: {content[:500]!r}"

    def _filled(self, text: str) -> str:
        if "{" not in text:
            return text
        text = text.replace("{account}", self.engine.account)

        def known(found: re.Match[str]) -> str:
            ids = self._known[found[1]]
            return ids[int(found[2]) % len(ids)] if ids else "0"

        return re.sub(r"\{(uuid|hex):(\d)\}", known, text)


def _wrong(method: str, path: str, status: int, kind: str, content: bytes) -> str | None:
    """What an answer has that no answer may have."""
    if status >= 500:
        return "a fault of the server"
    if method == "HEAD":
        return "HEAD has a body" if content else None
    if status == 204 or (status == 304 and not content):
        return None
    if status < 400 and not kind.startswith("application/json"):
        return (
            None if RAW.search(path) or RAW.search(path.partition("%")[0]) else f"not the envelope but {kind}"
        )
    try:
        body = json.loads(content)
    except ValueError:
        return None if status < 400 and RAW.search(path) else "no JSON"
    if status < 400 and RAW.search(path) and not (isinstance(body, dict) and "success" in body):
        return None
    if not isinstance(body, dict) or not {"success", "errors", "messages", "result"} <= set(body):
        return "no envelope"
    errors = body["errors"]
    if not isinstance(errors, list) or not isinstance(body["messages"], list):
        return "errors or messages is no list"
    if body["success"] is not (status < 400):
        return "success is not what the status says"
    if status >= 400 and (not errors or body["result"] is not None):
        return "a refusal without a reason, or with a result"
    if not all(isinstance(each.get("code"), int) and each.get("message") for each in errors):
        return "an error without code or message"
    return None
