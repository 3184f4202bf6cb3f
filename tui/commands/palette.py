"""The palette's contents: every command that makes sense where it was opened."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.commands.base import Command, CommandHost, hosts


class CommandProvider(Provider):
    """Commands of the focused widget, its screen and the app, by name, nearest first."""

    def found(self) -> Iterator[tuple[CommandHost, type[Command]]]:
        """The commands that are allowed now, each once."""
        seen: set[str] = set()
        for host in hosts(self.focused or self.screen):
            for command in host.commands():
                if command.CHANGES and host.svc.read_only:
                    continue
                if command.NAME and command.NAME not in seen and host.allows(command) is True:
                    seen.add(command.NAME)
                    yield host, command

    def help(self, command: type[Command]) -> str:
        """The line under a command's name: its key and what it does."""
        if not command.BINDING_KEY:
            return command.sentence()
        key = self.app.get_key_display(command.binding().with_key(command.BINDING_KEY.split(",")[0]))
        return f"{command.sentence()}  {key}"

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for host, command in self.found():
            yield DiscoveryHit(command.NAME, partial(host.use, command), help=self.help(command))

    async def search(self, query: str) -> Hits:
        """What matches the letters typed."""
        matcher = self.matcher(query)
        for host, command in self.found():
            if (score := matcher.match(command.NAME)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(command.NAME),
                    partial(host.use, command),
                    text=command.NAME,
                    help=self.help(command),
                )
