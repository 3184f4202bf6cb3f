"""`svc-tui deploy --watch`: deploy again whenever a file of the project is saved.

The system tells of changes (inotify, FSEvents, by the watchfiles library); the project is read again then and
deployed if what would be uploaded differs from what is live. Nothing is bundled, so a save is live in some
ten milliseconds. What is wrong with the code is told, and the version before it stays live.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.cli.api import Client, Json, connected, dump
from engine.cli.errors import AWAY, CliError

if TYPE_CHECKING:
    from engine.wrangler.project import Project

#: Milliseconds without another change until files are read, and at most until then: editors write in pieces.
STEP, DEBOUNCE = 10, 50
#: Milliseconds after the watch began in which a change may have come too early for it.
SETTLE: Final = 300


def run(
    args: argparse.Namespace,
    read: Callable[[], Project],
    deploy: Callable[[Client, Project], Json],
) -> int:
    """Deploy, and again at each change; ends when interrupted.

    Args:
        args: the verb's.
        read: reads the project; raises CliError.
        deploy: deploys it; raises CliError.
    """
    watch = _Watch(args, read, deploy)
    watch.turn()
    while True:
        watch.follow()


class _Watch:
    """What is live, and what is watched for it."""

    def __init__(
        self,
        args: argparse.Namespace,
        read: Callable[[], Project],
        deploy: Callable[[Client, Project], Json],
    ) -> None:
        self._args, self._read, self._deploy = args, read, deploy
        self._live: Project | None = None
        self._told = ""
        self._folders = {_folder(args.path)}

    def follow(self) -> None:
        """Follow changes until other folders have to be watched, or the engine has to be found again."""
        from watchfiles import watch

        folders = self._folders
        try:
            with connected(self._args) as client:
                self._tell({"event": "watching", "folders": sorted(map(str, folders))})
                settled = False
                for changes in watch(
                    *sorted(folders),
                    step=STEP,
                    debounce=DEBOUNCE,
                    rust_timeout=SETTLE,
                    yield_on_timeout=True,
                    recursive=True,
                ):
                    if not changes and settled:
                        continue
                    settled = settled or not changes
                    self.turn(client)
                    if self._folders != folders:
                        return
        except CliError as error:
            if error.code != AWAY:
                raise
            self._fail(error)
            time.sleep(0.2)  # an engine that is being replaced is there again after that

    def turn(self, client: Client | None = None) -> None:
        """Read the project, and deploy it if it is another one; tells what is wrong and goes on.

        Raises:
            CliError: exit code 3, the engine is away.
        """
        began = time.monotonic()
        try:
            project = self._read()
            if project == self._live:
                return
            self._folders = {_folder(self._args.path), *project.folders}
            if client is None:
                with connected(self._args) as opened:
                    shown = self._deploy(opened, project)
            else:
                shown = self._deploy(client, project)
        except CliError as error:
            if error.code == AWAY and client is not None:
                raise
            self._fail(error)
            return
        self._live, self._told = project, ""
        self._tell({"event": "deployed", **shown, "ms": round((time.monotonic() - began) * 1000, 1)})

    def _fail(self, error: CliError) -> None:
        """Once for each thing that is wrong."""
        if self._told != str(error):
            self._told = str(error)
            self._tell({"event": "error", "message": str(error)})

    def _tell(self, event: Json) -> None:
        if self._args.json:
            dump(event)
        elif event["event"] == "deployed":
            place = f"{event['service']} › {event['environment']}"
            print(f"{place}  v{event['number']}  {event['url']}  {event['ms']:.0f} ms")
        elif event["event"] == "error":
            print(f"svc-tui: {event['message']}", file=sys.stderr)
        else:
            print("watching " + ", ".join(event["folders"]), file=sys.stderr)
        sys.stdout.flush()


def _folder(path: Path) -> Path:
    path = path.absolute()
    return path if path.is_dir() else path.parent
