"""`svc-tui env`: environments of a service, listed, created, cloned, renamed and deleted."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from urllib.parse import quote

from engine.cli import confirm
from engine.cli.api import Client, Json, Refused, add_common, connected, dump, environment_path, service_path
from engine.cli.code_diff import print_code
from engine.cli.table import print_table

PRODUCTION = "production"
_NO_SERVICE = 10007


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser("env", help="list, create, clone, rename or delete environments")
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = verbs.add_parser("list", help="environments with their live version and address")
    listing.add_argument("service", nargs="?", metavar="SERVICE", help="only of this service")

    create = verbs.add_parser(
        "create",
        help="an environment with a starter script",
        description="Create an environment that runs a starter script. A service that does not exist yet "
        "is created with its production.",
    )
    _names(create, "SERVICE", "ENV")

    clone = verbs.add_parser(
        "clone",
        help="a copy with the same code and settings",
        description="Copy an environment's code, variables, secrets and bindings to a new one. Its data (KV, "
        "D1, R2, queues, Durable Objects) is its own and empty, unless --share or --copy-data is given.",
    )
    _names(clone, "SERVICE", "ENV", "NEW")
    data = clone.add_mutually_exclusive_group()
    data.add_argument(
        "--share",
        action="store_true",
        help="bind the same KV, D1, R2 and queues; Durable Objects are its own",
    )
    data.add_argument(
        "--copy-data",
        action="store_true",
        help="its own, holding what the source's hold now; messages in queues are not copied",
    )

    rename = verbs.add_parser("rename", help="another name, and with it another address")
    _names(rename, "SERVICE", "ENV", "NEW")
    rename.add_argument("--force", action="store_true", help="also when other services bind to it")

    diff = verbs.add_parser(
        "diff",
        help="what differs between two environments",
        description="Everything that differs: bindings, variables, secrets by name, compatibility, limits, "
        "crons, routes, domains, observability, and the code; nothing that differs is left out.",
    )
    _names(diff, "SERVICE", "ENV")
    diff.add_argument("other", nargs="?", default=PRODUCTION, metavar="OTHER", help="default: production")
    diff.add_argument("--code", action="store_true", help="show the code's difference line by line")
    diff.add_argument("--exit-code", action="store_true", help="exit 1 when something differs")

    release = verbs.add_parser(
        "release",
        help="out of quarantine",
        description="Let an environment whose code brought V8 down run beside the others again. A deployment "
        "of other code does that by itself.",
    )
    _names(release, "SERVICE", "ENV")

    delete = verbs.add_parser(
        "delete",
        help="an environment with its history",
        description="Delete an environment with its versions. Production asks for its name to be typed. "
        "KV namespaces stay.",
    )
    _names(delete, "SERVICE", "ENV")
    delete.add_argument("-y", "--yes", action="store_true", help="do not ask")
    delete.add_argument("--force", action="store_true", help="also when other services bind to it")
    for each in (listing, create, clone, rename, diff, release, delete):
        add_common(each)


def run(args: argparse.Namespace) -> int:
    """Run one of the actions. Returns the exit code."""
    with connected(args) as client:
        if args.action == "diff":
            return _diff(client, args)
        _ACTIONS[args.action](client, args)
    return 0


def _diff(client: Client, args: argparse.Namespace) -> int:
    """From the other environment, production mostly, to this one."""
    query = {"from": args.other, "to": args.env}
    found = client.call("GET", f"{service_path(args.service)}/diff", params=query)
    changed = [each for each in found["modules"] if each["status"] != "same"]
    differs = bool(found["settings"] or changed)
    if args.json:
        dump(found)
    elif not differs:
        print(f"{args.env} is the same as {args.other}")
    else:
        rows = [(_label(row), _cell(row["from"]), _cell(row["to"])) for row in found["settings"]]
        rows += [
            (each["name"], "–" if each["status"] == "added" else "code", _lines(each)) for each in changed
        ]
        print_table(("", args.other, args.env), rows)
        if args.code:
            print_code(changed)
    return 1 if args.exit_code and differs else 0


def _label(row: Json) -> str:
    name = str(row["key"])
    return f"{name.removeprefix('binding:')} ({row['kind']})" if name.startswith("binding:") else name


def _cell(text: str | None) -> str:
    return "–" if text is None else " ".join(text.split())


def _lines(module: Json) -> str:
    words = {"added": "code", "removed": "–"}.get(module["status"], "code")
    return f"{words}  +{module['added']} −{module['removed']}"


def _list(client: Client, args: argparse.Namespace) -> None:
    if args.service is not None:
        found = [client.call("GET", service_path(args.service))]
    else:
        found, page = [], 1
        while batch := client.call("GET", "/workers/services", params={"page": page, "per_page": 100}):
            found += batch
            page += 1
    if args.json:
        dump([{"service": each["id"], **place} for each in found for place in each["environments"]])
        return
    rows = [
        (
            each["id"],
            place["environment"],
            f"v{place['live']['number']}" if place["live"] else "–",
            place["live"]["created_on"][:19].replace("T", " ") if place["live"] else "",
            place["url"],
        )
        for each in found
        for place in each["environments"]
    ]
    print_table(("SERVICE", "ENVIRONMENT", "LIVE", "SINCE (UTC)", "ADDRESS"), rows)


def _create(client: Client, args: argparse.Namespace) -> None:
    try:
        path = f"{service_path(args.service)}/environments"
        made = client.call("POST", path, {"environment": args.env})
    except Refused as error:
        if error.number != _NO_SERVICE:
            raise
        client.call("POST", "/workers/services", {"id": args.service})
        if args.env != PRODUCTION:
            made = client.call("POST", path, {"environment": args.env})
        else:
            made = client.call("GET", environment_path(args.service, args.env))
    _show(args, made)


def _clone(client: Client, args: argparse.Namespace) -> None:
    path = f"{environment_path(args.service, args.env)}/copy/{quote(args.new, safe='')}"
    data = "share" if args.share else "copy" if args.copy_data else "own"
    _show(args, client.call("POST", path, {"data": data}))


def _rename(client: Client, args: argparse.Namespace) -> None:
    path = environment_path(args.service, args.env)
    params = {"force": "true"} if args.force else None
    _show(args, client.call("PATCH", path, {"environment": args.new}, params=params))


def _release(client: Client, args: argparse.Namespace) -> None:
    path = environment_path(args.service, args.env)
    _show(args, client.call("DELETE", f"{path}/quarantine"))


def _delete(client: Client, args: argparse.Namespace) -> None:
    path = environment_path(args.service, args.env)
    client.call("GET", path)  # what is not there needs no confirmation
    if not args.yes:
        name = f"{args.service} › {args.env}"
        if args.env == PRODUCTION:
            confirm.type_name(PRODUCTION, f"Delete {name} with all its versions.")
        else:
            confirm.ask(f"Delete {name} with all its versions?")
    client.call("DELETE", path, params={"force": "true"} if args.force else None)
    if args.json:
        dump({"service": args.service, "environment": args.env, "deleted": True})
    else:
        print(f"deleted {args.service} › {args.env}")


def _show(args: argparse.Namespace, made: Json) -> None:
    if args.json:
        dump(made)
    else:
        print(f"{args.service} › {made['environment']}  {made['url']}")


def _names(parser: argparse.ArgumentParser, *names: str) -> None:
    for name in names:
        parser.add_argument(name.lower(), metavar=name)


_ACTIONS: dict[str, Callable[[Client, argparse.Namespace], None]] = {
    "list": _list,
    "create": _create,
    "clone": _clone,
    "rename": _rename,
    "release": _release,
    "delete": _delete,
}
