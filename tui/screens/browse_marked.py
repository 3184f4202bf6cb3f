"""What can be done with several environments at once: those that were marked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import on, work

from tui import format
from tui.client import EngineAway, EngineError
from tui.commands import browse as commands
from tui.commands.base import Command
from tui.markup import escape
from tui.screens.browse_verbs import BrowseVerbs
from tui.widgets.pane import Pane
from tui.widgets.service_tree import Place

#: With marked rows, a key means all of them.
OF_MARKED: dict[type[Command], type[Command]] = {
    commands.Delete: commands.DeleteMarked,
    commands.Clone: commands.CloneMarked,
    commands.Diff: commands.CompareMarked,
    commands.CopyUrl: commands.CopyMarked,
}
#: Names that a question lists; the others are counted.
NAMED = 12


class BrowseMarked(BrowseVerbs):
    """The part of the browse screen that takes several rows at once."""

    @property
    def marked(self) -> list[Place]:
        """The marked environments, in the order of their names."""
        return sorted(self.service_tree.marked, key=lambda place: (place.service, str(place.environment)))

    def meant(self, command: type[Command]) -> type[Command]:
        """The command that a key stands for while rows are marked."""
        return OF_MARKED.get(command, command) if self.service_tree.marked else command

    def use(self, command: type[Command]) -> None:
        """Do a command, with everything that is marked where it can."""
        super().use(self.meant(command))

    @on(commands.CopyMarked)
    async def _copy_marked(self) -> None:
        urls = [str(summary["url"]) for place in self.marked if (summary := self.summary(place))]
        await self.svc.copy("\n".join(urls), format.plural(len(urls), "address", "addresses"))

    @on(commands.CompareMarked)
    @work(exclusive=True, group="verb")
    async def _compare_marked(self) -> None:
        from tui.screens.diff import DiffScreen

        first, second = self.marked
        if second.production:
            first, second = second, first
        asked = self.svc.engine.diff(first.service, str(first.environment), str(second.environment))
        if (found := await self._ask(asked)) is not None:
            await self.app.push_screen(DiffScreen(first.service, found))

    @on(commands.DeleteMarked)
    @work(exclusive=True, group="verb")
    async def _delete_marked(self) -> None:
        from tui.screens.dialogs.confirm import ConfirmDialog

        places = self.marked
        what = format.plural(len(places), "environment")
        production = any(place.production for place in places)
        dialog = ConfirmDialog(
            f"Delete {what}" + (" [$production]▲ production among them[/]" if production else ""),
            f"{_names(places)}\n\nTheir hostnames stop answering. Code, versions and secrets are gone; "
            "data in KV stays.",
            verb="Delete",
            typed="production" if production else None,
            production=production,
        )
        if await self.app.push_screen_wait(dialog):
            engine = self.svc.engine
            self._each(
                "delete",
                "Deleted",
                places,
                lambda one: engine.delete_environment(one.service, str(one.environment)),
            )

    @on(commands.CloneMarked)
    @work(exclusive=True, group="verb")
    async def _clone_marked(self) -> None:
        from tui.screens.dialogs.name import fault
        from tui.screens.workbench.ask import AskDialog

        places = self.marked
        taken = {
            environment["environment"]
            for service in {place.service for place in places}
            for environment in (self.service(service) or {"environments": ()})["environments"]
        }
        dialog = AskDialog(
            f"Clone {format.plural(len(places), 'environment')}",
            f"{_names(places)}\n\nEach is copied inside its own service, under one name: code, variables, "
            "secrets and bindings, with new and empty KV namespaces.",
            "Clone",
            "Name",
            lambda typed: (fault(typed, taken), f"{typed}.{places[0].service}…" if typed else ""),
        )
        if name := await self.app.push_screen_wait(dialog):
            clone = self.svc.engine.clone
            self._each("clone", "Cloned", places, lambda one: clone(one.service, str(one.environment), name))

    @work(exclusive=True, group="marked")
    async def _each(
        self, verb: str, done: str, places: Sequence[Place], call: Callable[[Place], Awaitable[Any]]
    ) -> None:
        """One call an environment, in turn; what was refused stays marked."""
        pane, finished = self.query_one("#services", Pane), 0
        try:
            for number, place in enumerate(places, 1):
                pane.bottom = f"{verb} {number} of {len(places)}  [b $accent]esc[/] stops"
                try:
                    await call(place)
                except EngineError as error:
                    self.notify(escape(f"{place}: {error.message}"), severity="error")
                    continue
                except EngineAway as away:
                    self.notify(f"The engine is away: {escape(away.reason)}.", severity="error")
                    break
                finished += 1
                self.service_tree.marked -= {place}
        finally:
            self.notify(f"{done} {finished} of {format.plural(len(places), 'environment')}.")
            self.reread(*{place.service for place in places})

    @on(commands.ClearFilter)
    def _stop(self) -> None:
        """Escape stops what is done with several rows, too."""
        self.workers.cancel_group(self, "marked")

    def allows(self, command: type[Command]) -> bool | None:
        """What is about marked rows needs some."""
        if command not in OF_MARKED.values():
            return super().allows(command)
        places = self.marked
        if command is commands.CompareMarked:
            return True if len(places) == 2 and places[0].service == places[1].service else None
        if command is commands.CloneMarked:
            return True if places and len({place.service for place in places}) == len(places) else None
        return True if places else None


def _names(places: Sequence[Place]) -> str:
    """`[b]notes › staging[/], …` with the rest counted."""
    names = [
        f"[b]{escape(place.service)}[/] › "
        + ("[$production]▲ production[/]" if place.production else f"[b]{escape(str(place.environment))}[/]")
        for place in places[:NAMED]
    ]
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    return ", ".join(names) + more
