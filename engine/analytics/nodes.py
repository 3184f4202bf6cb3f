"""A query as it was understood: the tree that the parser makes and the translator reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as Choice
from typing import Union

Node = Union["Literal", "Name", "Interval", "Call", "Unary", "Binary", "In", "Between"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, or true and false."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Name:
    """A column, or the alias of one."""

    name: str


@dataclass(frozen=True, slots=True)
class Interval:
    """`INTERVAL '1' DAY`; the unit is in upper case."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Call:
    """`name(args)`, `name(DISTINCT args)` or `name(parameters)(args)`; the name is in lower case."""

    name: str
    args: tuple[Node, ...]
    parameters: tuple[Node, ...] = ()
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `NOT x`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; a word is in upper case."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class In:
    """`operand [NOT] IN (items)`."""

    operand: Node
    items: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Between:
    """`operand [NOT] BETWEEN low AND high`."""

    operand: Node
    low: Node
    high: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One of the columns of a SELECT; None stands for `*`. `title` is its alias, or else its own text."""

    node: Node | None
    title: str
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT. `source` is a dataset's name, another SELECT, or None for a single row of nothing."""

    columns: tuple[Column, ...]
    source: str | Select | None = None
    where: Node | None = None
    group: tuple[Node, ...] = ()
    having: Node | None = None
    order: tuple[tuple[Node, bool], ...] = ()
    limit: int | None = None
    offset: int = 0
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """`SHOW TABLES`, `SHOW TIMEZONE` or `SHOW TIMEZONES`."""

    what: str


@dataclass(frozen=True, slots=True)
class Query:
    """A statement, and how its answer is to be written."""

    statement: Select | Show
    format: Choice["JSON", "JSONEachRow", "TabSeparated"] = "JSON"
