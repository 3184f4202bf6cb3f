"""`svc-tui promote`: an environment's code goes live in another one, after a look at what changes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, TextIO

from engine.cli import confirm
from engine.cli.api import Json, add_common, connected, dump, service_path
from engine.cli.code_diff import print_code
from engine.cli.errors import USAGE, CliError
from engine.cli.table import print_table

_AFTER = {"moves": "→ moves", "stays": "= stays", "same": "= same", "stops": "✗ stops it"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "promote",
        help="make one environment's code live in another",
        description="Promote what is live in one environment to another. The code moves; the target keeps "
        "its own variables, secrets and resources, unless --move names one. Shows the plan, then asks; "
        "production asks for its name to be typed. With ENV before --to the code goes to another account "
        "(see svc-tui account), whose variables, secrets and resources stay its own.",
    )
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument(
        "environment", nargs="?", metavar="ENV", help="whose code it is, when --to is an account"
    )
    parser.add_argument("--from", dest="source", metavar="ENV", help="whose code it is")
    parser.add_argument(
        "--to",
        dest="target",
        required=True,
        metavar="ENV",
        help="where it goes live; with ENV before it, ACCOUNT[/SERVICE[/ENV]]",
    )
    parser.add_argument(
        "--secrets", type=Path, metavar="FILE", help="texts of another account's secrets, in dotenv form"
    )
    parser.add_argument(
        "--move",
        action="append",
        default=[],
        metavar="NAME",
        help="a binding, variable or secret that moves too (may be repeated)",
    )
    parser.add_argument("--diff", action="store_true", help="show the code's difference line by line")
    parser.add_argument("--dry-run", action="store_true", help="show the plan only")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("-m", "--message", help="what the history says about it")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Show the plan, ask, promote. Returns the exit code."""
    if args.environment is not None or "/" in args.target:
        from engine.cli import promote_account

        if (args.environment is None) == (args.source is None):
            raise CliError("name the environment once: promote SERVICE ENV --to ACCOUNT", USAGE)
        return promote_account.run(args, args.environment or args.source)
    if args.source is None or args.secrets is not None:
        raise CliError("an environment of this service is the target of promote --from ENV --to ENV", USAGE)
    with connected(args) as client:
        path = f"{service_path(args.service)}/promotions"
        asked: Json = {"from": args.source, "to": args.target, "move": _keys(args.move)}
        plan = client.call("POST", f"{path}/plan", asked)
        if args.dry_run and args.json:
            dump(plan)
        else:
            _print_plan(args, plan, sys.stderr if args.json else sys.stdout)
        if plan["blocked"]:
            reasons = "; ".join(str(each["reason"]) for each in plan["blocked"])
            raise CliError(f"it cannot be promoted: {reasons}")
        if args.dry_run:
            return 0
        if not args.yes:
            if plan["confirm"]:
                confirm.type_name(plan["confirm"], f"This replaces what is live in {args.target}.")
            else:
                confirm.ask(f"Promote to {args.target}?")
        if args.message:
            asked["message"] = args.message
        made = client.call("POST", path, {**asked, "plan": plan["id"]})
    if args.json:
        dump(made)
    else:
        print(f"promoted {args.source} to {args.target}: v{made['version']['number']} is live")
    return 0


def _keys(names: list[str]) -> list[str]:
    """Rows of bindings are called binding:NAME; people may leave that out."""
    plain = {"code", "compatibility_date", "compatibility_flags", "limits"}
    return [name if ":" in name or name in plain else f"binding:{name}" for name in names]


def _print_plan(args: argparse.Namespace, plan: Json, file: TextIO) -> None:
    source, target = plan["from"], plan["to"]
    replaced = f"v{target['number']}" if target["number"] is not None else "nothing"
    hosts = ", ".join(target["hostnames"])
    print(f"v{source['number']} of {args.source} replaces {replaced} at {hosts}", file=file)
    print_table(
        ("", args.source, args.target, "after"), [_cells(row, plan["code"]) for row in plan["rows"]], file
    )
    if args.diff:
        print_code(plan["code"]["modules"], file)


def _cells(row: Json, code: Json) -> tuple[str, str, str, str]:
    after = _AFTER[row["after"]]
    if row["key"] == "code":
        after += f"  +{code['added']} −{code['removed']}"
    if row["location"]:
        after += f"  {row['location']}"
    kind = f" ({row['kind']})" if row["key"].startswith("binding:") else ""
    return f"{row['label']}{kind}", _cell(row["source"]), _cell(row["target"]), after


def _cell(text: Any) -> str:
    if text is None:
        return "–"
    shown = " ".join(str(text).split())
    return shown if len(shown) <= 32 else f"{shown[:31]}…"
