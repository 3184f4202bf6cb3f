"""Promote: a target in words, what moves and what stays row by row, the difference, and a typed name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static

from tui.client import Engine, EngineAway, EngineError
from tui.format import version
from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogField
from tui.widgets.diff_view import DiffView, summary
from tui.widgets.plan_table import PlanTable

STALE = 10409
"""The engine's answer when either side changed after the plan was made."""


class PromoteDialog(Dialog[dict[str, Any]]):
    """Plans a promotion, shows it, and carries it out.

    Dismissed with the engine's `{version, deployment}` and `to`, the target's name, added; or with None.
    """

    VERB = "Promote"
    KEYS = "tab fields  space moves a row too  esc cancels"
    MIDDLE = (("#plan", 4), ("#difference", 3))

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "bind_missing", "Take what is missing", show=False, id="promote-bind"),
    ]

    def __init__(
        self, engine: Engine, service: Mapping[str, Any], source: str, target: str | None = None
    ) -> None:
        """Args:
        engine: where the plan comes from.
        service: the service as the engine lists it, with its `environments`.
        source: the environment whose code moves.
        target: the environment that gets it; production when not given, unless that is the source.
        """
        self.engine, self.service, self.source = engine, str(service["id"]), source
        others = [env for env in service["environments"] if env["environment"] != source]
        self.others: Sequence[Mapping[str, Any]] = sorted(
            others, key=lambda env: (not env["production"], env["environment"])
        )
        names: list[str] = [env["environment"] for env in self.others]
        if target is None or target not in names:
            target = names[0] if names else ""
        self.target = target
        self.plan: Mapping[str, Any] | None = None
        self.move: set[str] = set()
        self.busy = False
        super().__init__(self._title())

    # ------------------------------------------------------------------ what is shown

    @property
    def to_production(self) -> bool:
        """Whether the target is production."""
        return any(env["environment"] == self.target and env["production"] for env in self.others)

    def _title(self) -> str:
        mark = "▲ " if self.to_production else ""
        return f"Promote {self.service}: {self.source} → {mark}{self.target or '?'}"

    def compose_middle(self) -> ComposeResult:
        with Horizontal(id="target-row"):
            yield Label("[$muted]Target[/]", classes="field-label")
            yield Select(
                [(self._in_words(env), env["environment"]) for env in self.others],
                value=self.target if self.others else Select.NULL,
                allow_blank=not self.others,
                prompt="no other environment",
                compact=True,
                id="target",
            )
        yield PlanTable(id="plan")
        yield Static(id="code", classes="section")
        yield DiffView(id="difference", empty="No line of code differs.")

    def _in_words(self, env: Mapping[str, Any]) -> str:
        live = env.get("live")
        mark = "▲ " if env["production"] else ""
        state = f"{version(live['number'])} now" if live else "nothing yet"
        return f"{mark}{env['environment']}, {state}, at {env['hostname']}"

    def compose_question(self) -> ComposeResult:
        yield Label(id="question")
        yield DialogField(id="typed", compact=True, select_on_focus=False)

    def opened(self) -> None:
        self.query_one("#typed").display = False
        if self.others:
            self.make_plan()
        else:
            self.query_one("#words", Static).update(
                f"[b]{self.service}[/] has no other environment. Clone this one or create one first."
            )

    def most_rows(self, widget: Widget) -> int:
        if widget.id == "difference":
            # A wide terminal is a tall one as a rule: the code may have what the plan leaves.
            return 1000 if self.has_class("-wide") else 16 if self.has_class("-tall") else 9
        return 1000

    def _show(self, plan: Mapping[str, Any]) -> None:
        """Paint a plan, with what stops it or the name that has to be typed."""
        self.plan = plan
        box = self.query_one("#dialog")
        box.border_title = self._title()
        box.set_class(self.to_production, "-target-production")
        self.query_one("#words", Static).update(self._words(plan))
        self.query_one(PlanTable).show(plan)
        code = plan.get("code") or {}
        self.query_one("#code", Static).update(f"[b $muted]Code[/] [$faint]{summary(code)}[/]")
        self.query_one(DiffView).diff = code
        self._ask(plan)
        self.call_after_refresh(self.fit)

    def _words(self, plan: Mapping[str, Any]) -> str:
        source, target = plan["from"], plan["to"]
        hosts = " and ".join(target.get("hostnames") or [target["environment"]])
        old = (
            f"replaces [b]{version(target['number'])}[/]" if target.get("number") is not None else "goes live"
        )
        taken = [row["label"] for row in plan["rows"] if row["key"] in self.move and row["after"] == "moves"]
        also = f", and with it {', '.join(escape(name) for name in taken)}" if taken else ""
        keeps = (
            "the rest of its own data, variables and secrets"
            if taken
            else "its own data, variables and secrets"
        )
        return (
            f"[b]{version(source['number'])}[/] {old} at {hosts}. "
            f"Code moves{also}; {target['environment']} keeps {keeps}."
        )

    def _ask(self, plan: Mapping[str, Any]) -> None:
        question, typed = self.query_one("#question", Label), self.query_one("#typed", Input)
        blocked = plan.get("blocked") or []
        typed.display = bool(plan.get("confirm")) and not blocked
        if blocked:
            names = [row["label"] for row in plan["rows"] if row["after"] == "stops"] or [blocked[0]["key"]]
            mends = "  [b $accent]b[/] takes it along" if self._mending() else ""
            missing = escape(", ".join(names))
            question.update(f"[$error]✗ {plan['to']['environment']} has no {missing}.[/]{mends}")
        elif plan.get("confirm"):
            question.update(f"Type [b $production]{plan['confirm']}[/]:")
        else:
            question.update("")
        question.set_class(bool(blocked), "-reason")
        self.refresh_ready()

    # ------------------------------------------------------------------ the plan

    @work(exclusive=True, group="plan")
    async def make_plan(self) -> None:
        """Ask the engine what would happen, and show it."""
        self.busy = True
        self.refresh_ready()
        try:
            plan = await self.engine.plan_promotion(self.service, self.source, self.target, sorted(self.move))
        except EngineError as error:
            self.say(f"[$error]✗ {escape(error.message)}[/]")
            return
        except EngineAway as away:
            self.say(f"[$error]✗ The engine is away: {escape(away.reason)}.[/]")
            return
        finally:
            self.busy = False
        self._show(plan)

    @on(Select.Changed, "#target")
    def _target_chosen(self, event: Select.Changed) -> None:
        if event.value == self.target or event.value is Select.NULL:
            return
        self.target = str(event.value)
        self.move.clear()
        self.query_one("#typed", Input).value = ""
        self.say()
        self.make_plan()

    @on(PlanTable.Toggled)
    def _row_toggled(self, event: PlanTable.Toggled) -> None:
        self.move ^= {event.key}
        self.say()
        self.make_plan()

    @on(PlanTable.Refused)
    def _row_refused(self, event: PlanTable.Refused) -> None:
        self.say(f"[$muted]{escape(event.reason)}[/]")

    def _mending(self) -> set[str]:
        """The rows that stop it and could move along."""
        rows = self.plan["rows"] if self.plan else []
        return {row["key"] for row in rows if row["after"] == "stops" and row.get("movable")}

    def action_bind_missing(self) -> None:
        """Move along the bindings that the target lacks."""
        if mending := self._mending():
            self.move |= mending
            self.make_plan()

    # ------------------------------------------------------------------ doing it

    @property
    def ready(self) -> bool:
        plan = self.plan
        if plan is None or self.busy or plan.get("blocked") or not self.is_mounted:
            return False
        return not plan.get("confirm") or self.query_one("#typed", Input).value == plan["confirm"]

    @on(Input.Changed, "#typed")
    def _typed(self) -> None:
        self.refresh_ready()

    def typing_target(self) -> Input | None:
        typed = self.query_one("#typed", Input)
        # Who knows the way types the name before the plan is there: it waits in the field.
        expected = self.plan is None and self.to_production
        return typed if typed.display or expected else None

    def go(self) -> None:
        self.promote()

    @work(exclusive=True, group="promote")
    async def promote(self) -> None:
        """Carry the plan out; when either side has changed since, show the new plan instead."""
        plan = self.plan
        if plan is None:
            return
        self.busy = True
        self.refresh_ready()
        try:
            done = await self.engine.promote(
                self.service, self.source, self.target, sorted(self.move), str(plan["id"])
            )
        except EngineError as error:
            self.busy = False
            if error.code == STALE:
                self.query_one("#typed", Input).value = ""
                self.say("[$warning]! Something was deployed meanwhile. This is the plan now.[/]")
                self.make_plan()
            else:
                self.say(f"[$error]✗ {escape(error.message)}[/]")
                self.refresh_ready()
            return
        except EngineAway as away:
            self.busy = False
            self.say(f"[$error]✗ The engine is away: {escape(away.reason)}.[/]")
            self.refresh_ready()
            return
        self.dismiss({**done, "to": self.target})
