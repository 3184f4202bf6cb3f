"""The functions of Analytics Engine's SQL, each as a piece of SQLite's.

Source: developers.cloudflare.com/analytics/analytics-engine/sql-reference. What SQLite lacks is in host.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.analytics.errors import QueryError

#: ClickHouse's names of types, as `meta` tells them.
STRING, FLOAT, DATETIME = "String", "Float64", "DateTime"
UINT8, UINT32, UINT64, INT64 = "UInt8", "UInt32", "UInt64", "Int64"
NUMBERS: Final = frozenset({FLOAT, UINT8, UINT32, UINT64, INT64})
LEVEL: Final = "0.5"
MOST: Final = "10"


@dataclass(frozen=True, slots=True)
class Expr:
    """A piece of SQLite's SQL, and the type that it gives."""

    sql: str
    type: str


Args = Sequence[Expr]


@dataclass(frozen=True, slots=True)
class Function:
    """How a function is written.

    Attributes:
        least, most: how many arguments it takes.
        write: the SQL of its arguments and its parameters.
        aggregate: whether it puts rows together.
        parameters: how many it takes in brackets of their own.
    """

    least: int
    most: int
    write: Callable[[Args, Args], Expr]
    aggregate: bool = False
    parameters: int = 0

    @property
    def arity(self) -> str:
        """How many arguments, in words."""
        word = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        return f"{word} argument{'' if self.most == 1 else 's'}"


def numeric(expr: Expr) -> str:
    """The SQL of a number; raises QueryError."""
    if expr.type not in NUMBERS:
        raise QueryError(f"{expr.type} is no number: toFloat64() or toUInt32() make one of it")
    return expr.sql


def text(expr: Expr) -> str:
    """The SQL of a text; raises QueryError."""
    if expr.type != STRING:
        raise QueryError(f"{expr.type} is no String: toString() makes one of it")
    return expr.sql


def moment(expr: Expr, zone: str = "'UTC'") -> str:
    """The SQL of seconds since 1970, also of a text that means a time; raises QueryError."""
    if expr.type == STRING:
        return f"ch_moment({expr.sql}, {zone})"
    if expr.type == DATETIME or expr.type in NUMBERS:
        return expr.sql
    raise QueryError(f"{expr.type} is no DateTime")


def common(types: Sequence[str]) -> str:
    """The type that holds values of all these; raises QueryError."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    if kinds <= NUMBERS:
        return FLOAT if FLOAT in kinds else INT64 if INT64 in kinds else UINT64
    raise QueryError(f"There is no supertype for types {', '.join(sorted(kinds))}")


def _zone(args: Args, at: int) -> str:
    return text(args[at]) if len(args) > at else "'UTC'"


def _number(sql: str, type: str) -> Callable[[Args, Args], Expr]:
    """A function of numbers: `{0}`, `{1}` are its arguments."""
    return lambda args, _: Expr(sql.format(*map(numeric, args)), type)


def _text(sql: str, type: str) -> Callable[[Args, Args], Expr]:
    """A function of texts."""
    return lambda args, _: Expr(sql.format(*map(text, args)), type)


def _rounding(name: str) -> Function:
    def write(args: Args, _: Args) -> Expr:
        digits = numeric(args[1]) if len(args) > 1 else "0"
        return Expr(f"ch_{name}({numeric(args[0])}, {digits})", FLOAT)

    return Function(1, 2, write)


def _conversion(type: str, sql: str) -> Function:
    def write(args: Args, _: Args) -> Expr:
        if args[0].type.startswith("Array"):
            raise QueryError(f"{args[0].type} cannot be made {type}")
        return Expr(sql.format(args[0].sql), type)

    return Function(1, 1, write)


def _part(format: str) -> Function:
    """A part of a time as a number, by strftime's letter."""

    def write(args: Args, _: Args) -> Expr:
        shown = f"ch_shown({moment(args[0])}, '{format}', {_zone(args, 1)})"
        return Expr(f"CAST({shown} AS INTEGER)", UINT32)

    return Function(1, 2, write)


def _start(count: int, unit: str) -> Function:
    """The beginning of the interval that a time is in."""

    def write(args: Args, _: Args) -> Expr:
        return Expr(f"ch_start({moment(args[0])}, {count}, '{unit}', {_zone(args, 1)})", DATETIME)

    return Function(1, 2, write)


def _if(args: Args, _: Args) -> Expr:
    kind = common([args[1].type, args[2].type])
    return Expr(f"iif({numeric(args[0])}, {args[1].sql}, {args[2].sql})", kind)


def _substring(args: Args, _: Args) -> Expr:
    rest = ", ".join(numeric(each) for each in args[1:])
    return Expr(f"substr({text(args[0])}, {rest})", STRING)


def _format(args: Args, _: Args) -> Expr:
    values = ", ".join(f"CAST({each.sql} AS TEXT)" for each in args[1:])
    return Expr(f"ch_format({text(args[0])}, json_array({values}))", STRING)


def _shown(args: Args, _: Args) -> Expr:
    return Expr(f"ch_shown({moment(args[0])}, {text(args[1])}, {_zone(args, 2)})", STRING)


def _to_string(args: Args, _: Args) -> Expr:
    if args[0].type == DATETIME:
        return Expr(f"ch_shown({args[0].sql}, '%Y-%m-%d %H:%i:%S', 'UTC')", STRING)
    return Expr(f"CAST({args[0].sql} AS TEXT)", STRING)


def _best(word: str) -> Function:
    """`least` and `greatest`: SQLite's min and max of several arguments."""
    return Function(
        2,
        9,
        lambda args, _: Expr(f"{word}({', '.join(e.sql for e in args)})", common([e.type for e in args])),
    )


def _sum(args: Args, _: Args) -> Expr:
    return Expr(f"sum({numeric(args[0])})", FLOAT if args[0].type == FLOAT else UINT64)


def _same(sql: str) -> Callable[[Args, Args], Expr]:
    """An aggregate of the type of its first argument."""
    return lambda args, _: Expr(sql.format(*(each.sql for each in args)), args[0].type)


def _quantile(args: Args, parameters: Args) -> Expr:
    level = numeric(parameters[0]) if parameters else LEVEL
    return Expr(f"ch_quantile({level}, {numeric(args[0])}, {numeric(args[1])})", args[0].type)


def _top(args: Args, parameters: Args) -> Expr:
    most = numeric(parameters[0]) if parameters else MOST
    weight = numeric(args[1]) if len(args) > 1 else "1"
    return Expr(f"ch_top({most}, {args[0].sql}, {weight})", f"Array({args[0].type})")


def _sum_if(args: Args, _: Args) -> Expr:
    kind = FLOAT if args[0].type == FLOAT else UINT64
    return Expr(f"ifnull(sum({numeric(args[0])}) FILTER (WHERE {numeric(args[1])}), 0)", kind)


FUNCTIONS: Final[dict[str, Function]] = {
    # aggregates
    "count": Function(0, 1, lambda args, _: Expr(f"count({args[0].sql if args else '*'})", UINT64), True),
    "sum": Function(1, 1, _sum, True),
    "avg": Function(1, 1, _number("avg({0})", FLOAT), True),
    "min": Function(1, 1, _same("min({0})"), True),
    "max": Function(1, 1, _same("max({0})"), True),
    "countif": Function(1, 1, _number("count(*) FILTER (WHERE {0})", UINT64), True),
    "sumif": Function(2, 2, _sum_if, True),
    "avgif": Function(2, 2, _number("avg({0}) FILTER (WHERE {1})", FLOAT), True),
    "argmax": Function(2, 2, _same("ch_argmax({0}, {1})"), True),
    "argmin": Function(2, 2, _same("ch_argmin({0}, {1})"), True),
    "first_value": Function(1, 1, _same("ch_first({0})"), True),
    "last_value": Function(1, 1, _same("ch_last({0})"), True),
    "quantileexactweighted": Function(2, 2, _quantile, True, 1),
    "quantileweighted": Function(2, 3, lambda args, given: _quantile(args[-2:], given or args[:-2]), True, 1),
    "topk": Function(1, 1, _top, True, 1),
    "topkweighted": Function(2, 2, _top, True, 1),
    # conditions and texts
    "if": Function(3, 3, _if),
    "length": Function(1, 1, _text("length(CAST({0} AS BLOB))", UINT64)),
    "empty": Function(1, 1, _text("({0} = '')", UINT8)),
    "lower": Function(1, 1, _text("ch_lower({0})", STRING)),
    "tolower": Function(1, 1, _text("ch_lower({0})", STRING)),
    "upper": Function(1, 1, _text("ch_upper({0})", STRING)),
    "toupper": Function(1, 1, _text("ch_upper({0})", STRING)),
    "startswith": Function(2, 2, _text("(substr({0}, 1, length({1})) = {1})", UINT8)),
    "endswith": Function(
        2, 2, _text("({1} = '' OR (length({0}) >= length({1}) AND substr({0}, -length({1})) = {1}))", UINT8)
    ),
    "position": Function(2, 2, _text("instr({0}, {1})", UINT64)),
    "substring": Function(2, 3, _substring),
    "format": Function(1, 20, _format),
    "hex": Function(1, 1, lambda args, _: Expr(f"ch_hex({args[0].sql})", STRING)),
    "bin": Function(1, 1, _number("ch_bin({0})", STRING)),
    # numbers
    "intdiv": Function(2, 2, _number("ch_intdiv({0}, {1})", INT64)),
    "mod": Function(2, 2, _number("ch_mod({0}, {1})", FLOAT)),
    "modulo": Function(2, 2, _number("ch_mod({0}, {1})", FLOAT)),
    "abs": Function(1, 1, _number("abs({0})", FLOAT)),
    "exp": Function(1, 1, _number("ch_exp({0})", FLOAT)),
    "ln": Function(1, 1, _number("ch_log({0})", FLOAT)),
    "log": Function(1, 1, _number("ch_log({0})", FLOAT)),
    "log2": Function(1, 1, _number("ch_log2({0})", FLOAT)),
    "log10": Function(1, 1, _number("ch_log10({0})", FLOAT)),
    "pow": Function(2, 2, _number("ch_pow({0}, {1})", FLOAT)),
    "power": Function(2, 2, _number("ch_pow({0}, {1})", FLOAT)),
    "sqrt": Function(1, 1, _number("ch_pow({0}, 0.5)", FLOAT)),
    "floor": _rounding("floor"),
    "ceil": _rounding("ceil"),
    "ceiling": _rounding("ceil"),
    "round": _rounding("round"),
    "least": _best("min"),
    "greatest": _best("max"),
    "bitand": Function(2, 2, _number("({0} & {1})", UINT64)),
    "bitor": Function(2, 2, _number("({0} | {1})", UINT64)),
    "bitxor": Function(2, 2, _number("ch_xor({0}, {1})", UINT64)),
    "bitnot": Function(1, 1, _number("(~ {0})", INT64)),
    "bitshiftleft": Function(2, 2, _number("({0} << {1})", UINT64)),
    "bitshiftright": Function(2, 2, _number("({0} >> {1})", UINT64)),
    "bittest": Function(2, 2, _number("(({0} >> {1}) & 1)", UINT8)),
    "bitcount": Function(1, 1, _number("length(replace(ch_bin({0}), '0', ''))", UINT8)),
    "bithammingdistance": Function(
        2, 2, _number("length(replace(ch_bin(ch_xor({0}, {1})), '0', ''))", UINT8)
    ),
    # conversions
    "toint8": _conversion(INT64, "CAST({0} AS INTEGER)"),
    "toint32": _conversion(INT64, "CAST({0} AS INTEGER)"),
    "toint64": _conversion(INT64, "CAST({0} AS INTEGER)"),
    "touint8": _conversion(UINT8, "(CAST({0} AS INTEGER) & 255)"),
    "touint32": _conversion(UINT32, "(CAST({0} AS INTEGER) & 4294967295)"),
    "touint64": _conversion(UINT64, "CAST({0} AS INTEGER)"),
    "tofloat32": _conversion(FLOAT, "CAST({0} AS REAL)"),
    "tofloat64": _conversion(FLOAT, "CAST({0} AS REAL)"),
    "tostring": Function(1, 1, _to_string),
    # times
    "todatetime": Function(1, 2, lambda args, _: Expr(moment(args[0], _zone(args, 1)), DATETIME)),
    "tounixtimestamp": Function(1, 2, lambda args, _: Expr(moment(args[0], _zone(args, 1)), UINT32)),
    "formatdatetime": Function(2, 3, _shown),
    "toyear": _part("%Y"),
    "tomonth": _part("%m"),
    "todayofmonth": _part("%d"),
    "todayofweek": _part("%u"),
    "tohour": _part("%H"),
    "tominute": _part("%i"),
    "tosecond": _part("%S"),
    "toyyyymm": _part("%Y%m"),
    "tostartofyear": _start(1, "YEAR"),
    "tostartofmonth": _start(1, "MONTH"),
    "tostartofweek": _start(1, "SUNDAY"),
    "tostartofday": _start(1, "DAY"),
    "tostartofhour": _start(1, "HOUR"),
    "tostartoffifteenminutes": _start(15, "MINUTE"),
    "tostartoftenminutes": _start(10, "MINUTE"),
    "tostartoffiveminutes": _start(5, "MINUTE"),
    "tostartofminute": _start(1, "MINUTE"),
}
"""By their names in lower case; `now`, `today`, `toStartOfInterval` and `extract` are in translate.py."""
