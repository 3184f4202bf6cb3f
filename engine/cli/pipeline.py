"""`svc-tui pipeline`: pipelines of a service, kept, exported as files, run, watched, approved and aborted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from engine.cli import confirm
from engine.cli.api import Client, Json, add_common, connected, dump, service_path
from engine.cli.errors import CliError
from engine.cli.table import print_table

#: What is watched ends well only so.
_DONE: Final = "succeeded"
PRODUCTION: Final = "production"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "pipeline",
        help="release through environments with gates between them",
        description="A pipeline promotes from environment to environment, as far as its gates let it: "
        "requests that ask the new code before it goes live, approvals, gradual steps, and a watch over "
        "errors that takes a step back.",
    )
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = verbs.add_parser("list", help="pipelines of a service and how they stand")
    listing.add_argument("service", metavar="SERVICE")
    show = verbs.add_parser("show", help="one pipeline, stage by stage, with its last run")
    _named(show)
    keep = verbs.add_parser("set", help="keep the pipeline of a file")
    keep.add_argument("file", metavar="FILE", type=Path, help="such as pipeline.toml; - reads stdin")
    keep.add_argument("--service", metavar="SERVICE", help="when the file names none")
    export = verbs.add_parser("export", help="write a pipeline as a file")
    _named(export)
    export.add_argument("-o", "--output", metavar="FILE", type=Path, help="default: stdout")
    delete = verbs.add_parser("delete", help="remove a pipeline")
    _named(delete)
    start = verbs.add_parser("start", help="begin a run")
    _named(start)
    start.add_argument("--watch", action="store_true", help="show it until it has ended")
    watch = verbs.add_parser("watch", help="show a run until it has ended (exit code 1: it did not succeed)")
    approve = verbs.add_parser("approve", help="let a run through the approval it waits for")
    abort = verbs.add_parser("abort", help="end a run; a step that is not over is taken back")
    for each in (watch, approve, abort):
        _named(each)
        each.add_argument("number", nargs="?", type=int, metavar="RUN", help="default: the newest")
    for each in (start, approve, abort):
        each.add_argument("-m", "--message", help="why: the history says it")
    for each in (start, approve, abort, delete):
        each.add_argument("-y", "--yes", action="store_true", help="do not ask")
    for each in (listing, show, keep, export, delete, start, watch, approve, abort):
        add_common(each, output=each is not export)


def run(args: argparse.Namespace) -> int:
    """Do what is asked. Returns the exit code."""
    verbs: dict[str, Callable[[argparse.Namespace, Client], int]] = {
        "list": _list,
        "show": _show,
        "set": _set,
        "export": _export,
        "delete": _delete,
        "start": _start,
        "watch": _watch,
        "approve": _approve,
        "abort": _abort,
    }
    with connected(args) as client:
        return verbs[args.action](args, client)


# ---------------------------------------------------------------------- definitions


def _list(args: argparse.Namespace, client: Client) -> int:
    found = client.call("GET", f"{service_path(args.service)}/pipelines")
    if args.json:
        dump(found)
        return 0
    rows = []
    for each in found:
        last = each["run"]
        places = " → ".join(stage["environment"] for stage in each["definition"]["stages"])
        rows.append(
            (each["name"], places, f"#{last['number']}" if last else "–", _state(last) if last else "–")
        )
    print_table(("PIPELINE", "STAGES", "RUN", "STATE"), rows)
    return 0


def _show(args: argparse.Namespace, client: Client) -> int:
    found = client.call("GET", _path(args))
    if args.json:
        dump(found)
        return 0
    print(f"{found['service']} › {found['name']}  by {found['author']}, {found['modified_on'][:16]}Z")
    for index, stage in enumerate(found["definition"]["stages"]):
        print(f"{index + 1}. {stage['environment']}")
        for gate in stage.get("gates", []):
            what = f" {gate['method']} {gate['path']}" if gate["type"] == "request" else ""
            print(f"   gate  {gate['name']}  ({gate['type']}{what})")
        if index:
            print(f"   steps {' → '.join(f'{each:g} %' for each in stage['steps'])}{_soak(stage)}")
    if found["run"]:
        _print_run(found["run"])
    return 0


def _soak(stage: Json) -> str:
    soak = stage.get("soak")
    if soak is None:
        return ""
    return f", each watched {soak['seconds']:g} s, at most {soak['max_error_rate']:g} % errors"


def _set(args: argparse.Namespace, client: Client) -> int:
    from engine.errors import ApiError
    from engine.pipelines.file import read

    name = "stdin" if str(args.file) == "-" else str(args.file)
    try:
        data = sys.stdin.buffer.read() if name == "stdin" else args.file.read_bytes()
        found = read(data.decode("utf-8"), file=name, service=args.service)
    except OSError as error:
        raise CliError(f"cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CliError(f"{name}: it is not UTF-8 text") from None
    except ApiError as error:
        raise CliError(error.message) from None
    args.service, args.name = found.service, found.name
    kept = client.call(
        "PUT", _path(args), content=data, params={"file": name}, headers={"content-type": "application/toml"}
    )
    if args.json:
        dump(kept)
    else:
        print(f"kept {found.service} › {found.name}: {' → '.join(found.environments)}")
    return 0


def _export(args: argparse.Namespace, client: Client) -> int:
    text = client.text(f"{_path(args)}/file")
    if args.output is None:
        sys.stdout.write(text)
        return 0
    try:
        args.output.write_text(text, "utf-8")
    except OSError as error:
        raise CliError(f"cannot write {args.output}: {error.strerror}") from None
    return 0


def _delete(args: argparse.Namespace, client: Client) -> int:
    if not args.yes:
        confirm.ask(f"Delete the pipeline {args.name} with its runs?")
    client.call("DELETE", _path(args))
    if args.json:
        dump({"deleted": args.name})
    else:
        print(f"deleted {args.service} › {args.name}")
    return 0


# ---------------------------------------------------------------------- runs


def _start(args: argparse.Namespace, client: Client) -> int:
    found = client.call("GET", _path(args))
    stages = [stage["environment"] for stage in found["definition"]["stages"]]
    if not args.yes:
        if found["production"]:
            confirm.type_name(PRODUCTION, f"{args.name} takes {stages[0]} to {', '.join(stages[1:])}.")
        else:
            confirm.ask(f"Start {args.name}: {' → '.join(stages)}?")
    made = client.call("POST", f"{_path(args)}/runs", _message(args))
    if args.watch:
        return _follow(args, client, made["number"])
    if args.json:
        dump(made)
    else:
        print(f"started {args.name} #{made['number']}: {' → '.join(stages)}")
    return 0


def _watch(args: argparse.Namespace, client: Client) -> int:
    return _follow(args, client, _number(args, client))


def _approve(args: argparse.Namespace, client: Client) -> int:
    return _decide(args, client, "approve", "approved")


def _abort(args: argparse.Namespace, client: Client) -> int:
    return _decide(args, client, "abort", "aborted")


def _decide(args: argparse.Namespace, client: Client, verb: str, done: str) -> int:
    path = f"{_path(args)}/runs/{_number(args, client)}"
    found = client.call("GET", path)
    if not args.yes and found["active"]:
        target = found["environment"]
        question = f"{found['pipeline']} #{found['number']}, {_state(found)}."
        if verb == "approve" and target == PRODUCTION:
            confirm.type_name(PRODUCTION, question)
        else:
            confirm.ask(f"{question} {verb.capitalize()} it?")
    made = client.call("POST", f"{path}/{verb}", _message(args))
    if args.json:
        dump(made)
    else:
        print(f"{done} {made['pipeline']} #{made['number']}")
    return 0


def _follow(args: argparse.Namespace, client: Client, number: int) -> int:
    """Show the events of a run until it has ended."""
    path = f"{_path(args)}/runs/{number}"
    definition = client.call("GET", path)["definition"]
    with client.lines(f"{path}/events", None, "GET") as events:
        for event in events:
            if args.json:
                dump(event)
            else:
                print(f"{event['at'][11:19]}  {_words(event, definition, number)}")
            sys.stdout.flush()
    found = client.call("GET", path)
    if found["active"]:
        raise CliError(
            f"the engine ended; {args.name} #{number} goes on with the next one: watch it again", 3
        )
    return 0 if found["state"] == _DONE else 1


def _words(event: Json, definition: Json, number: int) -> str:
    detail = event["detail"]
    where = definition["stages"][event["stage"]]["environment"]
    match event["kind"]:
        case "started":
            return f"started by {event['author']}" + (f": {detail['message']}" if detail["message"] else "")
        case "planned":
            return f"{detail['to']}: v{detail['number']} of {detail['from']} is to go there"
        case "skipped":
            return f"{where}: has this code already"
        case "gate.passed":
            return f"{where}: ✓ {detail['name']}  {detail['status']} in {detail['time_ms']:.1f} ms"
        case "gate.failed":
            return f"{where}: ✗ {detail['name']}: {'; '.join(detail['failures'])}"
        case "gate.waiting":
            verb = f"svc-tui pipeline approve {definition['service']} {definition['name']} {number}"
            return f"{where}: waits for approval ({detail['name']}): {verb}"
        case "gate.approved":
            return f"{where}: ✓ approved by {event['author']}" + (
                f": {detail['message']}" if detail["message"] else ""
            )
        case "deployed":
            return f"{where}: v{detail['number']} answers {detail['percentage']:g} % of the requests"
        case "soak.passed" | "soak.failed":
            mark = "✓" if event["kind"] == "soak.passed" else "✗"
            return f"{where}: {mark} {detail['errors']} of {detail['requests']} requests failed"
        case "rolled_back":
            return f"{where}: v{detail['number']} is live again"
        case "stage.done":
            return f"{where}: done"
        case "ended":
            reason = f": {detail['reason']}" if detail["reason"] else ""
            return f"{detail['state'].replace('_', ' ')}{reason}"
        case other:
            return str(other)


def _print_run(found: Json) -> None:
    print(f"run #{found['number']}: {_state(found)}, by {found['author']}")
    for event in found.get("events", []):
        print(
            f"  {event['at'][:19].replace('T', ' ')}  {_words(event, found['definition'], found['number'])}"
        )


def _state(found: Json) -> str:
    """Where a run is, or how it ended, in a few words."""
    if not found["active"]:
        reason = f": {found['reason']}" if found["reason"] else ""
        return f"{found['state'].replace('_', ' ')}{reason}"
    if found["state"] == "waiting":
        return f"waits for approval before {found['environment']}"
    doing = {"plan": "plans", "gates": "asks its gates before", "step": "deploys to", "soak": "watches"}
    share = f" at {found['share']:g} %" if found["phase"] == "soak" and found["share"] else ""
    return f"{doing[found['phase']]} {found['environment']}{share}"


# ---------------------------------------------------------------------- parts


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("name", metavar="PIPELINE")


def _path(args: argparse.Namespace) -> str:
    return f"{service_path(args.service)}/pipelines/{quote(args.name, safe='')}"


def _number(args: argparse.Namespace, client: Client) -> int:
    if args.number is not None:
        return int(args.number)
    found = client.call("GET", f"{_path(args)}/runs", params={"limit": "1"})
    if not found:
        raise CliError(f"{args.name} never ran: svc-tui pipeline start {args.service} {args.name}")
    return int(found[0]["number"])


def _message(args: argparse.Namespace) -> Json:
    return {"message": args.message} if args.message else {}
