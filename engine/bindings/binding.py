"""The host half of a binding: what `env.NAME` reaches when JavaScript calls it.

A binding has two halves. The JavaScript one (`runtime/js/src/bindings`) checks arguments and shapes results
as Workers does; the one here does the work. Between them goes one operation name, a JSON list of arguments
and at most one body each way.

Nothing here records timing, errors or what was kept back: `trace.traced_call` does, for every kind alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from engine.bindings.overlay import Overlay
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation


@dataclass(frozen=True, slots=True)
class Result:
    """What a call answers.

    Attributes:
        value: JSON-able value handed to the JavaScript half.
        body: raw bytes, or a stream of them, beside the value.
        size: bytes of user data that the call moved, where known; the trace shows it.
        wrote: that a sandboxed call kept a write back, where its operation alone does not tell (SQL).
    """

    value: Any = None
    body: Body = None
    size: int | None = None
    wrote: bool = False


class BindingError(Exception):
    """A call failed in a way that the user's code sees as a JavaScript exception.

    Args:
        message: the text Workers would give.
        name: JavaScript class of the exception: "Error", "TypeError", "RangeError", …
    """

    def __init__(self, message: str, name: str = "Error") -> None:
        super().__init__(message)
        self.message = message
        self.name = name


class Binding(ABC):
    """One binding of one version, ready to be called.

    Instances are immutable and shared by every isolate and request of the version.
    """

    type: ClassVar[str]
    """Cloudflare's name of the kind, e.g. "kv_namespace"."""

    writes: ClassVar[frozenset[str]] = frozenset()
    """Operations that change something; in a sandboxed run these are kept back."""

    def __init__(self, name: str) -> None:
        self.name = name

    def spec(self) -> dict[str, Any]:
        """What the isolate is told about the binding when it boots.

        Clear text of secrets is in it: it goes into the isolate and nowhere else, never to a log.
        """
        return {"name": self.name, "type": self.type}

    @abstractmethod
    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """Do one operation.

        Args:
            invocation: the request on whose behalf this happens.
            operation: name that the JavaScript half gave, e.g. "get".
            args: its JSON arguments.
            body: bytes or a stream, e.g. the value of a KV put.

        Raises:
            BindingError: the user's code gets this as an exception.
        """

    def title(self, operation: str, args: list[Any]) -> str:
        """What the trace calls the operation: a method's name where the user chose it."""
        return operation

    def subject(self, operation: str, args: list[Any]) -> str:
        """What the trace shows the call to be about: the key, "GET /whoami", …"""
        return ""

    def outcome(self, operation: str, result: Result) -> str:
        """The result in a word or two for the trace: "88 B", "null", "200", …"""
        return ""

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The same binding, its writes landing in `overlay` and its reads seeing them first."""
        return self
