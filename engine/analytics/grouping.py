"""What of an expression puts rows together."""

from __future__ import annotations

from collections.abc import Mapping

from engine.analytics.functions import FUNCTIONS
from engine.analytics.nodes import Between, Binary, Call, In, Name, Node, Unary


def is_aggregate(node: Call) -> bool:
    """Whether a function puts rows together."""
    function = FUNCTIONS.get(node.name)
    return function is not None and function.aggregate


def children(node: Node) -> tuple[Node, ...]:
    """What an expression is made of."""
    match node:
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case In(operand, items, _):
            return (operand, *items)
        case Between(operand, low, high, _):
            return (operand, low, high)
        case Call():
            return (*node.args, *node.parameters)
    return ()


def aggregates(node: Node, aliases: Mapping[str, Node]) -> bool:
    """Whether something in it puts rows together."""
    todo, seen = [node], set()
    while todo:
        each = todo.pop()
        if isinstance(each, Call) and is_aggregate(each):
            return True
        if isinstance(each, Name) and each.name in aliases and each.name not in seen:
            seen.add(each.name)
            todo.append(aliases[each.name])
        todo += children(each)
    return False
