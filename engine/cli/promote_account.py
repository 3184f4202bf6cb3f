"""`svc-tui promote SERVICE ENV --to ACCOUNT…`: an environment's code goes live in another account."""

from __future__ import annotations

import argparse
import sys
from typing import TextIO

from engine.accounts import accounts, environment, promotion
from engine.accounts.accounts import AccountError, Accounts
from engine.accounts.environment import pages
from engine.accounts.remote import Remote
from engine.cli import confirm
from engine.cli.api import Client, connected, dump, open_account
from engine.cli.code_diff import print_code
from engine.cli.errors import USAGE, CliError
from engine.cli.table import print_table
from engine.model import PRODUCTION
from engine.wrangler import dotenv
from engine.wrangler.errors import ProjectError

_AFTER = {"moves": "→ moves", "stays": "= stays", "same": "= same", "stops": "✗ stops it"}


def run(args: argparse.Namespace, name: str) -> int:
    """Show the plan, ask, promote. Returns the exit code.

    Args:
        args: the verb's.
        name: the environment whose code it is.

    Raises:
        CliError: something stops it, or the target changed since the plan was shown.
    """
    account, service, place = _target(args)
    secrets = _secrets(args)
    with connected(args) as client:
        source = environment.read(client, args.service, name)
        classes = environment.classes(client, args.service, name)
        names = _names(client)
    try:
        known = Accounts(accounts.folder())
        found = known.get(account)
    except AccountError as error:
        raise CliError(str(error)) from None
    away = open_account(found, known.path)
    try:
        target = Remote(away, service, place)
        plan = promotion.make(source, target, names, classes, secrets, args.move)
        if args.dry_run and args.json:
            dump({**plan.to_json(), "account": account})
        else:
            _print(args, plan, account, sys.stderr if args.json else sys.stdout)
        if plan.blocked:
            raise CliError("it cannot be promoted: " + "; ".join(str(row.reason) for row in plan.blocked))
        if args.dry_run:
            return 0
        _ask(args, plan, account)
        if target.live() != plan.live:
            raise CliError(
                f"{service} in {account} was deployed meanwhile, nothing was changed; run it again"
            )
        if args.message:
            plan.metadata["annotations"] = {"workers/message": args.message}
        target.put(plan.metadata, source.modules)
        deployment = target.live()
    finally:
        away.close()
    if args.json:
        dump({"account": account, "service": service, "environment": place, "deployment_id": deployment})
    else:
        where = service if place == PRODUCTION else f"{service} › {place}"
        print(f"promoted {args.service} › {name} v{source.number} to {where} of {account}")
    return 0


def _target(args: argparse.Namespace) -> tuple[str, str, str]:
    """`ACCOUNT[/SERVICE[/ENV]]`."""
    account, _, rest = args.target.partition("/")
    service, _, place = rest.partition("/")
    if not account or "/" in place:
        raise CliError(
            f"{args.target} is no target: write ACCOUNT, ACCOUNT/SERVICE or ACCOUNT/SERVICE/ENV", USAGE
        )
    return account, service or args.service, place or PRODUCTION


def _secrets(args: argparse.Namespace) -> dict[str, str]:
    if args.secrets is None:
        return {}
    try:
        return dotenv.parse(args.secrets.read_text("utf-8"), args.secrets)
    except ProjectError as error:
        raise CliError(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"cannot read {args.secrets}: {error}") from None


def _names(client: Client) -> dict[str, str]:
    """What this account calls its KV namespaces and databases, by id."""
    namespaces = pages(client, "/storage/kv/namespaces")
    databases = pages(client, "/d1/database")
    return {str(each["id"]): str(each["title"]) for each in namespaces} | {
        str(each["uuid"]): str(each["name"]) for each in databases
    }


def _ask(args: argparse.Namespace, plan: promotion.Plan, account: str) -> None:
    if args.yes:
        return
    if plan.confirm:
        confirm.type_name(plan.confirm, f"This replaces what is live in {plan.target.service} of {account}.")
    else:
        confirm.ask(f"Promote to {plan.target.service} › {plan.target.environment} of {account}?")


def _print(args: argparse.Namespace, plan: promotion.Plan, account: str, file: TextIO) -> None:
    shown = plan.to_json()
    replaced = "what is live" if plan.live else "nothing"
    place = plan.target.service + (
        "" if plan.target.environment == PRODUCTION else f" › {plan.target.environment}"
    )
    print(
        f"v{plan.source.number} of {plan.source.name} replaces {replaced} in {place} of {account}", file=file
    )
    changed = f"→ moves  +{shown['code']['added']} −{shown['code']['removed']}"
    same = all(each["status"] == "same" for each in shown["code"]["modules"])
    rows = [("code", f"v{plan.source.number}", "live" if plan.live else "–", "= same" if same else changed)]
    for row in plan.rows:
        kind = "" if row.kind == "setting" else f" ({row.kind})"
        rows.append((f"{row.label}{kind}", _cell(row.source), _cell(row.target), _AFTER[row.after]))
    print_table(("", args.service, account, "after"), rows, file)
    if args.diff:
        print_code(shown["code"]["modules"], file)


def _cell(text: str | None) -> str:
    if text is None:
        return "–"
    one = " ".join(text.split())
    return one if len(one) <= 32 else f"{one[:31]}…"
