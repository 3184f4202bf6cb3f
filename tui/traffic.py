"""What environments were asked in the last minutes, for the list and for one environment's detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tui.log_records import LogRecord
from tui.run_report import Location
from tui.service_rows import Place

Json = dict[str, Any]
#: Kinds of errors that a detail lists.
KINDS = 5


@dataclass(frozen=True, slots=True)
class Traffic:
    """An environment in two numbers."""

    per_second: float
    """Requests a second in the last minute that is complete."""
    errors: int
    """Answers of 500 and above in the last five minutes."""

    @property
    def rate(self) -> str:
        """`0.4/s`, `12/s`, `1.2k/s`; empty when it is next to nothing."""
        if self.per_second < 0.05:
            return ""
        if self.per_second >= 1000:
            return f"{self.per_second / 1000:.1f}k/s"
        return f"{self.per_second:.1f}/s" if self.per_second < 10 else f"{self.per_second:.0f}/s"


@dataclass(frozen=True, slots=True)
class Failure:
    """A kind of error: all that say the same at the same line."""

    words: str
    times: int
    last: str
    """When it was seen last, ISO 8601."""
    where: Location | None
    version_id: str | None
    """The version that the line is of."""


def traffic(rows: Sequence[Json]) -> dict[Place, Traffic]:
    """By place, of the rows of `metrics`."""
    return {
        Place(row["service"], row["environment"]): Traffic(
            row["requests_per_second"], sum(row["rates"]["errors"])
        )
        for row in rows
    }


def failures(records: Sequence[Json]) -> list[Failure]:
    """Kinds of errors of the records of a log, the latest first."""
    found: dict[tuple[str, str], Failure] = {}
    for raw in records:
        record = LogRecord(raw)
        if not record.failed:
            continue
        _, words, where = record.headline()
        if not raw["exceptions"] and record.outcome == "ok":
            words = f"{record.status} {record.method} {record.path}"
        key = words, f"{where.file}:{where.line}" if where else ""
        before = found.pop(key, None)
        found[key] = Failure(
            words,
            before.times + 1 if before else 1,
            datetime.fromtimestamp(record.at, UTC).isoformat(),
            where,
            (raw.get("scriptVersion") or {}).get("id"),
        )
    return list(found.values())[::-1][:KINDS]
