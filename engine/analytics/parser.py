"""The SQL of Analytics Engine, parsed: the part of ClickHouse's that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from engine.analytics.errors import QueryError
from engine.analytics.nodes import (
    Between,
    Binary,
    Call,
    Column,
    In,
    Interval,
    Literal,
    Name,
    Node,
    Query,
    Select,
    Show,
    Unary,
)
from engine.analytics.tokens import RESERVED, Token, tokens, unquote

T = TypeVar("T")

MAX_LENGTH: Final = 64 * 1024
MAX_DEPTH: Final = 60
UNITS: Final = ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR")
_FORMATS: Final = {
    "json": "JSON",
    "jsoneachrow": "JSONEachRow",
    "tabseparated": "TabSeparated",
    "tsv": "TabSeparated",
}
_COMPARING: Final = frozenset({"=", "==", "<", ">", "<=", ">=", "<>", "!="})


def parse(text: str) -> Query:
    """The query that a text is.

    Raises:
        QueryError: it is none; says where.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"The query is longer than {MAX_LENGTH // 1024} KiB")
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    # ------------------------------------------------------------------ statements

    def query(self) -> Query:
        statement = self._show() if self._take("SHOW") else self._select()
        kind = "json"
        if self._take("FORMAT"):
            kind = self._next("word").text.lower()
            if kind not in _FORMATS:
                raise self._wrong("a format: JSON, JSONEachRow or TabSeparated", back=1)
        self._take(";")
        if self._peek().kind != "end":
            raise self._wrong("the end of the query")
        return Query(statement, _FORMATS[kind])  # type: ignore[arg-type]  # the values of the table above

    def _show(self) -> Show:
        what = self._next("word").text.upper()
        if what not in ("TABLES", "TIMEZONE", "TIMEZONES"):
            raise self._wrong("TABLES, TIMEZONE or TIMEZONES", back=1)
        return Show(what)

    def _select(self) -> Select:
        self._need("SELECT")
        distinct = self._take("DISTINCT")
        columns = [self._column()]
        while self._take(","):
            columns.append(self._column())
        source = self._source() if self._take("FROM") else None
        where = self._expression() if self._take("WHERE") else None
        group: list[Node] = []
        if self._take("GROUP"):
            self._need("BY")
            group = self._list()
        having = self._expression() if self._take("HAVING") else None
        order: list[tuple[Node, bool]] = []
        if self._take("ORDER"):
            self._need("BY")
            order.append(self._ordering())
            while self._take(","):
                order.append(self._ordering())
        limit = None
        if self._take("LIMIT") and not self._take("ALL"):
            limit = self._whole()
        offset = self._whole() if self._take("OFFSET") else 0
        return Select(
            tuple(columns), source, where, tuple(group), having, tuple(order), limit, offset, distinct
        )

    def _column(self) -> Column:
        if self._take("*"):
            return Column(None, "*")
        start = self._peek().start
        node = self._expression()
        title = self._text[start : self._tokens[self._at - 1].end]
        token = self._peek()
        if self._take("AS") or token.kind == "quoted" or (token.kind == "word" and not self._reserved()):
            alias = self._name()
            return Column(node, alias, alias)
        return Column(node, node.name if isinstance(node, Name) else title)

    def _source(self) -> str | Select:
        if self._take("("):
            with_in = self._nested(self._select)
            self._need(")")
            return with_in
        token = self._peek()
        if token.kind == "text":  # a name with dashes in it is often written so
            self._at += 1
            return unquote(token.text)
        return self._name()

    def _ordering(self) -> tuple[Node, bool]:
        node = self._expression()
        if self._take("DESC"):
            return node, True
        self._take("ASC")
        return node, False

    # ------------------------------------------------------------------ expressions

    def _list(self) -> list[Node]:
        found = [self._expression()]
        while self._take(","):
            found.append(self._expression())
        return found

    def _expression(self) -> Node:
        return self._nested(self._or)

    def _or(self) -> Node:
        node = self._and()
        while self._take("OR"):
            node = Binary("OR", node, self._and())
        return node

    def _and(self) -> Node:
        node = self._not()
        while self._take("AND"):
            node = Binary("AND", node, self._not())
        return node

    def _not(self) -> Node:
        if self._take("NOT"):
            return Unary("NOT", self._nested(self._not))
        return self._comparison()

    def _comparison(self) -> Node:
        node = self._sum()
        while True:
            word = self._peek().word
            if word in _COMPARING:
                self._at += 1
                node = Binary({"==": "=", "!=": "<>"}.get(word, word), node, self._sum())
                continue
            negated = word == "NOT" and self._tokens[self._at + 1].word in ("IN", "BETWEEN", "LIKE", "ILIKE")
            if negated:
                self._at += 1
                word = self._peek().word
            if word == "IN":
                self._at += 1
                self._need("(")
                node = In(node, tuple(self._list()), negated)
                self._need(")")
            elif word == "BETWEEN":
                self._at += 1
                low = self._sum()
                self._need("AND")
                node = Between(node, low, self._sum(), negated)
            elif word in ("LIKE", "ILIKE"):
                self._at += 1
                found = Binary(word, node, self._sum())
                node = Unary("NOT", found) if negated else found
            else:
                return node

    def _sum(self) -> Node:
        node = self._product()
        while (sign := self._peek().word) in ("+", "-"):
            self._at += 1
            node = Binary(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._unary()
        while (sign := self._peek().word) in ("*", "/", "%"):
            self._at += 1
            node = Binary(sign, node, self._unary())
        return node

    def _unary(self) -> Node:
        if self._take("-"):
            operand = self._nested(self._unary)
            if isinstance(operand, Literal) and isinstance(operand.value, int | float):
                return Literal(-operand.value)
            return Unary("-", operand)
        if self._take("+"):
            return self._nested(self._unary)
        return self._primary()

    def _primary(self) -> Node:
        token = self._peek()
        if self._take("("):
            node = self._expression()
            self._need(")")
            return node
        if token.kind == "number":
            self._at += 1
            whole = token.text.isdigit() and int(token.text) < 1 << 63
            return Literal(int(token.text) if whole else float(token.text))
        if token.kind == "text":
            self._at += 1
            return Literal(unquote(token.text))
        called = self._tokens[min(self._at + 1, len(self._tokens) - 1)].text == "("
        if token.kind == "word" and (not self._reserved() or (called and token.word == "FORMAT")):
            if token.word in ("TRUE", "FALSE"):
                self._at += 1
                return Literal(token.word == "TRUE")
            if token.word == "INTERVAL" and self._tokens[self._at + 1].kind in ("text", "number"):
                self._at += 1
                return self._interval()
            if called:
                self._at += 2
                return self._call(token.text.lower())
        return Name(self._name())

    def _interval(self) -> Interval:
        token = self._tokens[self._at]
        self._at += 1
        count = unquote(token.text) if token.kind == "text" else token.text
        if not re.fullmatch(r"-?\d{1,9}", count):
            raise self._wrong("a whole number", back=1)
        unit = self._next("word").text.upper().removesuffix("S")
        if unit not in UNITS:
            raise self._wrong(f"a unit: {', '.join(UNITS)}", back=1)
        return Interval(int(count), unit)

    def _call(self, name: str) -> Call:
        """What stands behind `name(`."""
        if name == "extract":  # EXTRACT(HOUR FROM timestamp)
            unit = self._next("word").text.upper()
            self._need("FROM")
            args: list[Node] = [Literal(unit), self._expression()]
            self._need(")")
            return Call(name, tuple(args))
        if name == "position":  # POSITION(needle IN haystack), or with a comma the other way round
            first = self._nested(self._sum)
            inverse = self._take("IN")
            if not inverse:
                self._need(",")
            second = self._expression()
            self._need(")")
            return Call(name, (second, first) if inverse else (first, second))
        if self._take("*"):
            self._need(")")
            return Call(name, ())
        distinct = self._take("DISTINCT")
        args = [] if self._peek().text == ")" else self._list()
        self._need(")")
        if self._take("("):
            inner = [] if self._peek().text == ")" else self._list()
            self._need(")")
            return Call(name, tuple(inner), tuple(args))
        return Call(name, tuple(args), (), distinct)

    # ------------------------------------------------------------------ tokens

    def _nested(self, read: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(f"The query is nested more than {MAX_DEPTH} deep")
        try:
            return read()
        finally:
            self._depth -= 1

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _reserved(self) -> bool:
        return self._peek().word in RESERVED

    def _take(self, word: str) -> bool:
        if self._peek().word != word:
            return False
        self._at += 1
        return True

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(word)

    def _next(self, kind: str) -> Token:
        token = self._peek()
        if token.kind != kind:
            raise self._wrong(f"a {kind}")
        self._at += 1
        return token

    def _name(self) -> str:
        token = self._peek()
        if token.kind == "quoted":
            self._at += 1
            return unquote(token.text)
        if token.kind != "word" or self._reserved():
            raise self._wrong("a name or a value")
        self._at += 1
        return token.text

    def _whole(self) -> int:
        token = self._next("number")
        if not token.text.isdigit():
            raise self._wrong("a whole number", back=1)
        return min(int(token.text), 1 << 40)

    def _wrong(self, wanted: str, back: int = 0) -> QueryError:
        token = self._tokens[self._at - back]
        line = self._text.count("\n", 0, token.start) + 1
        column = token.start - self._text.rfind("\n", 0, token.start)
        found = repr(token.text) if token.text else "the end"
        return QueryError(f"Line {line}, column {column}: there is {found[:60]}, not {wanted}")
