"""``pipeline.toml``: read with the line of every mistake, and written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import tomli

from engine.pipelines.definition import Pipeline
from engine.pipelines.validate import Invalid, Path, Problem, parse

FILE: Final = "pipeline.toml"

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def read(text: str, *, file: str = FILE, service: str | None = None, name: str | None = None) -> Pipeline:
    """The pipeline of a file's text.

    Args:
        file: its name, for the messages.
        service: as `parse`.
        name: as `parse`.

    Raises:
        Invalid: ``pipeline.toml:12: stages[1].steps: …``.
    """
    try:
        value = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        words = str(error)
        found = re.search(r"\(at line (\d+), column (\d+)\)", words)
        line = int(found[1]) if found else text.count("\n") + 1
        raise Invalid([Problem((), words)], file, [line]) from None
    try:
        return parse(value, service=service, name=name)
    except Invalid as error:
        known = places(text)
        raise Invalid(error.problems, file, [line_of(known, each.path) for each in error.problems]) from None


def write(pipeline: Pipeline) -> str:
    """The file of a pipeline; `read` gives the same pipeline back."""
    value = pipeline.to_json()
    stages = value.pop("stages")
    lines = [_pair(key, each) for key, each in value.items()]
    for stage in stages:
        gates, soak = stage.pop("gates", []), stage.pop("soak", None)
        lines += ["", "[[stages]]", *(_pair(key, each) for key, each in stage.items())]
        for gate in gates:
            expect = gate.pop("expect", {})
            lines += ["", "[[stages.gates]]", *(_pair(key, each) for key, each in gate.items())]
            lines += [f"expect.{_pair(key, each)}" for key, each in expect.items()]
        if soak is not None:
            lines += ["", "[stages.soak]", *(_pair(key, each) for key, each in soak.items())]
    return "\n".join(lines) + "\n"


def places(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key that stands at the start of a line."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    quote: str | None = None  # a multi-line string is open
    for number, line in enumerate(text.splitlines(), 1):
        if quote is not None:
            quote = None if line.count(quote) % 2 else quote
            continue
        header, pair = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            table = _table(header[2], header[1] == "[[", counts)
            found.setdefault(table, number)
        elif pair is not None:
            keys = _parts(pair[1])
            for length in range(1, len(keys) + 1):
                found.setdefault((*table, *keys[:length]), number)
        quote = next((mark for mark in ('"""', "'" * 3) if line.count(mark) % 2), None)
    return found


def _table(name: str, array: bool, counts: dict[Path, int]) -> Path:
    """The path of a header, with the index of each array of tables on the way."""
    path: Path = ()
    parts = _parts(name)
    for index, part in enumerate(parts):
        path = (*path, part)
        if array and index == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def line_of(known: Mapping[Path, int], path: Path) -> int:
    """The line of a key; of what it is in when it has none of its own."""
    while path and path not in known:
        path = path[:-1]
    return known.get(path, 1)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(each.strip("\"'") for each in _PART.findall(name))


def _pair(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pair(key, each) for key, each in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if value is None:
        raise Invalid([Problem((), "null has no form in TOML: export it as JSON")], FILE)
    # A JSON string is a TOML string, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
