"""`svc-tui deploy`: a file or a project of wrangler's becomes the live version of an environment."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.cli.api import Client, Json, Refused, add_common, connected, dump, environment_path
from engine.cli.errors import USAGE, CliError

if TYPE_CHECKING:
    from engine.wrangler.project import Project

NAMESPACE_MISSING, TITLE_TAKEN = 10041, 10014
DATABASE_TAKEN, BUCKET_TAKEN = 7502, 10004
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
    bindings = _bindings(client, project, live, args.dev_vars)
    return _upload(client, project, live, bindings, args.message)


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
    client: Client, project: Project, live: Json | None, bindings: list[Json] | None, message: str | None
) -> Json:
    service, environment = str(project.service), project.environment
    main = project.files[0]
    part = "body_part" if main.type == "script" else "main_module"
    metadata: dict[str, Any] = {part: main.name, **project.settings}
    steps = _migrations(metadata.pop("migrations", []), live)
    if steps is not None:
        metadata["migrations"] = steps
    if bindings is not None:
        metadata["bindings"] = bindings
    if project.keep_vars:
        metadata["keep_bindings"] = ["plain_text", "json", "secret_text", "secret_key"]
    if message:
        metadata["annotations"] = {"workers/message": message}
    files = [(file.name, (file.name, file.content, CONTENT_TYPES[file.type])) for file in project.files]
    path = environment_path(service, environment)
    # A file has no say in bindings and settings: where there are some, only the code is replaced.
    suffix = "/content" if bindings is None and live is not None and live["live"] else ""
    try:
        client.call("PUT", path + suffix, data={"metadata": json.dumps(metadata)}, files=files)
    except Refused as error:
        if error.number == NAMESPACE_MISSING:
            raise CliError(f"{error}; take its id out of the configuration to have one made") from None
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


def _bindings(client: Client, project: Project, live: Json | None, dev_vars: bool) -> list[Json] | None:
    """The upload's bindings; each that names no namespace, database or bucket gets one of its own."""
    secrets = [{"name": name, "type": "secret_text", "text": text} for name, text in project.dev_vars.items()]
    if project.bindings is None:
        return None
    named = {str(each["name"]): each for each in (live or {}).get("bindings", ())}
    made: list[Json] = []
    for binding in project.bindings:
        complete = dict(binding)
        setting, make = _PROVISIONED.get(str(binding["type"]), ("", None))
        if make is not None and setting not in binding:
            before = named.get(str(binding["name"]), {})
            title = f"{project.service}-{project.environment}-{binding['name']}"
            complete[setting] = before.get(setting) or make(client, title)
        made.append(complete)
    if dev_vars:
        fresh = {secret["name"] for secret in secrets}
        made = [each for each in made if each["name"] not in fresh] + secrets
    return made


def _namespace(client: Client, title: str) -> str:
    """The KV namespace of that title, made when there is none."""
    try:
        created = client.call("POST", "/storage/kv/namespaces", {"title": title})
    except Refused as error:
        if error.number != TITLE_TAKEN:
            raise
        page = 1
        while found := client.call("GET", "/storage/kv/namespaces", params={"page": page, "per_page": 100}):
            for each in found:
                if each["title"] == title:
                    return str(each["id"])
            page += 1
        raise
    print(f"made the KV namespace {title}", file=sys.stderr)
    return str(created["id"])


def _database(client: Client, name: str) -> str:
    """The D1 database of that name, made when there is none."""
    try:
        created = client.call("POST", "/d1/database", {"name": name})
    except Refused as error:
        if error.number != DATABASE_TAKEN:
            raise
        return str(client.call("GET", f"/d1/database/{name}")["uuid"])
    print(f"made the D1 database {name}", file=sys.stderr)
    return str(created["uuid"])


def _bucket(client: Client, name: str) -> str:
    """The R2 bucket of that name (in lower case, as they are), made when there is none."""
    name = name.lower().replace("_", "-")
    try:
        client.call("POST", "/r2/buckets", {"name": name})
    except Refused as error:
        if error.number != BUCKET_TAKEN:
            raise
        return name
    print(f"made the R2 bucket {name}", file=sys.stderr)
    return name


#: Bindings to resources: the setting that names one, and what makes one for a binding that names none.
_PROVISIONED: Final = {
    "kv_namespace": ("namespace_id", _namespace),
    "d1": ("id", _database),
    "r2_bucket": ("bucket_name", _bucket),
}
