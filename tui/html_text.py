"""HTML as a person reads it: its words, links and lists, without its tags."""

from __future__ import annotations

import re
from html.parser import HTMLParser


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HIDDEN = _words("script style template noscript svg head")
BLOCKS = _words(
    "address article aside blockquote body dd details div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody "
    "tfoot thead tr ul title"
)
SPACED = _words("h1 h2 h3 h4 h5 h6 p pre ul ol table blockquote section article form dl")
LEVELS = {f"h{level}": "#" * level + " " for level in range(1, 7)}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.hidden: list[str] = []
        self.links: list[str] = []
        self.lists: list[int | None] = []
        self.pre = 0

    def _line(self, gap: bool = False) -> None:
        if self.lines[-1].strip():
            self.lines.append("")
        if gap and len(self.lines) > 1 and self.lines[-2].strip():
            self.lines.append("")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # The head's title is text; what else is in it is not.
        if tag in HIDDEN:
            self.hidden.append(tag)
        elif tag == "title" or self._shown:
            self._open(tag, given)

    def _open(self, tag: str, given: dict[str, str | None]) -> None:
        if tag in BLOCKS:
            self._line(tag in SPACED)
        if tag == "br":
            self.lines.append("")
        elif tag == "hr":
            self.lines[-1] = "─" * 20
            self.lines.append("")
        elif tag in LEVELS:
            self.lines[-1] += LEVELS[tag]
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            number = self.lists[-1] if self.lists else None
            if number is not None:
                self.lists[-1] = number + 1
            mark = "• " if number is None else f"{number + 1}. "
            self.lines[-1] = "  " * max(0, len(self.lists) - 1) + mark
        elif tag in ("td", "th") and self.lines[-1].strip():
            self.lines[-1] += "  "
        elif tag == "a":
            self.links.append(given.get("href") or "")
        elif tag == "img":
            self.lines[-1] += f"[{given.get('alt') or given.get('src') or 'image'}]"
        elif tag in ("input", "button", "select", "textarea"):
            name = given.get("name") or given.get("type") or tag
            value = given.get("value") or given.get("placeholder")
            self.lines[-1] += f"[{name}{f': {value}' if value else ''}] " if tag == "input" else ""
        elif tag == "pre":
            self.pre += 1

    @property
    def _shown(self) -> bool:
        return not self.hidden

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            if tag in self.hidden:
                del self.hidden[self.hidden.index(tag) :]
            return
        if tag == "a" and self.links and self._shown:
            link = self.links.pop()
            if link and not link.startswith(("#", "javascript:")) and link not in self.lines[-1]:
                self.lines[-1] += f" <{link}>"
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        if tag in BLOCKS:
            self._line(tag in SPACED)

    def handle_data(self, data: str) -> None:
        if self.hidden and self.lasttag != "title":
            return
        if self.pre:
            first, *rest = data.split("\n")
            self.lines[-1] += first
            self.lines += rest
            return
        words = re.sub(r"\s+", " ", data)
        self.lines[-1] += words if self.lines[-1] and not self.lines[-1].endswith(" ") else words.lstrip()


def html_text(text: str) -> str:
    """The words of a page."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in reader.lines)).strip("\n")
