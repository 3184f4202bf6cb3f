"""The command line: `svc-tui VERB …`, which the entry point runs as `python -m engine VERB …`.

Exit codes:
    0    done
    1    refused or failed; one line on stderr says what to do
    2    wrong usage
    3    the engine is away: it cannot be reached or started
    4    not confirmed: nothing was changed
    130  interrupted
`serve` and `up` have three more, as <sysexits.h> numbers them: 69 port in use, 73 the state folder cannot be
written, 75 another engine runs on it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Final, NoReturn

from engine.cli.errors import CliError

PROGRAM: Final = "svc-tui"
VERBS: Final = (
    "serve",
    "up",
    "run",
    "deploy",
    "env",
    "promote",
    "pipeline",
    "rollback",
    "tail",
    "trust",
    "export",
    "account",
    "token",
    "wrangler-env",
    "wrangler",
)
"""Verbs for people, in the order of the help. Each is a module here with `add_parser` and `run`."""
HIDDEN: Final = ("child",)
VERBATIM: Final = ("wrangler",)
"""Verbs that hand everything behind them to another program."""
INTERRUPTED: Final = 130

DESCRIPTION: Final = "Workers Services on your own machine. Without a verb: the app."
EPILOG: Final = (
    "exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the engine is away, 4 not confirmed. "
    "SVC_TUI_STATE names the state folder when --state does not."
)


class Parser(argparse.ArgumentParser):
    """argparse whose errors are one line that says where the help is."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit 2."""
        self.exit(2, f"{PROGRAM}: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str]) -> int:
    """Run one verb.

    Args:
        arguments: what stands behind the program's name.

    Returns:
        The exit code.
    """
    verb = arguments[0] if arguments else ""
    parser, modules = make_parser([verb] if verb in VERBS + HIDDEN else VERBS)
    if verb in VERBATIM:
        args = argparse.Namespace(verb=verb, arguments=list(arguments[1:]))
    else:
        args = parser.parse_args(arguments)
    module = modules[args.verb]
    try:
        code: int = module.run(args)
        sys.stdout.flush()
        return code
    except CliError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who reads has seen enough (`| head`). Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def make_parser(verbs: Sequence[str]) -> tuple[Parser, dict[str, ModuleType]]:
    """The parser of some verbs and their modules; only those are imported."""
    parser = Parser(prog=PROGRAM, description=DESCRIPTION, epilog=EPILOG)
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    modules = {verb: import_module(f"engine.cli.{verb.replace('-', '_')}") for verb in verbs}
    for module in modules.values():
        module.add_parser(subparsers)
    return parser, modules
