"""A difference on the whole screen: two environments, two versions, or unsaved text and what is live."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from tui.clipboard import copy
from tui.commands.diff import SCREEN, CopyDiff, DiffKeys, LeaveDiff, SwapSides
from tui.format import plural, version
from tui.screens.base import SvcScreen
from tui.widgets.diff_view import DiffView, summary
from tui.widgets.pane import Pane

SIGNS = {"+": "-", "-": "+", " ": " "}


def swapped(diff: Mapping[str, Any]) -> dict[str, Any]:
    """The same difference, seen from the other side: removed lines still stand before added ones."""
    modules = []
    for module in diff.get("modules") or []:
        hunks = []
        for hunk in module.get("hunks") or []:
            lines: list[dict[str, Any]] = []
            waiting: list[dict[str, Any]] = []
            for line in hunk["lines"]:
                turned = {**line, "op": SIGNS[line["op"]], "old": line["new"], "new": line["old"]}
                if turned["op"] == "+":
                    waiting.append(turned)
                    continue
                if turned["op"] == " ":
                    lines += waiting
                    waiting = []
                lines.append(turned)
            hunks.append({**hunk, "header": "", "lines": lines + waiting})
        status = {"added": "removed", "removed": "added"}.get(module["status"], module["status"])
        modules.append(
            {
                **module,
                "status": status,
                "added": module["removed"],
                "removed": module["added"],
                "hunks": hunks,
            }
        )
    return {
        **diff,
        "from": diff["to"],
        "to": diff["from"],
        "added": diff.get("removed", 0),
        "removed": diff.get("added", 0),
        "modules": modules,
        "settings": [
            {**row, "from": row.get("to"), "to": row.get("from")} for row in diff.get("settings") or []
        ],
    }


def side(part: Mapping[str, Any]) -> str:
    """One side in words: `staging v41`, `▲ production v38`, `your text`."""
    name = str(part.get("environment") or "")
    words = [f"▲ {name}" if name == "production" else name, str(part.get("label") or "")]
    if part.get("number") is not None:
        words.append(version(part["number"]))
    return " ".join(word for word in words if word) or "–"


class DiffScreen(SvcScreen[None]):
    """Shows a diff. It changes nothing and asks nobody: the caller brings the diff along."""

    COMMAND_CLASSES = SCREEN
    HELP_TITLE = "Here: difference"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["../styles/parts.tcss", "../styles/deployments.tcss"]

    def __init__(self, service: str, diff: Mapping[str, Any]) -> None:
        """Args:
        service: the service both sides belong to.
        diff: the engine's `diff` resource, or `tui.diff.compare`'s; a side's `label` names what is no
            environment (`your text`).
        """
        super().__init__()
        self.service = service
        self.diff = diff

    def body(self) -> ComposeResult:
        """One pane with the diff."""
        yield Pane(DiffView(self.diff, id="whole"), number=1, id="whole-difference")

    def on_mount(self) -> None:
        """Say what is compared."""
        self._show()
        self.query_one(DiffView).focus()

    def _show(self) -> None:
        left, right = side(self.diff["from"]), side(self.diff["to"])
        self.crumb = f"{self.service} › [b]{left} → {right}[/]"
        pane = self.query_one(Pane)
        pane.title = f"{left} → {right}"
        same = sum(module["status"] == "same" for module in self.diff.get("modules") or [])
        unchanged = f"[$muted]{plural(same, 'module')} the same[/]  " if same else ""
        pane.bottom = f"{unchanged}{summary(self.diff)}"

    @on(SwapSides)
    def swap(self) -> None:
        """Exchange left and right."""
        self.diff = swapped(self.diff)
        self.query_one(DiffView).show(self.diff)
        self._show()

    @on(CopyDiff)
    async def copy_diff(self) -> None:
        """Put the text of the diff in the clipboard."""
        arrived = await copy(self.app, self.query_one(DiffView).text)
        self.notify("Copied the difference." if arrived else "Too long for this terminal's clipboard.")

    @on(LeaveDiff)
    def leave(self) -> None:
        """Back to where it was opened."""
        self.dismiss()

    @on(DiffKeys)
    def keys(self) -> None:
        """The keys of this screen."""
        self.svc.show_keys()
