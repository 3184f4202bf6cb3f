"""A response's body as something to read: decoded, laid out, and never more of it than a person scrolls."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from tui.format import size as format_size
from tui.html_text import html_text
from tui.image_info import image_info
from tui.lexers import lexer_for_content_type

MOST_LINES = 2_000
MOST_BYTES = 64 * 1024
DUMPED = 16 * 1024
"""Bytes of what is no text that are shown, 16 a line."""
INLINE = 60
"""A list of plain values up to this long stays on its line."""
TEXTUAL = re.compile(
    r"text/|application/(json|javascript|ecmascript|xml|x-www-form-urlencoded|graphql)|.*\+(json|xml)|multipart/"
)


@dataclass(frozen=True)
class Shown:
    """What the Response tab shows of a body."""

    text: str
    kind: str
    """`json`, `html`, `text`, `image/png`, …; what the status row says."""
    lexer: Any | None = None
    notice: str = ""
    """Set when this is not all: `first 64 KB of 5.6 MB.`"""


def show(head: bytes, size: int, content_type: str) -> Shown:
    """Lay a body out.

    Args:
        head: Its first bytes, all of them up to 64 KB.
        size: How many bytes it has (or has had so far).
        content_type: The response's Content-Type; may be empty.
    """
    essence = content_type.partition(";")[0].strip().lower()
    if not head:
        return Shown("", "no body" if not size else essence)
    cut = size > len(head) or len(head) > MOST_BYTES
    head = head[:MOST_BYTES]
    text = _decode(head, content_type, essence, cut)
    if text is None:
        facts = "".join(f"{label:<8}{value}\n" for label, value in image_info(head))
        notice = (
            f"binary, first {format_size(DUMPED)} of {format_size(size)}." if size > DUMPED else "binary."
        )
        dump = _hex(head[:DUMPED])
        return Shown(f"{facts}\n{dump}" if facts else dump, essence or "binary", None, notice)
    kind = essence.rpartition("/")[2].rpartition("+")[2].removeprefix("x-") or "text"
    kind = "text" if kind == "plain" else kind
    if not cut:
        text = _pretty(text, kind)
    lines = text.splitlines()
    notice = f"first {format_size(len(head))} of {format_size(size)}." if cut else ""
    if len(lines) > MOST_LINES:
        text = "\n".join(lines[:MOST_LINES])
        notice = notice or f"first {MOST_LINES:,} of {len(lines):,} lines."
    return Shown(text, kind, lexer_for_content_type(content_type), notice)


def views(kind: str) -> tuple[str, ...]:
    """The ways to show a body, the usual one first.

    Args:
        kind: `Shown.kind`.
    """
    if kind.startswith("image/"):
        return ("picture", "hex")
    return {"json": ("pretty", "tree", "raw"), "html": ("source", "text")}.get(kind, ("",))


def view(content: bytes, content_type: str, way: str) -> Shown:
    """A body shown in another way than `show` does.

    Args:
        content: All of it, or as much as is to be shown.
        content_type: The response's Content-Type.
        way: `raw` or `text`.
    """
    essence = content_type.partition(";")[0].strip().lower()
    cut = len(content) > MOST_BYTES
    text = _decode(content[:MOST_BYTES], content_type, essence, cut) or ""
    kind = "html" if way == "text" else "json"
    notice = f"first {format_size(MOST_BYTES)} of {format_size(len(content))}." if cut else ""
    if way == "text":
        return Shown(html_text(text), kind, None, notice)
    return Shown(text, kind, lexer_for_content_type(content_type), notice)


def whole_text(content: bytes, content_type: str) -> str:
    """A whole body as text, for the tree."""
    return _decode(content, content_type, "application/json", False) or ""


def _decode(head: bytes, content_type: str, essence: str, cut: bool) -> str | None:
    """The text, None for what is none: by the charset, else UTF-8, whatever the type claims."""
    charset = re.search(r"charset=\"?([\w-]+)", content_type, re.IGNORECASE)
    if b"\0" in head and not (charset and "16" in charset[1]):
        return None
    try:
        return str(head, charset[1] if charset else "utf-8")
    except LookupError:
        return head.decode("utf-8", "replace")
    except UnicodeDecodeError as error:
        # The cap may have cut a character in two; bytes that are no text at all are another thing.
        if cut and error.start > len(head) - 4:
            return head[: error.start].decode(errors="replace")
        return head.decode("utf-8", "replace") if TEXTUAL.match(essence) else None


def _pretty(text: str, kind: str) -> str:
    try:
        if kind == "json":
            json.loads(text)
            return pretty_json(text)
        if kind == "html" and _minified(text):
            return pretty_html(text)
    except (ValueError, RecursionError):
        return text  # not what it claims to be: shown as it came
    return text


def _minified(text: str) -> bool:
    lines = text.splitlines()
    return len(text) / max(1, len(lines)) > 80


def pretty_json(text: str) -> str:
    """Valid JSON with a member a line. Numbers, strings and the order stay as they were written."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', text)
    position = 0

    def value(indent: str) -> str:
        nonlocal position
        token: str = tokens[position]
        position += 1
        if token not in ("{", "["):
            return token
        closer = "}" if token == "{" else "]"
        items: list[str] = []
        while tokens[position] != closer:
            if tokens[position] == ",":
                position += 1
            key = ""
            if token == "{":
                key = tokens[position] + ": "
                position += 2
            items.append(key + value(indent + "  "))
        position += 1
        if not items:
            return token + closer
        line = ", ".join(items)
        if token == "[" and len(line) <= INLINE and not any(item[0] in "{[" for item in items):
            return f"[{line}]"
        inner = f",\n{indent}  ".join(items)
        return f"{token}\n{indent}  {inner}\n{indent}{closer}"

    return value("")


class _Layout(HTMLParser):
    """Puts block elements on lines of their own, indented; text in between stays as it is."""

    VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"))
    INLINE = frozenset(
        (
            "a",
            "abbr",
            "b",
            "cite",
            "code",
            "em",
            "i",
            "kbd",
            "mark",
            "q",
            "s",
            "small",
            "span",
            "strong",
            "sub",
            "sup",
            "time",
            "u",
            "var",
        )
    )
    RAW = frozenset(("pre", "script", "style", "textarea"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.lines: list[str] = []
        self.depth = 0
        self.raw = ""
        self.open_line = False

    def put(self, text: str, inline: bool = False) -> None:
        """Add to the current line, or begin one."""
        if inline and self.open_line:
            self.lines[-1] += text
        else:
            self.lines.append("  " * self.depth + text)
        self.open_line = inline

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inline = tag in self.INLINE or tag == "br"
        self.put(self.get_starttag_text() or f"<{tag}>", inline)
        if tag in self.RAW:
            self.raw, self.open_line = tag, True
        if tag not in self.VOID and not inline:
            self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.put(self.get_starttag_text() or f"<{tag}/>", tag in self.INLINE)

    def handle_endtag(self, tag: str) -> None:
        inline = tag in self.INLINE or tag == self.raw
        if tag not in self.INLINE and tag not in self.VOID:
            self.depth = max(0, self.depth - 1)
            # <p>text</p> stays on one line.
            inline = inline or (self.open_line and self.lines[-1].count(f"<{tag}") == 1)
        self.put(f"</{tag}>", inline)
        self.raw = "" if tag == self.raw else self.raw
        self.open_line = tag in self.INLINE

    def handle_data(self, data: str) -> None:
        if self.raw:
            self.lines[-1] += data
        elif data.strip():
            if self.lines and not self.open_line and self.lines[-1].endswith(">") and len(data) < INLINE:
                self.lines[-1] += re.sub(r"\s+", " ", data).lstrip()
                self.open_line = True
            else:
                self.put(re.sub(r"\s+", " ", data), True)

    def handle_entityref(self, name: str) -> None:
        self.put(f"&{name};", True)

    def handle_charref(self, name: str) -> None:
        self.put(f"&#{name};", True)

    def handle_comment(self, data: str) -> None:
        self.put(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.put(f"<!{decl}>")


def pretty_html(text: str) -> str:
    """HTML with its block elements on lines of their own."""
    layout = _Layout()
    layout.feed(text)
    layout.close()
    return "\n".join(layout.lines)


def _hex(content: bytes) -> str:
    """A hex dump, 16 bytes a line."""
    rows = []
    for start in range(0, len(content), 16):
        chunk = content[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in chunk)
        rows.append(f"{start:06x}  {chunk.hex(' '):<47}  {letters}")
    return "\n".join(rows)
