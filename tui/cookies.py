"""Set-Cookie headers, taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cookie:
    """One cookie that an answer sets."""

    name: str
    value: str
    attributes: tuple[tuple[str, str], ...] = ()
    """`(name, value)` as written; the value is empty for `Secure` and `HttpOnly`."""

    @property
    def removes(self) -> bool:
        """Whether it takes the cookie away."""
        return ("max-age", "0") in {(name.lower(), value) for name, value in self.attributes}

    @property
    def summary(self) -> str:
        """Its attributes in a line: `Path=/  HttpOnly  Secure`."""
        return "  ".join(f"{name}={value}" if value else name for name, value in self.attributes)


def cookies(headers: Iterable[tuple[str, str]]) -> list[Cookie]:
    """The cookies that these headers set, in order."""
    found: list[Cookie] = []
    for header, line in headers:
        if header.lower() != "set-cookie":
            continue
        pair, *rest = line.split(";")
        name, equals, value = pair.partition("=")
        attributes = [part.strip().partition("=") for part in rest if part.strip()]
        found.append(
            Cookie(
                name.strip() if equals else "",
                (value if equals else pair).strip(),
                tuple((key.strip(), content.strip()) for key, _, content in attributes),
            )
        )
    return found
