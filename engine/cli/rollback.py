"""`svc-tui rollback`: an earlier version goes live again."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli import confirm
from engine.cli.api import Client, Json, add_common, connected, dump, environment_path
from engine.cli.errors import CliError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "rollback",
        help="make an earlier version live again",
        description="Make an earlier version of an environment live again, code and bindings as they were. "
        "Data is not rolled back. Without a version: the one that was live before the present one. "
        "Production asks for its name to be typed.",
    )
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("version", nargs="?", metavar="VERSION", help="v38, 38 or a version's id")
    parser.add_argument("--env", default="production", metavar="ENV", help="default: %(default)s")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="also when secrets have changed since")
    parser.add_argument("-m", "--message", help="what the history says about it")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Find the version, ask, roll back. Returns the exit code."""
    with connected(args) as client:
        path = environment_path(args.service, args.env)
        history = client.call("GET", f"{path}/deployments")["deployments"]
        version, number = _wanted(client, path, history, args)
        if not args.yes:
            question = f"v{number} replaces {_shown(history[0])} in {args.service} › {args.env}."
            if args.env == "production":
                confirm.type_name(args.env, question)
            else:
                confirm.ask(question.removesuffix(".") + "?")
        annotations = {"workers/triggered_by": "rollback"}
        if args.message:
            annotations["workers/message"] = args.message
        body: Json = {
            "strategy": "percentage",
            "versions": [{"version_id": version, "percentage": 100}],
            "annotations": annotations,
        }
        params = {"force": "true"} if args.force else None
        made = client.call("POST", f"{path}/deployments", body, params=params)
    if args.json:
        dump(made)
    else:
        print(f"rolled back {args.service} › {args.env} to v{number}")
    return 0


def _wanted(client: Client, path: str, history: list[Json], args: argparse.Namespace) -> tuple[str, int]:
    """Id and number of the version to go back to."""
    if not history:
        raise CliError(f"{args.env} of {args.service} has no deployments to go back to")
    live = history[0]["versions"]
    if args.version is None:
        for deployment in history[1:]:
            shares = deployment["versions"]
            if len(shares) == 1 and (len(live) > 1 or shares[0]["version_id"] != live[0]["version_id"]):
                return shares[0]["version_id"], shares[0]["number"]
        raise CliError(f"{args.env} of {args.service} never had another version live")
    text = args.version.lower()
    for version in client.call("GET", f"{path}/versions")["items"]:
        if text in {version["id"], str(version["number"]), f"v{version['number']}"}:
            return version["id"], version["number"]
    raise CliError(f"{args.env} of {args.service} has no version {args.version}; see svc-tui env list")


def _shown(deployment: Any) -> str:
    return " and ".join(f"v{share['number']}" for share in deployment["versions"])
