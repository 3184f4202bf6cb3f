"""From a query of Analytics Engine to SQLite's, with the type of each column."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.analytics.errors import QueryError
from engine.analytics.functions import (
    DATETIME,
    FLOAT,
    FUNCTIONS,
    INT64,
    NUMBERS,
    STRING,
    UINT8,
    UINT32,
    UINT64,
    Expr,
    common,
    moment,
    numeric,
    text,
)
from engine.analytics.grouping import aggregates, children, is_aggregate
from engine.analytics.host import SECONDS
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
    Select,
    Unary,
)
from engine.store.analytics import FIELDS

#: Expressions in expressions: SQLite takes no more than 1,000, Python's stack little more.
MAX_DEPTH: Final = 150
#: Characters of what is made: aliases may stand for each other many times.
MAX_LENGTH: Final = 512 * 1024
_COMPARING: Final = frozenset({"=", "<>", "<", ">", "<=", ">="})
_PARTS: Final = {
    "YEAR": "toyear",
    "MONTH": "tomonth",
    "DAY": "todayofmonth",
    "HOUR": "tohour",
    "MINUTE": "tominute",
    "SECOND": "tosecond",
}
Columns = Mapping[str, Expr]

#: Of every dataset. What a point lacks is "" or 0, as on Cloudflare.
POINT: Final[Columns] = {
    "dataset": Expr("dataset", STRING),
    "timestamp": Expr("timestamp", DATETIME),
    "_sample_interval": Expr("1", UINT32),
    "index1": Expr("ifnull(index1, '')", STRING),
    **{f"blob{n}": Expr(f"ifnull(blob{n}, '')", STRING) for n in range(1, FIELDS + 1)},
    **{f"double{n}": Expr(f"ifnull(double{n}, 0.0)", FLOAT) for n in range(1, FIELDS + 1)},
}


@dataclass(frozen=True, slots=True)
class Translated:
    """SQLite's SQL; `columns` are names and types, `datasets` what it reads."""

    sql: str
    columns: tuple[tuple[str, str], ...]
    datasets: frozenset[str]


def translate(query: Select) -> Translated:
    """The query in SQLite's words; raises QueryError."""
    sql, columns, datasets = _Scope(query).whole()
    return Translated(sql, columns, frozenset(datasets))


def quoted(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


class _Scope:
    """One SELECT."""

    def __init__(self, query: Select, depth: int = 0) -> None:
        self._query = query
        self._depth = depth
        self._datasets: set[str] = set()
        self._from = ""
        self._columns: Columns = {}
        self._aliases = {each.alias: each.node for each in query.columns if each.alias and each.node}
        self._open: list[str] = []
        self._in_aggregate = False
        self._known: dict[int, Expr] = {}
        self._groups: frozenset[str] | None = None

    def whole(self) -> tuple[str, tuple[tuple[str, str], ...], set[str]]:
        """The SQL, the columns with their types, and the datasets that are read."""
        query = self._query
        self._read_source()
        groups = [self._expr(self._positional(each)).sql for each in query.group]
        listed = [part for each in query.columns for part in self._listed(each)]
        if groups or any(aggregates(node, self._aliases) for node, _ in listed) or query.having is not None:
            self._groups = frozenset(groups)
        shown = []
        for node, title in listed:
            self._check_grouped(node, title)
            shown.append((self._expr(node), title))
        picked = ", ".join(f"{each.sql} AS {_name(title)}" for each, title in shown)
        sql = f"SELECT {'DISTINCT ' if query.distinct else ''}{picked}{self._from}"
        conditions = [f"dataset = {quoted(query.source)}"] if isinstance(query.source, str) else []
        if query.where is not None:
            if aggregates(query.where, self._aliases):
                raise QueryError("An aggregate function cannot stand in WHERE: use HAVING")
            conditions.append(f"({numeric(self._expr(query.where))})")
        if conditions:
            sql += f" WHERE {' AND '.join(conditions)}"
        if groups:
            sql += f" GROUP BY {', '.join(groups)}"
        if query.having is not None:
            self._check_grouped(query.having, "HAVING")
            sql += f" HAVING {numeric(self._expr(query.having))}"
        if query.order:
            sql += " ORDER BY " + ", ".join(self._ordered(node, falls) for node, falls in query.order)
        if query.limit is not None or query.offset:
            sql += f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"
        if len(sql) > MAX_LENGTH:
            raise QueryError("The query becomes too long: its aliases stand for each other too often")
        columns = tuple((title, each.type) for each, title in shown)
        if len({title for title, _ in columns}) != len(columns):
            raise QueryError("Two columns have the same name: give one of them another with AS")
        return sql, columns, self._datasets

    def _read_source(self) -> None:
        source = self._query.source
        if isinstance(source, str):
            self._columns, self._from = POINT, " FROM analytics_points"
            self._datasets.add(source)
        elif source is not None:
            if self._depth > 20:
                raise QueryError("Queries are nested more than 20 deep")
            sql, columns, self._datasets = _Scope(source, self._depth + 1).whole()
            self._from = f" FROM ({sql})"
            self._columns = {name: Expr(_name(name), kind) for name, kind in columns}

    def _listed(self, column: Column) -> list[tuple[Node, str]]:
        if column.node is not None:
            return [(column.node, column.title)]
        if not self._columns:
            raise QueryError("SELECT * needs a FROM")
        return [(Name(each), each) for each in self._columns]

    def _positional(self, node: Node) -> Node:
        """`GROUP BY 1` and `ORDER BY 1` mean the first column."""
        if not isinstance(node, Literal) or not isinstance(node.value, int) or isinstance(node.value, bool):
            return node
        columns = self._query.columns
        found = columns[node.value - 1].node if 1 <= node.value <= len(columns) else None
        if found is None:
            raise QueryError(f"There is no column {node.value}")
        return found

    def _ordered(self, node: Node, falls: bool) -> str:
        node = self._positional(node)
        self._check_grouped(node, "ORDER BY")
        return self._expr(node).sql + (" DESC" if falls else "")

    def _check_grouped(self, node: Node, where: str) -> None:
        """Raises QueryError for a column that is neither grouped by nor put together."""
        if self._groups is not None and (name := self._bare(node)) is not None:
            raise QueryError(
                f"{where[:80]}: column {name} is neither in GROUP BY nor in an aggregate function"
            )

    def _bare(self, node: Node) -> str | None:
        if self._groups is None or self._expr(node).sql in self._groups:
            return None
        if isinstance(node, Name):
            if node.name in self._aliases and node.name not in self._open:
                self._open.append(node.name)
                try:
                    return self._bare(self._aliases[node.name])
                finally:
                    self._open.pop()
            return node.name
        if isinstance(node, Call) and is_aggregate(node):
            return None
        return next((name for each in children(node) if (name := self._bare(each)) is not None), None)

    # ------------------------------------------------------------------ expressions

    def _expr(self, node: Node) -> Expr:
        cached = self._known.get(id(node)) if not self._open else None
        if cached is not None:
            return cached
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(f"An expression is nested more than {MAX_DEPTH} deep")
        try:
            found = self._made(node)
        finally:
            self._depth -= 1
        if len(found.sql) > MAX_LENGTH:
            raise QueryError("The query becomes too long: its aliases stand for each other too often")
        if not self._open:
            self._known[id(node)] = found
        return found

    def _made(self, node: Node) -> Expr:
        match node:
            case Literal(value):
                return _literal(value)
            case Name(name):
                return self._named(name)
            case Interval():
                raise QueryError("An INTERVAL can only be added to a time, or taken from one")
            case Unary("NOT", operand):
                return Expr(f"(NOT {numeric(self._expr(operand))})", UINT8)
            case Unary(_, operand):
                made = self._expr(operand)
                return Expr(f"(- {numeric(made)})", FLOAT if made.type == FLOAT else INT64)
            case Binary(operator, left, right):
                return self._binary(operator, left, right)
            case In(operand, items, negated):
                return self._in(operand, items, negated)
            case Between(operand, low, high, negated):
                parts = self._alike(self._expr(operand), self._expr(low), self._expr(high))
                word = "NOT BETWEEN" if negated else "BETWEEN"
                return Expr(f"({parts[0]} {word} {parts[1]} AND {parts[2]})", UINT8)
            case Call():
                return self._call(node)

    def _named(self, name: str) -> Expr:
        """An alias, or else a column."""
        if name in self._aliases and name not in self._open:
            self._open.append(name)
            try:
                return self._expr(self._aliases[name])
            finally:
                self._open.pop()
        found = self._columns.get(name)
        if found is None:
            raise QueryError(f"There is no column {name[:60]!r}")
        return found

    def _binary(self, operator: str, left: Node, right: Node) -> Expr:
        if operator in ("+", "-") and isinstance(right, Interval):
            count = right.count if operator == "+" else -right.count
            return _shifted(moment(self._expr(left)), count, right.unit)
        if operator == "+" and isinstance(left, Interval):
            return _shifted(moment(self._expr(right)), left.count, left.unit)
        a, b = self._expr(left), self._expr(right)
        if operator in ("AND", "OR"):
            return Expr(f"({numeric(a)} {operator} {numeric(b)})", UINT8)
        if operator in ("LIKE", "ILIKE"):
            return Expr(f"ch_{operator.lower()}({text(b)}, {text(a)})", UINT8)
        if operator in _COMPARING:
            first, second = self._alike(a, b)
            return Expr(f"({first} {operator} {second})", UINT8)
        if operator in ("+", "-") and DATETIME in (a.type, b.type):
            kind = INT64 if a.type == b.type else DATETIME
            return Expr(f"({moment(a)} {operator} {moment(b)})", kind)
        if operator == "/":
            return Expr(f"(CAST({numeric(a)} AS REAL) / {numeric(b)})", FLOAT)
        if operator == "%" and FLOAT in (a.type, b.type):
            return Expr(f"ch_mod({numeric(a)}, {numeric(b)})", FLOAT)
        kind = common([a.type, b.type]) if FLOAT in (a.type, b.type) else INT64 if operator == "-" else UINT64
        return Expr(f"({numeric(a)} {operator} {numeric(b)})", kind)

    def _alike(self, *parts: Expr) -> list[str]:
        """The SQL of values that can be compared: beside a time, texts mean times."""
        if any(each.type == DATETIME for each in parts):
            return [moment(each) for each in parts]
        if not all(each.type in NUMBERS for each in parts) and len({each.type for each in parts}) > 1:
            raise QueryError(f"{' and '.join(each.type for each in parts)} cannot be compared")
        return [each.sql for each in parts]

    def _in(self, operand: Node, items: tuple[Node, ...], negated: bool) -> Expr:
        first, *rest = self._alike(self._expr(operand), *(self._expr(each) for each in items))
        return Expr(f"({first} {'NOT IN' if negated else 'IN'} ({', '.join(rest)}))", UINT8)

    def _call(self, node: Call) -> Expr:
        special = self._special(node)
        if special is not None:
            return special
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise QueryError(f"There is no function {node.name[:60]}()")
        if not function.least <= len(node.args) <= function.most:
            raise QueryError(f"{node.name}() takes {function.arity}")
        if len(node.parameters) > function.parameters or (node.distinct and not function.aggregate):
            raise QueryError(f"{node.name}() takes {function.arity} and nothing else")
        if function.aggregate and self._in_aggregate:
            raise QueryError(f"{node.name}() stands inside another aggregate function")
        within, self._in_aggregate = self._in_aggregate, self._in_aggregate or function.aggregate
        try:
            args = [self._expr(each) for each in node.args]
            parameters = [self._expr(each) for each in node.parameters]
        finally:
            self._in_aggregate = within
        if not node.distinct:
            return function.write(args, parameters)
        if node.name not in ("count", "sum", "avg") or len(args) != 1:
            raise QueryError(f"{node.name}() takes no DISTINCT")
        made = function.write(args, parameters)
        return Expr(made.sql.replace("(", "(DISTINCT ", 1), made.type)

    def _special(self, node: Call) -> Expr | None:
        """What takes something else than values."""
        match node.name, node.args:
            case "now", ():
                return Expr(str(int(time.time())), DATETIME)
            case "today", ():
                return Expr(str(int(time.time()) // 86_400 * 86_400), DATETIME)
            case "extract", (Literal(str() as part), value) if part in _PARTS:
                return FUNCTIONS[_PARTS[part]].write([self._expr(value)], [])
            case "tostartofinterval", (value, Interval(count, unit), *more) if len(more) < 2 and count > 0:
                zone = text(self._expr(more[0])) if more else "'UTC'"
                return Expr(f"ch_start({moment(self._expr(value))}, {count}, '{unit}', {zone})", DATETIME)
            case ("extract" | "tostartofinterval" | "now" | "today") as name, _:
                raise QueryError(f"{name}() is not called like this, see the SQL reference")
        return None


def _shifted(sql: str, count: int, unit: str) -> Expr:
    if unit in SECONDS:
        return Expr(f"({sql} + {count * SECONDS[unit]})", DATETIME)
    return Expr(f"ch_shift({sql}, {count}, '{unit}')", DATETIME)


def _literal(value: str | int | float | bool) -> Expr:
    if isinstance(value, bool):
        return Expr(str(int(value)), UINT8)
    if isinstance(value, str):
        return Expr(quoted(value), STRING)
    if isinstance(value, float):
        return Expr(repr(value) if abs(value) < float("inf") else "9e999", FLOAT)
    return Expr(str(value), INT64 if value < 0 else UINT8 if value < 256 else UINT64)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
