"""Records of the log as the app shows them: what a line says, what is folded in it, what a filter passes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tui.run_report import Location

Json = dict[str, Any]

ALL, WARN, ERROR = "all", "warn", "error"
#: What `v` goes round: how bad a record must be to be shown.
LEVELS = (ALL, WARN, ERROR)
#: How outcomes that are no exception are said.
OUTCOMES = {
    "canceled": "canceled",
    "exception": "exception",
    "exceededCpu": "CPU limit",
    "exceededMemory": "memory limit",
    "scriptNotFound": "no code",
    "responseStreamDisconnected": "client went away",
}
#: Rows that one console line or message takes when it is unfolded.
MOST_LINES = 200


@dataclass(slots=True)
class Detail:
    """A row of an unfolded record."""

    kind: str
    """A console line's level; `exception`, `frame`, `more` (a line's further rows) or `fact`."""
    text: str
    where: Location | None = None


class LogRecord:
    """One invocation. What filters look at is there at once, the rest when it is painted.

    Args:
        raw: As the engine tells it.
    """

    __slots__ = ("environment", "method", "outcome", "raw", "seq", "status", "url")

    def __init__(self, raw: Json) -> None:
        self.raw = raw
        self.seq: int = raw["seq"]
        self.environment: str = raw["environment"]
        self.outcome: str = raw["outcome"]
        event = raw.get("event") or {}
        request = event.get("request")
        if request is not None:
            self.method: str = request["method"]
            self.url: str = request["url"]
        else:
            self.method, self.url = _event(event)
        self.status: int | None = (event.get("response") or {}).get("status")

    @property
    def at(self) -> float:
        """When it began, seconds since 1970."""
        return float(self.raw["eventTimestamp"]) / 1000

    @property
    def path(self) -> str:
        """Path and query of a request; what another event is about."""
        if "://" not in self.url:
            return self.url
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def failed(self) -> bool:
        """Whether it went wrong: an exception, a limit, a status of 500 or above."""
        return (
            self.outcome not in ("ok", "canceled")
            or bool(self.raw["exceptions"])
            or (self.status or 0) >= 500
        )

    @property
    def level(self) -> str:
        """The worst that it says: `error`, `warn` or `all`."""
        if self.failed:
            return ERROR
        levels = {line["level"] for line in self.raw["logs"]}
        return ERROR if "error" in levels else WARN if "warn" in levels else ALL

    def headline(self) -> tuple[str, str, Location | None]:
        """What the record's own row says at its end: kind (as a detail's), text, place."""
        if errors := self.raw["exceptions"]:
            error = errors[0]
            frames = error.get("frames") or ()
            where = Location.read(frames[0]) if frames else None
            return "exception", f"{error['name']}: {error['message']}".split("\n")[0], where
        lines = self.raw["logs"]
        if self.outcome != "ok":
            return "exception" if self.failed else "warn", OUTCOMES.get(self.outcome, self.outcome), None
        for level in ("error", "warn", ""):
            for line in lines:
                if line["level"] == level or not level:
                    text = " ".join(line["message"]).split("\n")[0]
                    more = f"  +{len(lines) - 1}" if len(lines) > 1 else ""
                    return line["level"], text + more, Location.read(line)
        return "", "", None

    def details(self) -> list[Detail]:
        """The rows of the unfolded record."""
        raw = self.raw
        facts = [self.url or self.path, f"ray {raw['ray']}", f"cpu {raw['cpuTime']:.1f} ms"]
        if raw.get("entrypoint"):
            facts.append(f"entrypoint {raw['entrypoint']}")
        if raw.get("truncated"):
            facts.append("cut at 256 KB")
        found = [Detail("fact", "  ".join(facts))]
        for line in raw["logs"]:
            found += _lines(line["level"], " ".join(line["message"]), Location.read(line))
        for error in raw["exceptions"]:
            found += _lines("exception", f"{error['name']}: {error['message']}", None)
            for frame in error.get("frames") or ():
                found.append(Detail("frame", frame.get("function") or "", Location.read(frame)))
        return found

    def first_place(self) -> Location | None:
        """The place in the code that it is about: where it threw, else where it first wrote."""
        if (where := self.headline()[2]) is not None:
            return where
        return next((detail.where for detail in self.details() if detail.where is not None), None)

    def has(self, word: str) -> bool:
        """Whether a lower-case text is in its address, its console lines or its exceptions."""
        raw = self.raw
        return (
            word in self.url.lower()
            or any(word in " ".join(line["message"]).lower() for line in raw["logs"])
            or any(word in f"{error['name']}: {error['message']}".lower() for error in raw["exceptions"])
        )


def _event(event: Json) -> tuple[str, str]:
    """Method and address of what is no request."""
    if "cron" in event:
        return "cron", str(event["cron"])
    if "queue" in event:
        return "queue", f"{event['queue']}  {event.get('batchSize', 0)} messages"
    if "rpcMethod" in event:
        return "rpc", str(event["rpcMethod"])
    return ("alarm", "") if "scheduledTime" in event else ("event", "")


def _lines(kind: str, text: str, where: Location | None) -> list[Detail]:
    first, *rest = text.rstrip("\n").split("\n")
    if len(rest) > MOST_LINES:
        rest = [*rest[:MOST_LINES], f"… {len(rest) - MOST_LINES} lines more"]
    return [Detail(kind, first, where), *(Detail("more", line, where) for line in rest)]


# ------------------------------------------------------------------ what is shown

_STATUS = re.compile(r"status(>=|<=|[:=<>])([\dx-]+)$")
_FIELDS = ("env", "method", "level", "outcome", "ray")


@dataclass(frozen=True)
class LogFilter:
    """What somebody typed, and the switches beside it: `status>=400 env:production method:POST text`."""

    typed: str = ""
    level: str = ALL
    words: Sequence[str] = field(default=(), init=False)
    tests: Sequence[Callable[[LogRecord], bool]] = field(default=(), init=False)
    filters: Sequence[Json] = field(default=(), init=False)
    """For the engine."""
    environment: str | None = field(default=None, init=False)
    trouble: str = field(default="", init=False)
    """What of it is not understood; it counts as a word."""

    def __post_init__(self) -> None:
        words: list[str] = []
        tests: list[Callable[[LogRecord], bool]] = []
        filters: list[Json] = []
        for token in self.typed.split():
            name, colon, value = token.partition(":")
            if (found := _STATUS.match(token.lower())) and (ends := _ends(found[1], found[2])):
                low, high = ends
                tests.append(_between(low, high))
                filters.append({"status": f"{low}-{high}" if low != high else str(low)})
            elif colon and value and name.lower() in _FIELDS:
                self._field(name.lower(), value, tests, filters)
            else:
                if token.lower().startswith("status"):
                    object.__setattr__(self, "trouble", f"{token}: write status>=400, status:5xx, status:404")
                words.append(token.lower())
                filters.append({"text": token})
        if self.level != ALL:
            filters.append({"least": self.level})
        object.__setattr__(self, "words", tuple(words))
        object.__setattr__(self, "tests", tuple(tests))
        object.__setattr__(self, "filters", tuple(filters))

    def _field(
        self, name: str, value: str, tests: list[Callable[[LogRecord], bool]], filters: list[Json]
    ) -> None:
        wanted = value.split(",")
        if name == "env":
            object.__setattr__(self, "environment", value)
            tests.append(lambda record: record.environment in wanted)
        elif name == "method":
            tests.append(lambda record: record.method.upper() in [each.upper() for each in wanted])
            filters.append({"method": wanted})
        elif name == "outcome":
            tests.append(lambda record: record.outcome in wanted)
            filters.append({"outcome": wanted})
        elif name == "level":
            tests.append(lambda record: any(line["level"] in wanted for line in record.raw["logs"]))
            filters.append({"level": wanted})
        else:
            tests.append(lambda record: record.raw["ray"] == value.lower())
            filters.append({"ray": value})

    def passes(self, record: LogRecord) -> bool:
        """Whether a record is shown."""
        if self.level != ALL:
            level = record.level
            if level != ERROR and (self.level == ERROR or level != WARN):
                return False
        return all(test(record) for test in self.tests) and all(record.has(word) for word in self.words)

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.level == ALL and not self.words and not self.tests


def _between(low: int, high: int) -> Callable[[LogRecord], bool]:
    return lambda record: low <= (record.status or 0) <= high


def _ends(sign: str, number: str) -> tuple[int, int] | None:
    """Both ends of a range of statuses."""
    if re.fullmatch(r"[1-5]xx", number):
        return int(number[0]) * 100, int(number[0]) * 100 + 99
    if found := re.fullmatch(r"(\d{3})-(\d{3})", number):
        return int(found[1]), int(found[2])
    if not re.fullmatch(r"\d{3}", number):
        return None
    bound = int(number)
    return {">=": (bound, 999), ">": (bound + 1, 999), "<=": (100, bound), "<": (100, bound - 1)}.get(
        sign, (bound, bound)
    )
