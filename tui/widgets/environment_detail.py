"""Everything about one environment, or about a service as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui import format
from tui.commands.base import Command, CommandHost
from tui.commands.lists import LIST
from tui.markup import escape
from tui.widgets.facts import Block, Facts

if TYPE_CHECKING:
    from tui.traffic import Failure
    from tui.widgets.numbers import Minutes

Json = dict[str, Any]
VARIABLES = ("plain_text", "json", "secret_text", "secret_key")
#: What a binding's type is called on screen; others by Cloudflare's own word.
KINDS = {
    "kv_namespace": "KV",
    "durable_object_namespace": "DO",
    "r2_bucket": "R2",
    "d1": "D1",
    "version_metadata": "version",
    "send_email": "email",
    "analytics_engine": "analytics",
}


class EnvironmentDetail(CommandHost, VerticalScroll):
    """Hostnames, live versions, bindings, variables, deployments, settings; scrolls when there is more."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = LIST
    HELP_TITLE = "Lists"

    _ages: tuple[str, ...] = ()
    """The ages that are on the screen."""

    def compose(self) -> ComposeResult:
        """The first lines, and all the rest; numbers stand between them while something is asked."""
        yield Static(id="overview")
        yield Facts(id="failures")
        yield Facts(id="facts")

    def clear(self, words: str = "") -> None:
        """Show nothing but a sentence, markup."""
        self._show(Content.from_markup(words))

    async def show_traffic(self, minutes: Minutes | None, failures: Sequence[Failure] = ()) -> None:
        """Show what an environment was asked lately, and what failed; None takes both away."""
        from tui.widgets.numbers import Numbers

        found = next(iter(self.query(Numbers)), None)
        silent = minutes is None or minutes.silent
        if found is None and not silent:
            found = Numbers()
            await self.mount(found, after=self.query_one("#overview"))
        if found is not None:
            found.display = not silent
            if minutes is not None:
                found.show(minutes)
        rows = [_failure(each, place) for place, each in enumerate(failures)]
        self.query_one("#failures", Facts).show(
            Block(rows, "Errors", "last five minutes", right=frozenset({1}), rigid=frozenset({0}))
        )

    def show_service(self, service: Json) -> None:
        """Show a service: its environments, and where each answers."""
        environments: list[Json] = service["environments"]
        created = f"[b]{service['id']}[/]  [$muted]created[/] {format.day(service['created_on'])}"
        rows = [_environment(summary) for summary in environments]
        block = Block(rows, "Environments", str(len(rows)), right=frozenset({2, 3}), rigid=frozenset({0}))
        self._show(Content.from_markup(created), block)

    def show_environment(self, detail: Json) -> None:
        """Show an environment's detail (the API's EnvDetail)."""
        bindings = [_binding(one) for one in detail["bindings"] if one["type"] not in VARIABLES]
        variables = [_variable(one) for one in detail["bindings"] if one["type"] in VARIABLES]
        self._ages = _ages(detail)
        history, total = deployments(detail), format.count(detail["deployments_count"])
        self._show(
            overview(detail),
            Block(bindings, "Bindings", str(len(bindings)), rigid=frozenset({1})),
            Block(variables, "Variables and secrets", str(len(variables))),
            Block(history, "Deployments", total, right=frozenset({2}), rigid=frozenset({0, 1})),
            Block(_settings(detail["settings"]), "Settings", rigid=frozenset({0})),
        )

    def grow_older(self, detail: Json) -> None:
        """Show the environment again if the ages in it are other ones by now."""
        if _ages(detail) != self._ages:
            self.show_environment(detail)

    def action_cursor_down(self) -> None:
        """Scroll one row."""
        self.scroll_relative(y=1, animate=False)

    def action_cursor_up(self) -> None:
        """Scroll one row back."""
        self.scroll_relative(y=-1, animate=False)

    def action_cursor_first(self) -> None:
        """Scroll to the top."""
        self.scroll_home(animate=False)

    def action_cursor_last(self) -> None:
        """Scroll to the end."""
        self.scroll_end(animate=False)

    def _show(self, first: Content, *blocks: Block) -> None:
        self.query_one("#overview", Static).update(first)
        self.query_one("#facts", Facts).show(*blocks)


def _ages(detail: Json) -> tuple[str, ...]:
    """Every age that the detail shows."""
    last = (detail.get("quarantine") or {}).get("last_on")
    times = [deployment["created_on"] for deployment in detail["deployments"]]
    return tuple(format.age(time) for time in (last, *times))


def overview(detail: Json) -> Content:
    """The first lines: where it answers, what is live."""
    lines = [f"[@click=screen.visit('{url}')][$accent u]{escape(url)}[/][/]" for url in detail["urls"]]
    newest = detail["deployments"][0] if detail["deployments"] else None
    if newest is None:
        lines.append(
            "[$faint]○[/] [$muted]nothing is deployed here;[/] [b $accent]e[/] [$muted]writes something[/]"
        )
    else:
        live = "  ".join(
            f"[b]{format.version(version.get('number'))}[/]"
            + ("" if version["percentage"] == 100 else f" [$muted]{format.percent(version['percentage'])}[/]")
            for version in newest["versions"]
        )
        since = f"[$muted]for {format.ago(newest['created_on'])}, by {escape(_author(newest))}[/]"
        lines.append(f"[$muted]live[/] {live}  {since}")
    if quarantine := detail.get("quarantine"):
        times = format.plural(quarantine["crashes"], "time")
        last = format.ago(quarantine["last_on"])
        lines.append(
            f"[$warning]quarantine[/] [$muted]V8 ended in {format.version(quarantine['number'])} {times}, "
            f"last {last} ago; it runs in a process of its own[/]"
        )
    return Content("\n").join(Content.from_markup(line) for line in lines)


def deployments(detail: Json) -> list[tuple[str, ...]]:
    """Rows of the history: version, state, age, who, why; a rollout has a row a version."""
    rows: list[tuple[str, ...]] = []
    for index, deployment in enumerate(detail["deployments"]):
        for version in deployment["versions"]:
            share = "" if version["percentage"] == 100 else f" {format.percent(version['percentage'])}"
            mark = "[$faint]○[/]" if index else "[$accent]◐[/]" if share else "[$success]●[/]"
            rows.append(
                (
                    format.version(version.get("number")),
                    mark + share,
                    f"[$muted]{format.age(deployment['created_on'])}[/]",
                    escape(_author(deployment)),
                    escape(_message(deployment)),
                )
            )
    return rows


def _author(deployment: Json) -> str:
    return str(deployment.get("author_email") or deployment.get("author") or deployment.get("source") or "")


def _message(deployment: Json) -> str:
    annotations = deployment.get("annotations") or {}
    return str(annotations.get("workers/message") or deployment.get("message") or "").split("\n")[0]


def _failure(failure: Failure, place: int) -> tuple[str, ...]:
    """A row of the errors; a click on its line opens the code there."""
    where = failure.where
    link = (
        f"[@click=screen.source({place})][$accent u]{escape(f'{where.file}:{where.line}')}[/][/]"
        if where
        else ""
    )
    return (
        "[$error]✗[/]",
        f"[$error]{format.count(failure.times)}[/]",
        escape(failure.words),
        link,
        f"[$faint]{format.age(failure.last)}[/]",
    )


def _environment(summary: Json) -> tuple[str, ...]:
    name = summary["environment"]
    live = summary.get("live") or {}
    mark = "[$success]●[/]" if live else "[$faint]○[/]"
    return (
        "[$production]▲ production[/]" if summary["production"] else f"{mark} {name}",
        f"[@click=screen.visit('{summary['url']}')][$accent u]{escape(summary['hostname'])}[/][/]",
        f"[$muted]{format.version(live.get('number'))}[/]",
        f"[$faint]{format.age(live.get('created_on'))}[/]",
    )


def _binding(binding: Json) -> tuple[str, ...]:
    kind = f"[$muted]{KINDS.get(binding['type'], binding['type'].replace('_', ' '))}[/]"
    target, note = _target(binding)
    return escape(binding["name"]), kind, escape(target), f"[$faint]{note}[/]" if note else ""


def binding_words(binding: Json) -> str:
    """`KV notes-production`: what a binding is, and what it leads to."""
    kind = KINDS.get(binding["type"], binding["type"].replace("_", " "))
    return f"{kind} {_target(binding)[0]}"


def _target(binding: Json) -> tuple[str, str]:
    """What a binding leads to, and one fact about that."""
    match binding["type"]:
        case "kv_namespace":
            keys = binding.get("keys")
            number = keys if isinstance(keys, int) else binding.get("keys_count")
            note = "" if number is None else format.plural(number, "key")
            return binding.get("title") or binding["namespace_id"], note
        case "d1":
            size = binding.get("size")
            return binding.get("database_name") or binding["id"], "" if size is None else format.size(size)
        case "r2_bucket":
            objects = binding.get("objects")
            return binding["bucket_name"], "" if objects is None else format.plural(objects, "object")
        case "service":
            number = binding.get("number")
            target = f"{binding['service']} › {binding.get('environment') or 'production'}"
            entry = f" {binding['entrypoint']}" if binding.get("entrypoint") else ""
            return target + entry, "" if number is None else format.version(number)
        case _:
            rest = [str(value) for key, value in binding.items() if key not in ("name", "type") and value]
            return "  ".join(rest) or format.NONE, ""


def _variable(variable: Json) -> tuple[str, ...]:
    name = escape(variable["name"])
    match variable["type"]:
        case "plain_text":
            return name, escape(_one_line(variable.get("text", ""))), ""
        case "json":
            return name, escape(_one_line(dumps(variable.get("json"), ensure_ascii=False))), "[$faint]json[/]"
        case _:
            return name, "[$muted]••••••••[/]", "[$faint]secret[/]"


def _settings(settings: Json) -> list[tuple[str, ...]]:
    limits = settings.get("limits") or {}
    rows = [
        ("compatibility date", settings.get("compatibility_date") or ""),
        ("compatibility flags", "  ".join(settings.get("compatibility_flags") or ())),
        ("limits", "  ".join(f"{key} {format.count(value)}" for key, value in limits.items() if value)),
    ]
    return [(f"[$muted]{name}[/]", escape(str(value))) for name, value in rows if value]


def _one_line(text: str) -> str:
    return " ".join(text.split())
