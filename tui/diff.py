"""The difference of two sets of modules, in the shape of the engine's `diff` resource.

The engine compares what is deployed. What is on screen and not saved yet is known to the app alone, so
that the conflict dialog's "compare" and the diff screen can show it in the same widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

CONTEXT = 3
"""Unchanged lines kept before and after a change, as in `diff -u`."""


def hunks(before: str, after: str, context: int = CONTEXT) -> list[dict[str, Any]]:
    """The changed stretches of one text.

    Returns:
        `{"header": "@@ -1,4 +1,5 @@", "lines": [{"op": " " | "+" | "-", "old", "new", "text"}]}` each;
        line numbers count from 1 and are None on the side that lacks the line.
    """
    old, new = before.splitlines(), after.splitlines()
    found: list[dict[str, Any]] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context):
        lines: list[dict[str, Any]] = []
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [
                    {"op": " ", "old": n + 1, "new": new_from + n - old_from + 1, "text": old[n]}
                    for n in range(old_from, old_to)
                ]
                continue
            lines += [{"op": "-", "old": n + 1, "new": None, "text": old[n]} for n in range(old_from, old_to)]
            lines += [{"op": "+", "old": None, "new": n + 1, "text": new[n]} for n in range(new_from, new_to)]
        first, last = group[0], group[-1]
        header = f"@@ -{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]} @@"
        found.append({"header": header, "lines": lines})
    return found


def compare(
    before: Mapping[str, str],
    after: Mapping[str, str],
    from_side: Mapping[str, Any],
    to_side: Mapping[str, Any],
) -> dict[str, Any]:
    """Two sets of module texts, by name, as the engine's diff answer.

    Args:
        before: text by module name on the left side.
        after: text by module name on the right side.
        from_side: what the left side is: `{"environment", "version_id", "number"}`.
        to_side: what the right side is, in the same shape.

    Returns:
        `{from, to, settings: [], modules: [{name, status, added, removed, hunks}], added, removed}`.
    """
    modules: list[dict[str, Any]] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        found = [] if old == new else hunks(old or "", new or "")
        signs = [line["op"] for hunk in found for line in hunk["lines"]]
        status = "same" if old == new else "added" if old is None else "removed" if new is None else "changed"
        modules.append(
            {
                "name": name,
                "status": status,
                "added": signs.count("+"),
                "removed": signs.count("-"),
                "hunks": found,
            }
        )
    return {
        "from": dict(from_side),
        "to": dict(to_side),
        "settings": [],
        "modules": modules,
        "added": sum(module["added"] for module in modules),
        "removed": sum(module["removed"] for module in modules),
    }
