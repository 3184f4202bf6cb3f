"""How a row of the log is painted: one line an invocation, and the rows that are folded in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.style import Style
from rich.text import Text

from tui import format
from tui.log_records import Detail, LogRecord
from tui.run_report import Location

TONES = {
    "exception": "error",
    "error": "error",
    "warn": "warning",
    "info": "accent",
    "debug": "faint",
    "trace": "faint",
    "log": "muted",
}
SIGNS = {"exception": "✗", "error": "✗", "warn": "!"}
#: Cells of an environment's name, at most; of a path, at least and at most.
NAME, PATH, LONGEST_PATH = 12, 14, 44


@dataclass(frozen=True)
class Look:
    """What rows are painted with.

    Attributes:
        known: colours by the theme's names.
        width: cells of a row.
        names: cells for the environment's name; 0 where all are of one.
        milliseconds: whether times have them.
    """

    known: Mapping[str, str]
    width: int
    names: int
    milliseconds: bool

    @property
    def lead(self) -> int:
        """Cells before the status."""
        return (12 if self.milliseconds else 8) + (3 + self.names if self.names else 0) + 1

    @property
    def path(self) -> int:
        """Cells of the path."""
        room = self.width - self.lead - 4 - 7 - 10
        return max(PATH, min(LONGEST_PATH, int(room * 0.3)))


def of_record(record: LogRecord, open: bool, look: Look) -> Text:
    """A record's own row.

    Args:
        record: The record.
        open: Whether it is unfolded.
        look: What it is painted with.
    """
    known = look.known
    row = Text(no_wrap=True, end="")
    when = datetime.fromtimestamp(record.at)
    time = f"{when:%H:%M:%S}" + (f".{when.microsecond // 1000:03}" if look.milliseconds else "")
    row.append(time, known["faint"])
    if look.names:
        production = record.environment == "production"
        row.append(" ▲ " if production else "   ", known["production"])
        row.append(_cell(record.environment, look.names), known["muted"])
    row.append(" ")
    row.append_text(_status(record, known))
    row.append(" " + _cell(record.method, 6) + " ", known["foreground"])
    row.append(_cell(record.path, look.path), known["foreground"])
    took = format.duration(record.raw["wallTime"])
    number, _, unit = took.partition(" ")
    row.append(f"{number:>6} ", known["foreground"])
    row.append(f"{unit:<3}", known["faint"])
    kind, text, where = record.headline()
    if kind and not open:
        row.append(" ")
        place = f"  {where.file}:{where.line}" if where else ""
        room = max(8, look.width - row.cell_len - len(place) - 2)
        row.append_text(_said(kind, text, room, known))
        if where:
            row.append_text(_link(where, known, place))
    return row


def of_detail(detail: Detail, look: Look) -> Text:
    """A row of an unfolded record."""
    known = look.known
    row = Text(" " * min(look.lead, 12), no_wrap=True, end="")
    row.append("│ ", known["line"])
    place = f"  {detail.where.file}:{detail.where.line}" if detail.where else ""
    room = max(8, look.width - row.cell_len - len(place))
    if detail.kind == "fact":
        row.append(_cut(detail.text, room), known["muted"])
    elif detail.kind == "more":
        row.append("    " + _cut(detail.text, room - 4), known["muted"])
    elif detail.kind == "frame":
        row.append("    at ", known["faint"])
        row.append(_cut(detail.text or "(top)", room - 8), known["foreground"])
        if detail.where:
            where = detail.where
            return row.append_text(_link(where, known, f"  {where.file}:{where.line}:{where.column}"))
    else:
        row.append_text(_said(detail.kind, detail.text, room, known))
    if detail.where:
        row.append_text(_link(detail.where, known, place))
    return row


def _status(record: LogRecord, known: Mapping[str, str]) -> Text:
    """The status, or what stands for it."""
    status = record.status
    if status is None:
        if record.failed:
            return Text(" ✗ ", known["error"])
        return Text(" – " if record.outcome == "ok" else " ! ", known["faint"])
    if status >= 500:
        return Text(str(status), Style.parse(f"bold {known['error']}"))
    tone = "warning" if status >= 400 else "muted" if status >= 300 else "success"
    return Text(str(status), known[tone])


def _said(kind: str, text: str, room: int, known: Mapping[str, str]) -> Text:
    """`✗ TypeError: …`, `! old format`, `log at most 500 notes`."""
    tone = known[TONES.get(kind, "muted")]
    sign = SIGNS.get(kind)
    if sign:
        return Text(f"{sign} {_cut(text, room - 2)}", tone)
    return Text.assemble((f"{kind} ", tone), (_cut(text, room - len(kind) - 1), known["foreground"]))


def _link(where: Location, known: Mapping[str, str], text: str) -> Text:
    """A place in the code that can be clicked."""
    style = Style.parse(f"underline {known['accent']}") + Style(meta={"place": True})
    return Text.assemble("  ", (text.lstrip(), style))


def _cell(text: str, width: int) -> str:
    cut = Text(text, no_wrap=True)
    cut.truncate(width, overflow="ellipsis", pad=True)
    return cut.plain


def _cut(text: str, width: int) -> str:
    cut = Text(text.replace("\t", "  "), no_wrap=True)
    cut.truncate(max(1, width), overflow="ellipsis")
    return cut.plain
