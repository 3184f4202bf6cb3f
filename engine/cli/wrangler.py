"""`svc-tui wrangler …`: Cloudflare's own command line, talking to this engine."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.cli.errors import CliError
from engine.cli.wrangler_env import variables

#: wrangler prefers a global key to a token, and has older names for some variables.
FOREIGN: Final = (
    "CLOUDFLARE_API_KEY",
    "CLOUDFLARE_EMAIL",
    "CF_API_KEY",
    "CF_API_TOKEN",
    "CF_API_BASE_URL",
    "CF_ACCOUNT_ID",
    "CF_EMAIL",
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line; everything behind it is wrangler's."""
    subparsers.add_parser(
        "wrangler",
        help="run the installed wrangler against this engine",
        description="Run the project's wrangler (node_modules/.bin), else that of PATH, else npx wrangler, "
        "with the variables of wrangler-env. $SVC_TUI_STATE names the state folder.",
        add_help=False,
    )


def run(args: argparse.Namespace) -> int:
    """Become wrangler; returns only when it cannot be run."""
    command = [*find(Path.cwd(), os.environ), *args.arguments]
    environment = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    environment.update(variables(None))
    sys.stdout.flush()
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        raise CliError(f"cannot run {command[0]}: {error.strerror}") from None


def find(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """The command that runs wrangler: the nearest project's, that of PATH, or npx.

    Raises:
        CliError: there is none, and no npx either.
    """
    for place in (folder, *folder.parents):
        local = place / "node_modules" / ".bin" / "wrangler"
        if os.access(local, os.X_OK):
            return [str(local)]
    path = environment.get("PATH")
    installed = shutil.which("wrangler", path=path)
    if installed:
        return [installed]
    npx = shutil.which("npx", path=path)
    if npx:
        print("svc-tui: wrangler is not installed here, asking npx for it", file=sys.stderr)
        return [npx, "--yes", "wrangler"]
    raise CliError(
        "wrangler is not installed and there is no npx to get it: install Node.js, "
        "then run npm install --save-dev wrangler"
    )
