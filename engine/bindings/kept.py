"""One write that was kept back: what the list says of it, and whose change of a resource is whose."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.runtime.invocation import Call

PREVIEW: Final = 80
"""Characters of a value that the list shows."""


class Mark:
    """A call that may turn out to be a write.

    Attributes:
        id: number of the write that it became, from 1; 0 before, and for a call that failed half-way.
        keys: how many changes of resources it made.
    """

    __slots__ = ("id", "keys")

    def __init__(self) -> None:
        self.id = 0
        self.keys = 0


_current: ContextVar[Mark | None] = ContextVar("kept_mark", default=None)
"""The mark of the call that is being made."""


def current() -> Mark:
    """The mark of the call that is being made, or one that is nobody's."""
    return _current.get() or Mark()


class Marked:
    """While it is entered, changes belong to one call."""

    __slots__ = ("_mark", "_token")

    def __init__(self) -> None:
        self._mark = Mark()

    def __enter__(self) -> Mark:
        self._token = _current.set(self._mark)
        return self._mark

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


@dataclass(frozen=True, slots=True)
class Shown:
    """A value in the list: bytes, and its beginning on one line where it is text."""

    size: int
    text: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the runs resource sends it."""
        return {"size": self.size, "text": self.text}


@dataclass(frozen=True, slots=True)
class Change:
    """What a write makes of a value; None is a value that is not there."""

    before: Shown | None
    after: Shown | None

    def to_json(self) -> dict[str, Any]:
        """As the runs resource sends it."""
        return {
            "before": self.before and self.before.to_json(),
            "after": self.after and self.after.to_json(),
        }


@dataclass(frozen=True, slots=True)
class KeptWrite:
    """One write, for whoever reads the list.

    Attributes:
        id: its number in the session, from 1, never given twice.
        size: bytes of user data, or None.
        single: whether it can be chosen alone.
    """

    binding: str
    operation: str
    subject: str
    size: int | None
    service: str
    environment: str
    kind: str = ""
    id: int = 0
    single: bool = True

    @classmethod
    def of(cls, call: Call, mark: Mark) -> KeptWrite:
        """A call that wrote."""
        return cls(
            call.binding,
            call.operation,
            call.subject,
            call.size,
            call.service,
            call.environment,
            call.kind,
            mark.id,
            mark.keys > 0,
        )

    @property
    def name(self) -> str:
        """`NOTES.put note:17`."""
        return f"{self.binding}.{self.operation} {self.subject}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """The item as the runs resource sends it."""
        return {
            "id": self.id,
            "binding": self.binding,
            "operation": self.operation,
            "subject": self.subject,
            "size": self.size,
            "service": self.service,
            "environment": self.environment,
            "kind": self.kind,
        }


def shown(value: bytes) -> Shown:
    """The size of a value and, of text, its beginning."""
    try:
        text = value[: PREVIEW * 4].decode()
    except UnicodeDecodeError as error:
        if len(value) <= PREVIEW * 4 or error.start < PREVIEW * 4 - 3:
            return Shown(len(value))
        text = value[: error.start].decode()  # the cut went through a letter
    line = " ".join(text.split())
    if not line.isprintable():
        return Shown(len(value))
    cut = len(line) > PREVIEW or len(value) > PREVIEW * 4
    return Shown(len(value), line[: PREVIEW - 1] + "…" if cut else line)


def drift(before: Shown | None, now: Shown | None) -> str:
    """What happened to a live value that a draft built on."""
    if now is None:
        return "deleted meanwhile"
    return f"{'written' if before is None else 'changed'} meanwhile: {now.size:,} bytes now"
