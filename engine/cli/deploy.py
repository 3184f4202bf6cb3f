"""`svc-tui deploy`: a file or a project of wrangler's becomes the live version of an environment."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.cli import deploy_assets, deploy_triggers, provision
from engine.cli.api import Client, Json, Refused, add_common, connected, dump, environment_path
from engine.cli.errors import USAGE, CliError

if TYPE_CHECKING:
    from engine.wrangler.project import Project

NAMESPACE_MISSING: Final = 10041
HYPERDRIVE_MISSING: Final = 2004
_NOT_THERE = frozenset({10007, 10092})
CONTENT_TYPES: Mapping[str, str] = {
    "esm": "application/javascript+module",
    "commonjs": "application/javascript",
    "script": "application/javascript",
    "text": "text/plain",
    "data": "application/octet-stream",
    "json": "application/json",
    "wasm": "application/wasm",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "deploy",
        help="deploy a file or a wrangler project",
        description="Deploy code as it is, without bundling: a file with what it imports by relative paths, "
        "or a folder with a wrangler.toml, wrangler.json or wrangler.jsonc. A file keeps the environment's "
        "bindings and settings; a project brings its own (secrets stay in any case).",
    )
    parser.add_argument("path", nargs="?", type=Path, default=Path(), metavar="PATH", help="default: .")
    parser.add_argument("--service", metavar="NAME", help="the service (default: the project's name)")
    parser.add_argument("--env", metavar="ENV", help="its environment (default: production)")
    parser.add_argument("-m", "--message", help="what the history says about it")
    parser.add_argument("--watch", action="store_true", help="deploy again whenever a file is saved")
    parser.add_argument("--dev-vars", action="store_true", help="also set the values of .dev.vars as secrets")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Deploy; prints the version and where it answers. Returns the exit code."""
    if args.watch:
        from engine.cli import watch

        return watch.run(args, lambda: _project(args), lambda client, found: _deploy(client, args, found))
    project = _project(args)
    with connected(args) as client:
        shown = _deploy(client, args, project)
    if args.json:
        dump(shown)
    else:
        print(f"{shown['service']} › {shown['environment']}  v{shown['number']}  {shown['url']}")
    return 0


def _project(args: argparse.Namespace) -> Project:
    """What is to be deployed."""
    from engine.wrangler.errors import ProjectError
    from engine.wrangler.project import read

    try:
        project = read(args.path, args.service, args.env)
    except ProjectError as error:
        raise CliError(str(error)) from None
    if project.service is None:
        raise CliError(f"{args.path} does not say which service it is: add --service NAME", USAGE)
    if args.dev_vars and not project.dev_vars:
        raise CliError(f"--dev-vars: there is no .dev.vars beside the configuration of {args.path}", USAGE)
    return project


def _deploy(client: Client, args: argparse.Namespace, project: Project) -> Json:
    live = _live(client, str(project.service), project.environment)
    queues = deploy_triggers.queues(client, project)
    bindings = provision.bindings(client, project, live, args.dev_vars)
    assets = deploy_assets.upload(client, project)
    shown = _upload(client, project, live, bindings, assets, args.message)
    deploy_triggers.put(client, project, queues)
    return shown


def _live(client: Client, service: str, environment: str) -> Json | None:
    """The environment as it is now, or None."""
    try:
        found: Json = client.call("GET", environment_path(service, environment))
    except Refused as error:
        if error.number in _NOT_THERE:
            return None
        raise
    return found


def _upload(
    client: Client,
    project: Project,
    live: Json | None,
    bindings: list[Json] | None,
    assets: Json | None,
    message: str | None,
) -> Json:
    service, environment = str(project.service), project.environment
    metadata: dict[str, Any] = dict(project.settings)
    for main in project.files[:1]:  # there is none where there are files alone
        metadata["body_part" if main.type == "script" else "main_module"] = main.name
    if assets is not None:
        metadata["assets"] = assets
    steps = _migrations(metadata.pop("migrations", []), live)
    if steps is not None:
        metadata["migrations"] = steps
    if bindings is not None:
        metadata["bindings"] = bindings
    if project.keep_vars:
        metadata["keep_bindings"] = ["plain_text", "json", "secret_text", "secret_key"]
    if message:
        metadata["annotations"] = {"workers/message": message}
    files = [("metadata", (None, json.dumps(metadata).encode(), None))] + [
        (file.name, (file.name, file.content, CONTENT_TYPES[file.type])) for file in project.files
    ]
    path = environment_path(service, environment)
    # A file has no say in bindings and settings: where there are some, only the code is replaced.
    suffix = "/content" if bindings is None and live is not None and live["live"] else ""
    try:
        client.call("PUT", path + suffix, files=files)
    except Refused as error:
        if error.number == NAMESPACE_MISSING:
            raise CliError(f"{error}; take its id out of the configuration to have one made") from None
        if error.number == HYPERDRIVE_MISSING:
            raise CliError(f"{error}; make one with: svc-tui wrangler hyperdrive create NAME …") from None
        raise
    found = client.call("GET", path)
    return {
        "service": service,
        "environment": environment,
        "version_id": found["live"]["version_id"],
        "number": found["live"]["number"],
        "url": found["url"],
    }


def _migrations(listed: list[Json], live: Json | None) -> Json | None:
    """The migrations of Durable Objects that the environment has not had yet."""
    tags = [each.get("tag") for each in listed]
    current = ((live or {}).get("script") or {}).get("migration_tag")
    left = listed[tags.index(current) + 1 :] if current in tags else listed
    if not left:
        return None
    steps = [{key: value for key, value in each.items() if key != "tag"} for each in left]
    expected = {"old_tag": current} if current is not None else {}
    return {**expected, "new_tag": tags[-1], "steps": steps}
