"""`svc-tui tail`: what a deployed environment does, as it happens."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Final

from engine.cli.api import Json, add_common, connected, dump, environment_path

_OUTCOMES: Final = {
    "ok": "ok",
    "error": "exception,exceededCpu,exceededMemory,scriptError,unknown",
    "canceled": "canceled",
}
_WORDS: Final = {
    "ok": "Ok",
    "canceled": "Canceled",
    "exception": "Exception thrown",
    "exceededCpu": "Exceeded CPU limit",
    "exceededMemory": "Exceeded memory limit",
    "scriptError": "Script did not start",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "tail",
        help="requests, console and exceptions of an environment, live",
        description="Shows every invocation of an environment when it has ended: the request and its answer, "
        "what it wrote to the console with the place in the code, and what it threw. Interrupt it to end it.",
    )
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("--env", default="production", metavar="ENV", help="default: production")
    parser.add_argument("--format", choices=("pretty", "json"), default="pretty", help="default: pretty")
    parser.add_argument("--status", choices=tuple(_OUTCOMES), help="only invocations that ended so")
    parser.add_argument("--method", metavar="M,M", help="only requests with one of these methods")
    parser.add_argument("--search", metavar="TEXT", help="only those with TEXT in a console line")
    parser.add_argument("--version-id", metavar="ID", help="only those of this version")
    parser.add_argument("--sampling-rate", type=float, metavar="0..1", help="only this share of them")
    parser.add_argument(
        "--last", type=int, default=0, metavar="N", help="first the last N that are remembered (default: 0)"
    )
    add_common(parser, output=False)


def run(args: argparse.Namespace) -> int:
    """Show records until interrupted, or until the engine goes away."""
    given = {
        "outcome": _OUTCOMES.get(args.status or ""),
        "method": args.method,
        "search": args.search,
        "version": args.version_id,
        "sampling_rate": args.sampling_rate,
    }
    query = {name: str(value) for name, value in given.items() if value is not None}
    path = environment_path(args.service, args.env) + "/logs"
    show = dump if args.format == "json" else _show
    with connected(args) as client, client.lines(path + "/stream", None, "GET", params=query) as records:
        seen = 0
        if args.last > 0:
            for record in client.call("GET", path, params={**query, "limit": min(args.last, 1000)}):
                seen = record["seq"]
                show(record)
        if args.format == "pretty":
            print(f"Listening to {args.service} ({args.env})", file=sys.stderr)
        for record in records:
            if record["seq"] > seen:
                show(record)
                sys.stdout.flush()
    return 0


def _show(record: Json) -> None:
    """One record for a person, as `wrangler tail` shows it."""
    at = datetime.fromtimestamp(record["eventTimestamp"] / 1000).strftime("%H:%M:%S")
    words = _WORDS.get(record["outcome"], record["outcome"])
    print(f"{at}  {_subject(record['event'])} - {words}  {record['wallTime']:.0f} ms")
    for line in record["logs"]:
        text = " ".join(each if isinstance(each, str) else json.dumps(each) for each in line["message"])
        place = f"  {line['file']}:{line['line']}" if line.get("file") else ""
        print(f"  ({line['level']}) {text}{place}")
    for error in record["exceptions"]:
        print(f"  ✘ {error['name']}: {error['message']}")
        for frame in error["frames"]:
            function = f"{frame['function']} " if frame["function"] else ""
            print(f"      at {function}{frame['file']}:{frame['line']}:{frame['column']}")


def _subject(event: Json | None) -> str:
    if event is None:
        return "Unknown event"
    if "request" in event:
        request, response = event["request"], event.get("response")
        status = f" {response['status']}" if response else ""
        return f"{request['method']} {request['url']}{status}"
    if "cron" in event:
        return f'"{event["cron"]}"'
    if "queue" in event:
        return f"{event['queue']} ({event.get('batchSize', 0)} messages)"
    return str(event.get("rpcMethod") or "Alarm")
