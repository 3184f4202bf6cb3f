"""What `svc-tui run --apply` does with the writes that a run has kept back: list, ask, apply, or drop."""

from __future__ import annotations

import argparse
import sys

from engine.cli import confirm
from engine.cli.api import Client, Json
from engine.cli.errors import USAGE, CliError

#: Writes that are listed; of more there is the number.
SHOWN = 100


def chosen(text: str | None) -> list[int] | None:
    """`1,3-5` as numbers; None is all.

    Raises:
        CliError: it is something else.
    """
    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise CliError(f"--only {text!r}: give numbers of the list, as in 1,3-5", USAGE)
        found += range(int(first), int(last if dash else first) + 1)
    return found


def settle(args: argparse.Namespace, client: Client, session: str, ran: bool) -> None:
    """Apply what a run has kept back, or drop it: it failed, or that was not confirmed.

    Args:
        args: of the command line.
        client: the engine.
        session: the path of the session.
        ran: whether the run went well.

    Raises:
        CliError: it was not confirmed, or a live value has changed meanwhile and nothing was forced.
    """
    environment = args.env or "production"
    applied = False
    try:
        kept = client.call("GET", session)
        if not ran:
            print(f"the run failed: {_writes(kept['count'])} dropped", file=sys.stderr)
            return
        ids = chosen(args.only)
        count = kept["count"] if ids is None else len(ids)
        show(kept, ids)
        what = _writes(count)
        if not args.yes and environment == "production":
            confirm.type_name(args.service, f"This does {what} for real in production of {args.service}.")
        elif not args.yes:
            confirm.ask(f"Do {what} for real in {environment} of {args.service}?")
        done = client.call("POST", f"{session}/apply", {"ids": ids, "force": args.force})
        applied = done["left"] == 0
        left = f", {_writes(done['left'])} dropped" if done["left"] else ""
        print(f"applied {_writes(done['count'])}{left}", file=sys.stderr)
    finally:
        if not applied:
            client.call("DELETE", session)


def show(kept: Json, ids: list[int] | None) -> None:
    """The list, each write by its number; `*` is what will be applied."""
    for item in kept["items"][:SHOWN]:
        mark = "*" if ids is None or item["id"] in ids else " "
        name = f"{item['binding']}.{item['operation']} {item['subject']}".rstrip()
        notes = [_change(item), "replaced by a later write" if item["superseded"] else ""]
        notes += [item["conflict"] or "", item["refusal"] or ""]
        told = "  ".join(note for note in notes if note)
        print(f"{mark}{item['id']:>4}  {name:<40}  {told}".rstrip(), file=sys.stderr)
    if kept["count"] > SHOWN:
        print(f"      and {_writes(kept['count'] - SHOWN)} more", file=sys.stderr)


def _change(item: Json) -> str:
    change = item["change"]
    if change is None:
        return "" if item["size"] is None else f"{item['size']} B"
    return f"{_value(change['before'])} → {_value(change['after'])}"


def _value(shown: Json | None) -> str:
    if shown is None:
        return "nothing"
    return f"{shown['size']} B" if shown["text"] is None else f'"{shown["text"]}"'


def _writes(count: int) -> str:
    return f"{count} write{'' if count == 1 else 's'}"
