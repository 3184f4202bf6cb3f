"""What a sandboxed draft would have written: kept back here, seen by its later reads, applied on request.

One overlay belongs to one draft session and outlives a run of it, so that the next run sees what the last
one "wrote". Each kind of resource keeps its own form of pending state in a `Space`; this file knows none of
them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from engine.bindings.binding import BindingError

if TYPE_CHECKING:
    from engine.runtime.invocation import Call
    from engine.store import Connection, Store

MAX_BYTES: Final = 128 * 1024 * 1024
"""What one session may keep back in all, in bytes: it lives in the memory of the drafts process."""

MAX_ITEMS: Final = 10_000
"""How many writes the list shows; later ones are kept back and counted, but not listed."""


@dataclass(frozen=True, slots=True)
class KeptWrite:
    """One write that was kept back, for whoever reads the list; `size` is bytes of user data or None."""

    binding: str
    operation: str
    subject: str
    size: int | None
    service: str
    environment: str
    kind: str = ""

    def to_json(self) -> dict[str, Any]:
        """The item as the runs resource sends it."""
        return {
            "binding": self.binding,
            "operation": self.operation,
            "subject": self.subject,
            "size": self.size,
            "service": self.service,
            "environment": self.environment,
            "kind": self.kind,
        }


class Space(ABC):
    """Pending state of one resource, for example of one KV namespace.

    Args:
        resource: id of the resource, e.g. a namespace's.
        overlay: where its bytes count.
    """

    def __init__(self, resource: str, overlay: Overlay) -> None:
        self.resource = resource
        self.overlay = overlay

    applicable: ClassVar[bool] = True
    """Whether `apply` does anything: the copies of Durable Objects are for looking at."""

    outside: ClassVar[bool] = False
    """Whether `apply` writes elsewhere than in the caller's transaction: such a space comes last."""

    @abstractmethod
    def apply(self, connection: Connection) -> None:
        """Write the pending state, inside a transaction that the caller opened."""

    def drop(self) -> None:  # noqa: B027  (most have nothing but memory)
        """Let go of what is held beside memory; the space is not used any more."""


S = TypeVar("S", bound=Space)


class Overlay:
    """Everything one draft session has kept back.

    Args:
        limit: most bytes to hold.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._spaces: dict[tuple[type[Space], str], Space] = {}
        self._items: list[KeptWrite] = []
        self.bytes = 0
        self.count = 0
        """Writes kept back since the session began; also the mark for `since`."""

    def space(self, kind: type[S], resource: str) -> S:
        """The pending state of one resource, made when first asked for."""
        found = self._spaces.get((kind, resource))
        if found is None:
            found = self._spaces[kind, resource] = kind(resource, self)
        assert isinstance(found, kind)
        return found

    def existing(self, kind: type[S], resource: str) -> S | None:
        """The same, or None when nothing was written there."""
        found = self._spaces.get((kind, resource))
        return found if isinstance(found, kind) else None

    def grow(self, delta: int) -> None:
        """Account for `delta` more bytes (or fewer) held in a space.

        Raises:
            BindingError: it would be more than the session may hold; nothing is counted.
        """
        if delta > 0 and self.bytes + delta > self._limit:
            raise BindingError(
                f"This draft session keeps back at most {self._limit // (1024 * 1024)} MB of writes: "
                "apply or drop them, or run live."
            )
        self.bytes += delta

    @property
    def room(self) -> int:
        """Bytes that fit yet."""
        return max(0, self._limit - self.bytes)

    def record(self, call: Call) -> None:
        """List a call as a write that was kept back."""
        self.count += 1
        if len(self._items) < MAX_ITEMS:
            self._items.append(
                KeptWrite(
                    call.binding,
                    call.operation,
                    call.subject,
                    call.size,
                    call.service,
                    call.environment,
                    call.kind,
                )
            )

    def since(self, mark: int = 0) -> Sequence[KeptWrite]:
        """The writes listed after `count` was `mark`, oldest first: those of one run, or all of them."""
        return self._items[mark:]

    @property
    def applicable(self) -> bool:
        """Whether all that is kept back can be applied."""
        return all(space.applicable for space in self._spaces.values())

    async def apply(self, store: Store) -> int:
        """Do all that was kept back, in one transaction, and start over empty.

        Returns:
            How many writes that were.
        """
        spaces = sorted(self._spaces.values(), key=lambda space: space.outside)

        def write(connection: Connection) -> None:
            for space in spaces:
                space.apply(connection)

        await store.write(write)
        count = self.count
        self.drop()
        return count

    def drop(self) -> None:
        """Forget everything: the resources are as if the session had never run."""
        for space in self._spaces.values():
            space.drop()
        self._spaces.clear()
        self._items.clear()
        self.bytes = 0
        self.count = 0
