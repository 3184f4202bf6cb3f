"""Bindings that are plain values: text, JSON, secrets, and the version's own metadata.

They have no operations: their value goes into the isolate once, with the spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.bindings.binding import Binding, BindingError, Result

if TYPE_CHECKING:
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation


class Variable(Binding):
    """A value under a name; `settings` goes into the spec as it is."""

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        super().__init__(name)
        self._settings = settings

    def spec(self) -> dict[str, Any]:
        """Name, type and the value."""
        return super().spec() | self._settings

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """Refuse: a value has no operations."""
        raise BindingError(
            f'Binding "{self.name}" is a value: it has no operation "{operation}".', "TypeError"
        )


class PlainText(Variable):
    """`{text}`: a string."""

    type: ClassVar[str] = "plain_text"


class Json(Variable):
    """`{json}`: any JSON value."""

    type: ClassVar[str] = "json"


class SecretText(Variable):
    """`{text}`: a string that only the isolate ever sees. Here, and only here, it is clear text."""

    type: ClassVar[str] = "secret_text"

    def __repr__(self) -> str:
        return f"SecretText({self.name!r}, ***)"


class VersionMetadata(Variable):
    """`{id, tag, timestamp}` of the version that runs."""

    type: ClassVar[str] = "version_metadata"
