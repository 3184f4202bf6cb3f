"""A binding of a kind that this machine does not have: deployable, listed, and clear when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.bindings.binding import Binding, BindingError, Result

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation


class Unavailable(Binding):
    """Throws on use, naming itself. The JavaScript half throws first; this is for callers that skip it."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(name)
        self.type = kind  # type: ignore[misc]  # each one has a kind of its own

    def spec(self) -> dict[str, Any]:
        """Says that it is not there, also where its kind is."""
        return {**super().spec(), "unavailable": True}

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """Always refuses."""
        raise BindingError(f'Binding "{self.name}" ({self.type}) is not available on this machine.')
