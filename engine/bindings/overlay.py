"""What a sandboxed draft would have written: kept back here, seen by its later reads, applied by choice.

One overlay belongs to one draft session and outlives a run of it, so that the next run sees what the last
one "wrote". Each kind of resource keeps its own form of pending state in a `Space`; this file knows none of
them. A space notes under a key of its own which write its state comes from, and what the live value was then:
so single writes can be applied, and a live value that has changed meanwhile is not overwritten unasked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from engine.bindings import kept
from engine.bindings.binding import BindingError
from engine.bindings.kept import Change, KeptWrite, Mark
from engine.errors import ApiError, Conflict

if TYPE_CHECKING:
    from engine.runtime.invocation import Call
    from engine.store import Connection, Store

MAX_BYTES: Final = 128 * 1024 * 1024
"""What one session may keep back in all, in bytes: it lives in the memory of the drafts process."""

MAX_ITEMS: Final = 10_000
"""How many writes the list shows; later ones are kept back and counted, but not listed."""

MAX_SEEN: Final = 10_000
"""Live values of which a session remembers in what state it read them."""

STALE: Final = 10409
"""Code of what cannot be applied because a live value has changed."""

Key = Hashable


class Space(ABC):
    """Pending state of one resource, for example of one KV namespace.

    Args:
        resource: id of the resource, e.g. a namespace's.
        overlay: where its bytes count.

    Attributes:
        writers: for each key of its own with pending state, the call that wrote it last.
        replaced: the numbers of listed writes that this one has replaced, by key.
    """

    def __init__(self, resource: str, overlay: Overlay) -> None:
        self.resource = resource
        self.overlay = overlay
        self.writers: dict[Key, Mark] = {}
        self.replaced: dict[Key, list[int]] = {}

    refusal: ClassVar[str] = ""
    """Why its writes can never be applied; "" where they can."""

    outside: ClassVar[bool] = False
    """Whether `apply` writes elsewhere than in the caller's transaction: such a space comes last."""

    def wrote(self, key: Key) -> None:
        """The call that is being made has changed what is pending under a key."""
        mark = kept.current()
        mark.keys += 1
        before = self.writers.get(key)
        if before is not None and before is not mark and self.overlay.lists(before.id):
            self.replaced.setdefault(key, []).append(before.id)
        self.writers[key] = mark

    def conflicts(self, connection: Connection, keys: Collection[Key]) -> dict[Key, str]:
        """Which live values have changed since the draft read or wrote them, and how."""
        return {}

    def change(self, key: Key) -> Change | None:
        """What applying makes of the live value, where that is cheap to tell."""
        return None

    @abstractmethod
    def apply(self, connection: Connection, keys: Collection[Key]) -> None:
        """Write the pending state of these keys, inside a transaction that the caller opened."""

    def settle(self) -> None:  # noqa: B027  (most write only while a call is made)
        """Record what was written between calls, before the list is looked at."""

    async def finish(self, keys: Collection[Key], forced: Collection[Key]) -> None:  # noqa: B027  (most have nothing outside)
        """The transaction was committed: do what belongs elsewhere; `forced` keys may overwrite.

        Raises:
            ApiError: it cannot be done; what is still pending stays.
        """

    def forget(self, keys: Collection[Key]) -> None:  # noqa: B027  (some have nothing but `writers`)
        """These keys were applied: they are pending no more."""

    def drop(self) -> None:  # noqa: B027  (most have nothing but memory)
        """Let go of what is held beside memory; the space is not used any more."""


S = TypeVar("S", bound=Space)
Choice = dict[Space, list[Key]]


class Overlay:
    """Everything one draft session has kept back.

    Args:
        limit: most bytes to hold.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._spaces: dict[tuple[type[Space], str], Space] = {}
        self._items: dict[int, KeptWrite] = {}
        self._seen: dict[tuple[type[Space], str, Key], Any] = {}
        self.bytes = 0
        self.count = 0
        """Writes that are kept back now."""
        self.last = 0
        """Number of the last write of the session; also the mark for `since`."""

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

    def saw(self, kind: type[Space], resource: str, key: Key, state: Any) -> None:
        """The draft has read a live value in this state, which a later write of it builds on."""
        if len(self._seen) >= MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[kind, resource, key] = state

    def seen(self, kind: type[Space], resource: str, key: Key, now: Any) -> Any:
        """The state in which the draft has read a live value; `now` when it has not."""
        return self._seen.get((kind, resource, key), now)

    def record(self, call: Call, mark: Mark | None = None) -> None:
        """List a call as a write that was kept back; `mark` is the one of its changes."""
        self.count += 1
        self.last += 1
        mark = mark or kept.current()
        mark.id = self.last
        if len(self._items) < MAX_ITEMS:
            self._items[mark.id] = KeptWrite.of(call, mark)

    def lists(self, number: int) -> bool:
        """Whether a write is on the list."""
        return number in self._items

    def since(self, mark: int = 0) -> Sequence[KeptWrite]:
        """The writes listed after `last` was `mark`, oldest first: those of one run, or all of them."""
        return [item for number, item in self._items.items() if number > mark]

    async def listing(self, store: Store) -> list[dict[str, Any]]:
        """Every listed write as JSON, with what it changes and why it cannot be applied as things are.

        Beside what `KeptWrite.to_json` has: `superseded`, whether later writes have replaced all of it;
        `conflict`, what has happened to the live value, or None; `refusal`, why it can never be applied, or
        None; `change`, `{before, after}` with `{size, text}` or null each, or None where it is not known.
        """
        self._settle()
        choice = {space: list(space.writers) for space in self._spaces.values()}
        drifted = await store.read(lambda connection: _drifted(connection, choice))
        of_item: dict[int, list[tuple[Space, Key]]] = {}
        for space, keys in choice.items():
            for key in keys:
                of_item.setdefault(space.writers[key].id, []).append((space, key))
        listed = []
        for item in self._items.values():
            places = of_item.get(item.id, [])
            conflicts = [words for place in places if (words := drifted.get(place)) is not None]
            refusals = [space.refusal for space, _ in places if space.refusal]
            change = places[0][0].change(places[0][1]) if len(places) == 1 else None
            listed.append(
                {
                    **item.to_json(),
                    "superseded": item.single and not places,
                    "conflict": conflicts[0] if conflicts else None,
                    "refusal": refusals[0] if refusals else None,
                    "change": change and change.to_json(),
                }
            )
        return listed

    # ------------------------------------------------------------------ applying

    async def apply(
        self, store: Store, ids: Collection[int] | None = None, force: bool | Collection[int] = False
    ) -> int:
        """Do what was kept back, what is in the database in one transaction.

        Args:
            store: where to.
            ids: which writes; None is all of them, also those that are not listed.
            force: writes that may overwrite a live value that has changed meanwhile; True is all.

        Returns:
            How many writes that were; they are kept back no more, nor those that they had replaced.

        Raises:
            Conflict: 10409, live values have changed, and nothing was applied; `data` has the `conflicts`.
            ApiError: 10026, there is no such write, or it cannot be applied.
        """
        self._settle()
        choice = self._choose(ids)

        def may(space: Space, key: Key) -> bool:
            return force if isinstance(force, bool) else space.writers[key].id in force

        def write(connection: Connection) -> None:
            drifted = _drifted(connection, choice, strict=True)
            refused = {place: words for place, words in drifted.items() if not may(*place)}
            if refused:
                raise self._stale(refused)
            for space in sorted(choice, key=lambda space: space.outside):
                space.apply(connection, choice[space])

        await store.write(write)
        before = self.count
        done = {space.writers[key].id for space, keys in choice.items() for key in keys}
        for space, keys in choice.items():
            done.update(number for key in keys for number in space.replaced.get(key, ()))
        try:
            for space, keys in choice.items():
                await space.finish(keys, [key for key in keys if may(space, key)])
                space.forget(keys)
                for key in keys:
                    self._seen.pop((type(space), space.resource, key), None)
                    space.writers.pop(key, None)
                    space.replaced.pop(key, None)
        finally:
            self._forget(done)
        if ids is None:
            self.drop()
        return before - self.count

    def drop(self) -> None:
        """Forget everything: the resources are as if the session had never run."""
        for space in self._spaces.values():
            space.drop()
        self._spaces.clear()
        self._items.clear()
        self._seen.clear()
        self.bytes = 0
        self.count = 0

    def _settle(self) -> None:
        for space in list(self._spaces.values()):
            space.settle()

    def _choose(self, ids: Collection[int] | None) -> Choice:
        """The keys of each space that these writes have the last word on, in the order of the writes."""
        spaces = list(self._spaces.values())
        if ids is None:
            choice = {space: list(space.writers) for space in spaces}
        else:
            for number in ids:
                self._check(number)
            choice = {
                space: keys
                for space in spaces
                if (keys := [key for key, mark in space.writers.items() if mark.id in ids])
            }
        refusal = next((space.refusal for space, keys in choice.items() if space.refusal and keys), "")
        if refusal:
            raise ApiError(10026, refusal, 409)
        return choice

    def _check(self, number: int) -> None:
        item = self._items.get(number)
        if item is None:
            raise ApiError(10026, f"This session keeps back no write {number}.", 400)
        if not item.single:
            raise ApiError(10026, f"Write {number}, {item.name}, cannot be applied alone: apply all.", 409)
        if not any(mark.id == number for space in self._spaces.values() for mark in space.writers.values()):
            raise ApiError(
                10026, f"Write {number}, {item.name}, was replaced by a later one: apply that.", 409
            )

    def _forget(self, done: Collection[int]) -> None:
        """Take what was applied, and what it had replaced before, off the list; not what is still pending."""
        alive = {mark.id for space in self._spaces.values() for mark in space.writers.values()}
        for number in {each for each in done if each in self._items and each not in alive}:
            del self._items[number]
            self.count -= 1

    def _stale(self, refused: Mapping[tuple[Space, Key], str]) -> Conflict:
        found: dict[int, str] = {}
        for (space, key), words in refused.items():
            found.setdefault(space.writers[key].id, words)
        told = [
            {**item.to_json(), "conflict": found[item.id]}
            for item in self._items.values()
            if item.id in found
        ]
        first = "; ".join(
            f"{each['id']}: {each['binding']} {each['subject']} {each['conflict']}" for each in told[:3]
        )
        more = f", and {len(found) - 3} more" if len(found) > 3 else ""
        return Conflict(
            STALE,
            f"Nothing was applied: live values have changed since the draft ({first}{more}). "
            "Leave these writes out, or force them.",
            data={"conflicts": told},
        )


def _drifted(connection: Connection, choice: Choice, *, strict: bool = False) -> dict[tuple[Space, Key], str]:
    """What has changed below the pending state; a resource that is gone counts unless `strict`."""
    found: dict[tuple[Space, Key], str] = {}
    for space, keys in choice.items():
        try:
            drifted = space.conflicts(connection, keys)
        except ApiError as error:
            if strict:
                raise
            drifted = dict.fromkeys(keys, error.message)
        found.update({(space, key): words for key, words in drifted.items()})
    return found
