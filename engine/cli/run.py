"""`svc-tui run`: one request to unsaved code, in V8; its body on stdout, all that it said on stderr."""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli import kept_writes
from engine.cli.api import Client, Json, add_common, connected, environment_path
from engine.cli.errors import FAILED, USAGE, CliError
from engine.cli.run_report import Report

if TYPE_CHECKING:
    from engine.wrangler.project import Project

_TEXT = frozenset({"esm", "commonjs", "script", "json", "text"})


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "run",
        help="one request to a file's code, in V8",
        description="Run a file (with what it imports by relative paths) or a wrangler project for one "
        "request. The body goes to stdout, the console, calls and errors to stderr. With --service the code "
        "has that environment's bindings: reads are live, writes are kept back and listed, unless --live. "
        "Exit code 1 when the code failed.",
    )
    parser.add_argument("path", type=Path, metavar="FILE", help="a script, a configuration or its folder")
    parser.add_argument("url", nargs="?", default="/", metavar="URL", help="a URL or a path (default: /)")
    parser.add_argument("-X", "--request", dest="method", metavar="METHOD", help="default: GET, with -d POST")
    parser.add_argument(
        "-H", "--header", action="append", default=[], metavar="'K: V'", help="a header (may be repeated)"
    )
    parser.add_argument(
        "-d", "--data", metavar="DATA", help="the body; @FILE reads a file, @- stdin. JSON is sent as JSON"
    )
    parser.add_argument("-i", "--include", action="store_true", help="print status and headers too")
    parser.add_argument("--service", metavar="NAME", help="the service whose bindings the code gets")
    parser.add_argument("--env", metavar="ENV", help="its environment (default: production)")
    parser.add_argument("--live", action="store_true", help="do the writes instead of keeping them back")
    parser.add_argument(
        "--apply",
        action="store_true",
        help="ask to do the writes that were kept back, when the run went well",
    )
    parser.add_argument(
        "--only",
        metavar="N,…",
        help="with --apply: these of the writes, by their numbers in the list (1,3-5)",
    )
    parser.add_argument(
        "--force", action="store_true", help="with --apply: also where the live value has changed meanwhile"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="with --apply: do not ask")
    parser.add_argument(
        "--no-network", action="store_true", help="refuse every outgoing fetch, connection and WebSocket"
    )
    parser.add_argument("--trace", action="store_true", help="show every binding call, as a waterfall")
    parser.add_argument(
        "--trace-json", type=Path, metavar="FILE", help="write the calls to a file, one JSON object a line"
    )
    parser.add_argument("--cpu-ms", type=int, metavar="MS", help="CPU limit in milliseconds")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Run the request. Returns the exit code: 0, or 1 when the code failed."""
    from engine.wrangler.errors import ProjectError
    from engine.wrangler.project import read

    try:
        project = read(args.path, environment=args.env)
    except ProjectError as error:
        raise CliError(str(error)) from None
    if not project.files:
        raise CliError(f"{args.path} has static assets and no code to run")
    if args.env is not None and args.service is None and project.bindings is None:
        raise CliError("--env names an environment of a service: add --service NAME", USAGE)
    if args.apply and (args.service is None or args.live):
        raise CliError("--apply is for writes that were kept back: it needs --service, without --live", USAGE)
    if (args.only is not None or args.force) and not args.apply:
        raise CliError("--only and --force say which writes are applied: add --apply", USAGE)
    kept_writes.chosen(args.only)  # refused before anything is run
    question = _question(args, project)
    kept = 0
    report = Report(include=args.include, trace=args.trace, trace_file=args.trace_json)
    with connected(args) as client:
        path = "/workers/runs"
        if args.service is not None:
            environment = args.env or "production"
            path = environment_path(args.service, environment) + "/runs"
            question["request"]["url"] = _absolute(args.url, _base(client, args.service, environment))
        with client.lines(path, question) as events, _as_they_come():
            for event in events:
                if event["type"] == "writes":
                    kept = event["count"]
                if args.json:
                    print(json.dumps(event, ensure_ascii=False), flush=True)
                    report.note(event)
                else:
                    report.take(event)
        if args.apply and kept:
            kept_writes.settle(args, client, f"{path}/{question['session']}", report.outcome == "ok")
    return 0 if report.outcome == "ok" else FAILED


def _question(args: argparse.Namespace, project: Project) -> Json:
    """The body of the runs resource."""
    headers = [_header(text) for text in args.header]
    body = _body(args.data)
    if body is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(["content-type", _content_type(body)])
    variables: dict[str, Any] = {
        binding["name"]: binding.get("text", binding.get("json"))
        for binding in project.bindings or ()
        if binding["type"] in {"plain_text", "json"}
    }
    return {
        "modules": [_module(file.name, file.type, file.content) for file in project.files],
        "main_module": project.files[0].name,
        "variables": {**variables, **project.dev_vars},
        "request": {
            "method": args.method or ("GET" if body is None else "POST"),
            "url": _absolute(args.url, "http://localhost"),
            "headers": headers,
            "body_base64": None if body is None else base64.b64encode(body).decode("ascii"),
        },
        "mode": "live" if args.live else "sandbox",
        "session": uuid.uuid4().hex if args.apply else None,
        "trace": args.trace or args.json or args.trace_json is not None,
        "network": not args.no_network,
        "limits": {"cpu_ms": args.cpu_ms} if args.cpu_ms is not None else {},
    }


def _module(name: str, kind: str, content: bytes) -> Json:
    if kind in _TEXT:
        with contextlib.suppress(UnicodeDecodeError):
            return {"name": name, "type": kind, "text": content.decode("utf-8")}
    return {"name": name, "type": kind, "base64": base64.b64encode(content).decode("ascii")}


def _header(text: str) -> list[str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise CliError(f"-H {text!r} is no header: write 'Name: value'", USAGE)
    return [name.strip(), value.strip()]


def _body(data: str | None) -> bytes | None:
    if data is None:
        return None
    if data == "@-":
        return sys.stdin.buffer.read()
    if data.startswith("@"):
        try:
            return Path(data[1:]).read_bytes()
        except OSError as error:
            raise CliError(f"-d {data}: {error.strerror}", USAGE) from None
    return data.encode("utf-8", "surrogateescape")


def _content_type(body: bytes) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "application/x-www-form-urlencoded"  # as curl has it
    return "application/json"


def _base(client: Client, service: str, environment: str) -> str:
    found: Json = client.call("GET", environment_path(service, environment))
    return str(found["url"])


def _absolute(url: str, base: str) -> str:
    if url.startswith(("http://", "https://")):
        return url
    if "://" in url:
        raise CliError(f"{url} is no http:// or https:// URL", USAGE)
    return f"{base}/{url.removeprefix('/')}"


@contextlib.contextmanager
def _as_they_come() -> Iterator[None]:
    """Whatever ends the run early, what was said is out: stdout is flushed before stderr's last line."""
    try:
        yield
    finally:
        sys.stdout.flush()
