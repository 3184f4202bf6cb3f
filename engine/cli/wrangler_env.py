"""`svc-tui wrangler-env`: what real wrangler needs in its environment to talk to this engine."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from engine.cli.api import dump
from engine.cli.errors import AWAY, CliError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "wrangler-env",
        help="print what makes wrangler talk to this engine",
        description="Print the exports that make Cloudflare's wrangler talk to this engine: eval \"$(svc-tui "
        'wrangler-env)". Starts the engine when none runs. The token is in them.',
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state folder of the engine (default: $SVC_TUI_STATE, else the user's)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print them. Returns the exit code."""
    found = variables(args.state)
    if args.json:
        dump(found)
    else:
        for name, value in found.items():
            print(f"export {name}={shlex.quote(value)}")
    return 0


def variables(state: Path | None) -> dict[str, str]:
    """The variables by name; the engine is started when none runs.

    Raises:
        CliError: exit code 3, it cannot be started.
    """
    from engine.cli import up
    from engine.statefolder import StateFolder, default_path

    try:
        found = up.ensure(StateFolder(state or default_path()))
        token = Path(found["token_file"]).read_text("ascii").strip()
    except up.EngineFailed as error:
        raise CliError(str(error), AWAY) from None
    except OSError as error:
        raise CliError(f"cannot read {error.filename}: {error.strerror}", AWAY) from None
    return {
        "CLOUDFLARE_API_BASE_URL": f"{found['address']}/client/v4",
        "CLOUDFLARE_API_TOKEN": token,
        "CLOUDFLARE_ACCOUNT_ID": str(found["account_id"]),
        "WRANGLER_SEND_METRICS": "false",
        "WRANGLER_SEND_ERROR_REPORTS": "false",
    }
