"""`svc-tui export`: services as files for workerd by itself, or as projects of wrangler's."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.accounts import environment
from engine.accounts.environment import pages
from engine.cli.api import Client, add_common, connected, dump
from engine.cli.errors import USAGE, CliError
from engine.cli.serve import port_number
from engine.export import workerd, wrangler
from engine.export.files import ExportError, Files, Unit
from engine.model import PRODUCTION
from engine.wrangler import dotenv
from engine.wrangler.errors import ProjectError

DEFAULT_PORT = 8080


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write services as files for workerd or wrangler",
        description="Write what is live in services as files. --workerd makes a configuration that "
        "Cloudflare's workerd runs by itself, the services bound to each other; what they bind to comes "
        "along. --wrangler makes a project that deploys back. Secrets stay here: workerd reads them from its "
        "environment, unless --secrets gives their texts. Data stays here too.",
    )
    parser.add_argument(
        "services", nargs="+", metavar="SERVICE[/ENV]", help="services, or environments of them"
    )
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--workerd", type=Path, metavar="DIR", help="folder for a configuration of workerd")
    kind.add_argument("--wrangler", type=Path, metavar="DIR", help="folder for a project of wrangler's")
    parser.add_argument(
        "--secrets", type=Path, metavar="FILE", help="texts of secrets, NAME= or SERVICE.NAME=, dotenv form"
    )
    parser.add_argument(
        "--port", type=port_number, default=DEFAULT_PORT, help="workerd's first port (default: %(default)s)"
    )
    parser.add_argument("--compatibility-date", metavar="DATE", help="for a workerd older than the services'")
    parser.add_argument("--force", action="store_true", help="write over what is in the folder")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Read the services, write the files. Returns the exit code."""
    places = [_place(each) for each in args.services]
    secrets = _secrets(args.secrets)
    folder = args.workerd or args.wrangler
    with connected(args) as client:
        units = _read(client, places, secrets, follow=args.workerd is not None)
    try:
        if args.workerd is not None:
            files = workerd.export(units, port=args.port, date=args.compatibility_date)
        else:
            files = _projects(units)
        files.write(folder, force=args.force)
    except ExportError as error:
        raise CliError(str(error)) from None
    shown = [{"service": each.environment.service, "environment": each.environment.name} for each in units]
    if args.json:
        dump(
            {"folder": str(folder), "services": shown, "files": sorted(files.contents), "notes": files.notes}
        )
        return 0
    for note in files.notes:
        print(f"left out: {note}", file=sys.stderr)
    names = ", ".join(each.label for each in units)
    print(f"wrote {names} to {folder}")
    if args.workerd is not None:
        print(f"run it: cd {folder} && npx workerd serve {workerd.CONFIG} --experimental")
    return 0


def _projects(units: list[Unit]) -> Files:
    """One project, or one in a folder for each."""
    if len(units) == 1:
        return wrangler.export(units[0])
    files = Files()
    for unit in units:
        made = wrangler.export(unit, f"{unit.label}/")
        files.contents |= made.contents
        files.private |= made.private
        files.notes += made.notes
    return files


def _read(
    client: Client, places: list[tuple[str, str]], secrets: dict[str, str], *, follow: bool
) -> list[Unit]:
    """The environments, and with `follow` those that they bind to."""
    names = {str(each["uuid"]): str(each["name"]) for each in pages(client, "/d1/database")}
    found: dict[tuple[str, str], Unit] = {}
    pending = list(dict.fromkeys(places))
    while pending:
        service, name = place = pending.pop(0)
        if place in found:
            continue
        read = environment.read(client, service, name)
        own = {
            binding: text
            for key, text in secrets.items()
            for owner, dot, binding in [key.rpartition(".")]
            if not dot or owner == service
        }
        bound = {str(each["name"]) for each in read.bindings if each["type"] == "secret_text"}
        own = {key: text for key, text in own.items() if key in bound}
        found[place] = Unit(read, environment.classes(client, service, name), own, names)
        for binding in read.bindings if follow else ():
            target = binding.get("service") if binding["type"] == "service" else binding.get("script_name")
            if target:
                pending.append((str(target), str(binding.get("environment") or PRODUCTION)))
    return list(found.values())


def _place(text: str) -> tuple[str, str]:
    service, _, name = text.partition("/")
    if not service or "/" in name:
        raise CliError(f"{text} is no service: write SERVICE or SERVICE/ENV", USAGE)
    return service, name or PRODUCTION


def _secrets(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        return dotenv.parse(file.read_text("utf-8"), file)
    except ProjectError as error:
        raise CliError(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"cannot read {file}: {error}") from None
