"""`svc-tui token`: API tokens by name, for some services and environments, for some time."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Final

from engine.cli import confirm
from engine.cli.api import Client, Json, add_common, connected, dump
from engine.cli.errors import CliError
from engine.cli.table import print_table
from engine.tokens import policies
from engine.tokens.token import ACCOUNT, PERMISSIONS, WHOLE, Grant, told

_OPTIONS: Final = {each: f"--{'account-read' if each == ACCOUNT else each}" for each in PERMISSIONS}
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "token",
        help="create, list, roll or revoke API tokens",
        description="API tokens for programs: each has a name, which the history shows as who it was, and "
        "may do no more than it was made for. Whoever owns the state folder needs none.",
    )
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = verbs.add_parser(
        "create",
        help="a token; it is printed this once",
        description="Create a token and print it. Nobody can print it again. Names of services and "
        "environments may be patterns, such as 'preview-*'; without --service it is for all of them.",
        epilog="example: svc-tui token create ci --service notes --env staging --deploy --expires 30d",
    )
    create.add_argument("name", metavar="NAME", help="what the history calls who uses it")
    create.add_argument("--service", action="append", metavar="SERVICE", help="repeatable; default: all")
    create.add_argument("--env", action="append", metavar="ENV", help="repeatable; default: all of them")
    for permission, option in _OPTIONS.items():
        create.add_argument(
            option, action="store_true", dest=f"may_{permission}", help=PERMISSIONS[permission]
        )
    create.add_argument(
        "--expires", metavar="WHEN", type=moment, help="30d, 12h, 90m, 2w, or a day such as 2027-01-31"
    )
    listing = verbs.add_parser("list", help="all tokens, and what they may do")
    roll = verbs.add_parser("roll", help="another text for a token; the old one is refused at once")
    roll.add_argument("name", metavar="NAME")
    revoke = verbs.add_parser("revoke", help="end a token")
    revoke.add_argument("name", metavar="NAME")
    revoke.add_argument("-y", "--yes", action="store_true", help="do not ask")
    for each in (create, listing, roll, revoke):
        add_common(each)


def run(args: argparse.Namespace) -> int:
    """Run one of the actions. Returns the exit code."""
    with connected(args) as client:
        _ACTIONS[args.action](client, args)
    return 0


def moment(text: str) -> str:
    """When something ends, from how long it lasts or its last day, for argparse."""
    found = re.fullmatch(r"([1-9]\d{0,4})([mhdw])", text)
    try:
        if found is not None:
            end = datetime.now(UTC) + timedelta(**{_UNITS[found[2]]: int(found[1])})
        else:
            end = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: give 30d, 12h, 90m, 2w, or a day such as 2027-01-31"
        ) from None
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def _create(client: Client, args: argparse.Namespace) -> None:
    grants = _grants(args)
    account = str(client.call("GET", "")["id"])
    body: Json = {"name": args.name, "policies": policies.policies(grants, account)}
    if args.expires is not None:
        body["expires_on"] = args.expires
    made = client.call("POST", "/tokens", body)
    if args.json:
        dump(made)
        return
    until = f", until {_when(made['expires_on'])} UTC" if made["expires_on"] else ""
    print(f"{args.name}: {told(grants)}{until}; this is shown once:", file=sys.stderr)
    print(made["value"])


def _grants(args: argparse.Namespace) -> list[Grant]:
    """What the options ask for: every permission in every place, or on the account."""
    wanted = [each for each in PERMISSIONS if getattr(args, f"may_{each}")]
    if not wanted:
        raise CliError(f"say what {args.name} may do: {', '.join(_OPTIONS.values())}", 2)
    if args.env and not args.service:
        raise CliError("--env needs --service: of which service is the environment?", 2)
    if args.service and (whole := [_OPTIONS[each] for each in wanted if each in WHOLE]):
        raise CliError(
            f"{' and '.join(whole)} {'is' if len(whole) == 1 else 'are'} for the whole account: make a token "
            "without --service for that",
            2,
        )
    places = product(args.service or [None], args.env or [None])
    return [Grant(each, *place) for place in places for each in wanted]


def _list(client: Client, args: argparse.Namespace) -> None:
    found = _all(client)
    if args.json:
        dump(found)
        return
    if not found:
        print("there are no tokens; svc-tui token create makes one", file=sys.stderr)
        return
    rows = [
        (
            each["name"],
            each["status"],
            _when(each["expires_on"]) or "never",
            _when(each["last_used_on"]) or "never",
            told(Grant(**grant) for grant in each["grants"]),
        )
        for each in found
    ]
    print_table(("NAME", "STATUS", "ENDS (UTC)", "LAST USED (UTC)", "MAY"), rows)


def _roll(client: Client, args: argparse.Namespace) -> None:
    token = _named(client, args.name)
    value = client.call("PUT", f"/tokens/{token['id']}/value", {})
    if args.json:
        dump({**token, "value": value})
    else:
        print(f"{args.name} has another text; this is shown once:", file=sys.stderr)
        print(value)


def _revoke(client: Client, args: argparse.Namespace) -> None:
    token = _named(client, args.name)
    if not args.yes:
        confirm.ask(f"Revoke {args.name} ({told(Grant(**each) for each in token['grants'])})?")
    client.call("DELETE", f"/tokens/{token['id']}")
    if args.json:
        dump({"name": args.name, "revoked": True})
    else:
        print(f"revoked {args.name}")


def _named(client: Client, name: str) -> Json:
    for each in _all(client):
        if name in (each["name"], each["id"]):
            return each
    raise CliError(f"there is no token {name}; see svc-tui token list")


def _all(client: Client) -> list[Json]:
    found: list[Json] = []
    page = 1
    while batch := client.call("GET", "/tokens", params={"page": page, "per_page": 1000}):
        found += batch
        page += 1
    return found


def _when(time: str | None) -> str:
    return (time or "")[:16].replace("T", " ")


_ACTIONS: dict[str, Callable[[Client, argparse.Namespace], None]] = {
    "create": _create,
    "list": _list,
    "roll": _roll,
    "revoke": _revoke,
}
