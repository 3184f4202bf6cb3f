"""`_headers` and `_redirects`: rules by path, as text.

Source: developers.cloudflare.com/workers/static-assets/headers and …/redirects. A path may have one `*`
(`:splat`) and `:placeholders`, which stand for one segment; a rule may begin with `https://host`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

MAX_HEADER_RULES: Final = 100
MAX_REDIRECTS: Final = 2100
MAX_LINE: Final = 2000
STATUSES: Final = frozenset({200, 301, 302, 303, 307, 308})
_PLACEHOLDER = re.compile(r":([A-Za-z]\w*)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule's path, and its host where it has one."""

    path: re.Pattern[str]
    host: re.Pattern[str] | None = None

    @staticmethod
    def parse(text: str) -> Pattern:
        """The pattern that a rule's first line writes."""
        host = None
        match = re.match(r"https?://([^/]+)(.*)", text)
        if match is not None:
            host, text = _compiled(match[1], "[^.]+"), match[2] or "/"
        return Pattern(_compiled(text, "[^/]+"), host)

    def match(self, host: str, path: str) -> Mapping[str, str] | None:
        """The values of splat and placeholders, None when the URL is another."""
        values: dict[str, str] = {}
        if self.host is not None:
            found = self.host.fullmatch(host)
            if found is None:
                return None
            values.update(found.groupdict())
        found = self.path.fullmatch(path)
        return None if found is None else {**values, **found.groupdict()}


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """Headers to set, and names to take away, where the pattern matches."""

    pattern: Pattern
    set: list[tuple[str, str]] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a path leads; status 200 serves another file in its place."""

    pattern: Pattern
    to: str
    status: int


def parse_headers(text: str) -> list[HeaderRule]:
    """The rules of a `_headers` file; lines that say nothing are left out, as wrangler warns of them."""
    rules: list[HeaderRule] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#") or len(line) > MAX_LINE:
            continue
        if line.startswith(("/", "https://", "http://")):
            if len(rules) >= MAX_HEADER_RULES:
                break
            rules.append(HeaderRule(Pattern.parse(line)))
        elif rules and line.startswith("!"):
            rules[-1].unset.append(line[1:].strip().lower())
        elif rules and ":" in line:
            name, _, value = line.partition(":")
            rules[-1].set.append((name.strip().lower(), value.strip()))
    return rules


def parse_redirects(text: str) -> list[Redirect]:
    """The rules of a `_redirects` file: `from to [status]`."""
    rules: list[Redirect] = []
    for raw in text.splitlines():
        words = raw.split("#", 1)[0].split() if raw.lstrip().startswith("#") else raw.split()
        if len(words) not in (2, 3) or len(raw) > MAX_LINE or len(rules) >= MAX_REDIRECTS:
            continue
        status = int(words[2]) if len(words) == 3 and words[2].isdecimal() else 302
        if status in STATUSES and words[0].startswith("/"):
            rules.append(Redirect(Pattern.parse(words[0]), words[1], status))
    return rules


def applied(
    rules: Iterable[HeaderRule], host: str, path: str, headers: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The headers of a response after the rules: values of several rules are joined."""
    own = dict(headers)
    added: dict[str, str] = {}
    for rule in rules:
        values = rule.pattern.match(host, path)
        if values is None:
            continue
        for name in rule.unset:
            own.pop(name, None)
            added.pop(name, None)
        for name, text in rule.set:
            value = fill(text, values)
            added[name] = f"{added[name]}, {value}" if name in added else value
    return list({**own, **added}.items())


def redirected(rules: Iterable[Redirect], host: str, path: str) -> tuple[str, int] | None:
    """Where the first rule that matches leads, and its status."""
    for rule in rules:
        values = rule.pattern.match(host, path)
        if values is not None:
            return fill(rule.to, values), rule.status
    return None


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with the placeholders' values in it."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text) if values else text


def glob(pattern: str) -> re.Pattern[str]:
    """A pattern of `run_worker_first`: `*` stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


def _compiled(text: str, segment: str) -> re.Pattern[str]:
    out = []
    splat = False
    seen: set[str] = set()
    for part in re.split(r"(\*|:[A-Za-z]\w*)", text):
        if part == "*":
            out.append(".*" if splat else "(?P<splat>.*)")
            splat = True
        elif part.startswith(":") and len(part) > 1 and part[1:] not in seen:
            seen.add(part[1:])
            out.append(f"(?P<{part[1:]}>{segment})")
        else:
            out.append(re.escape(part))
    return re.compile("".join(out))
