"""The plan of a promotion to another account: the code moves, the target keeps what is its own.

A variable, secret or resource that the target's worker has under the same name stays as it is there. What it
lacks is looked for in the target's account by name (a KV namespace by its title, a database, bucket, queue or
worker by its name); variables, which can be read here, move. What is found nowhere stops the promotion.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from engine.accounts.environment import Environment
from engine.accounts.remote import Remote, shown
from engine.cli.api import Json
from engine.diff import KINDS, ModuleDiff, lines
from engine.model import PRODUCTION, TEXT_TYPES
from engine.wrangler.modules import SourceFile

#: Bindings without a counterpart in the account: they move as they are.
_PLAIN: Final = frozenset({"version_metadata", "ratelimit"})
_VARIABLES: Final = frozenset({"plain_text", "json"})
#: Bindings to resources: the setting that names one, the account's list of them, what they are called.
_RESOURCES: Final[Mapping[str, tuple[str, str, str]]] = {
    "kv_namespace": ("namespace_id", "namespaces", "KV namespace"),
    "d1": ("id", "databases", "D1 database"),
    "r2_bucket": ("bucket_name", "buckets", "R2 bucket"),
    "queue": ("queue_name", "queues", "queue"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the plan, as `engine.plan.Row` has them."""

    label: str
    kind: str
    source: str | None
    target: str | None
    after: Literal["moves", "stays", "same", "stops"]
    reason: str | None = None


@dataclass(slots=True)
class Plan:
    """What a promotion would do.

    Attributes:
        source: what is promoted.
        target: where to.
        rows: bindings and settings.
        code: how the code differs.
        live: the target's deployment that this was made from; another one makes a new plan necessary.
        metadata: what the upload says.
    """

    source: Environment
    target: Remote
    live: str | None
    code: tuple[ModuleDiff, ...] = ()
    rows: list[Row] = field(default_factory=list)
    metadata: Json = field(default_factory=dict)

    @property
    def blocked(self) -> list[Row]:
        """The rows that stop it."""
        return [row for row in self.rows if row.after == "stops"]

    @property
    def confirm(self) -> str | None:
        """What has to be typed before it is done."""
        return PRODUCTION if self.target.environment == PRODUCTION else None

    def to_json(self) -> Json:
        """The plan as `--dry-run --json` prints it."""
        return {
            "from": {
                "service": self.source.service,
                "environment": self.source.name,
                "number": self.source.number,
            },
            "to": {
                "service": self.target.service,
                "environment": self.target.environment,
                "deployment_id": self.live,
            },
            "rows": [{name: getattr(row, name) for name in Row.__slots__} for row in self.rows],
            "code": {
                "added": sum(each.added for each in self.code),
                "removed": sum(each.removed for each in self.code),
                "modules": [each.to_json() for each in self.code],
            },
            "blocked": [{"label": row.label, "reason": row.reason} for row in self.blocked],
            "confirm": self.confirm,
        }


def make(
    source: Environment,
    target: Remote,
    names: Mapping[str, str],
    classes: Mapping[str, bool],
    secrets: Mapping[str, str],
    move: Collection[str] = (),
) -> Plan:
    """Compare both sides and say what would happen; asks the target's account, changes nothing.

    Args:
        source: what is promoted.
        target: where to.
        names: what this account calls its KV namespaces and databases, by id.
        classes: the source's classes of Durable Objects, and whether each stores in SQLite.
        secrets: texts for secrets of the target, by name.
        move: names of variables whose values move though the target has its own.
    """
    theirs = target.settings()
    live = target.live()
    before = target.code() if theirs is not None else []
    plan = Plan(source, target, live, tuple(_code(before, source.modules)))
    there = {str(each["name"]): each for each in (theirs or {}).get("bindings") or ()}
    maker = _Maker(plan, there, names, secrets, move)
    made = [each for binding in source.bindings if (each := maker.binding(binding)) is not None]
    ours = {each["name"] for each in source.bindings}
    for name, binding in there.items():
        if name not in ours:
            if binding["type"] not in {"secret_text", "secret_key"}:
                made.append(dict(binding))
            maker.row(binding, None, maker.text(binding), "stays")
    maker.settings(theirs or {})
    made += [
        {"name": name, "type": "secret_text", "text": text}
        for name, text in secrets.items()
        if name not in {each["name"] for each in made}
    ]
    part = "body_part" if source.classic else "main_module"
    plan.metadata = {
        part: source.main,
        **source.settings,
        "bindings": made,
        "keep_bindings": ["secret_text", "secret_key"],
        "annotations": {"workers/message": f"promoted from {source.service} {source.name} v{source.number}"},
    }
    if any(each["type"] == "assets" for each in made):
        plan.metadata["keep_assets"] = True
    maker.migrations(classes)
    return plan


@dataclass(slots=True)
class _Maker:
    """Makes the target's bindings one by one."""

    plan: Plan
    there: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str]
    secrets: Mapping[str, str]
    move: Collection[str]

    def row(
        self,
        binding: Mapping[str, Any],
        source: str | None,
        target: str | None,
        after: Literal["moves", "stays", "same", "stops"],
        reason: str | None = None,
    ) -> None:
        kind = KINDS.get(str(binding["type"]), str(binding["type"]))
        self.plan.rows.append(Row(str(binding["name"]), kind, source, target, after, reason))

    def text(self, binding: Mapping[str, Any]) -> str:
        """A binding of the target in words."""
        remote, kind = self.plan.target, str(binding["type"])
        listed = remote.namespaces if kind == "kv_namespace" else remote.databases if kind == "d1" else {}
        return shown(binding, {number: name for name, number in listed.items()})

    def binding(self, binding: Mapping[str, Any]) -> Json | None:
        """The target's binding of this name; None when there is none to send, or it stops the promotion."""
        name, kind = str(binding["name"]), str(binding["type"])
        own, text = self.there.get(name), shown(binding, self.names)
        if kind in {"secret_text", "secret_key"}:
            return self._secret(binding, own)
        if kind == "assets":
            why = "static assets are not promoted; deploy their project to that account"
            self.row(binding, text, self.text(own) if own else None, "stops", why)
            return None
        if own is not None and own["type"] == kind and not (kind in _VARIABLES and name in self.move):
            held = self.text(own)
            self.row(binding, text, held, "same" if held == text else "stays")
            return dict(own)
        before = self.text(own) if own is not None else None
        if kind in _VARIABLES or kind in _PLAIN:
            self.row(binding, text, before, "moves")
            return dict(binding)
        found, reason = self._found(binding, text)
        self.row(binding, text, before, "moves" if found else "stops", reason)
        return found

    def _secret(self, binding: Mapping[str, Any], own: Mapping[str, Any] | None) -> Json | None:
        """A secret's text never leaves an engine: the target has it, or it is given."""
        name = str(binding["name"])
        if name in self.secrets:
            self.row(binding, "set", "set" if own else None, "moves")
            return {"name": name, "type": "secret_text", "text": self.secrets[name]}
        if own is not None and own["type"] == binding["type"]:
            self.row(binding, "set", "set", "stays")
            return None
        reason = f"the secret {name} is not set there; give its text in a file with --secrets"
        self.row(binding, "set", None, "stops", reason)
        return None

    def _found(self, binding: Mapping[str, Any], text: str) -> tuple[Json | None, str | None]:
        """The same binding on the target's resource of that name, else why there is none."""
        kind, remote = str(binding["type"]), self.plan.target
        if kind in _RESOURCES:
            setting, listed, words = _RESOURCES[kind]
            number = getattr(remote, listed).get(text)
            if number is None:
                return None, f"there is no {words} {text} in that account; make one of that name"
            return {**binding, setting: number}, None
        if kind == "durable_object_namespace":
            script = binding.get("script_name")
            if script and not remote.has_service(str(script), binding.get("environment")):
                return None, f"there is no service {script} in that account, whose class {text} it uses"
            return {key: value for key, value in binding.items() if key != "namespace_id"}, None
        if kind == "service":
            if str(binding["service"]) == self.plan.source.service and not binding.get("environment"):
                return {**binding, "service": remote.service}, None
            if not remote.has_service(str(binding["service"]), binding.get("environment")):
                return None, f"there is no service {text} in that account; deploy it first"
            return dict(binding), None
        return None, f"{KINDS.get(kind, kind)} bindings are only kept where the target has one of that name"

    def settings(self, theirs: Mapping[str, Any]) -> None:
        """Rows of what a version fixes besides."""
        ours = self.plan.source.settings
        for key in sorted({*ours, *(key for key in ("compatibility_date",) if theirs.get(key))}):
            old, new = theirs.get(key), ours.get(key)
            same = old == new
            self.plan.rows.append(
                Row(key.replace("_", " "), "setting", _words(new), _words(old), "same" if same else "moves")
            )

    def migrations(self, classes: Mapping[str, bool]) -> None:
        """New classes of Durable Objects need a migration there."""
        held = {each.get("class_name") for each in self.there.values() if not each.get("script_name")}
        fresh = sorted(name for name in classes if name not in held)
        tag = self.plan.target.migration_tag()
        new = self.plan.source.migration_tag
        if not fresh or new is None or new == tag:
            return
        step = {
            key: chosen
            for key, sqlite in (("new_sqlite_classes", True), ("new_classes", False))
            if (chosen := [name for name in fresh if classes[name] is sqlite])
        }
        expected = {"old_tag": tag} if tag is not None else {}
        self.plan.metadata["migrations"] = {**expected, "new_tag": new, "steps": [step]}


def _code(before: Collection[SourceFile], after: Collection[SourceFile]) -> list[ModuleDiff]:
    old, new = ({each.name: each for each in side} for side in (before, after))
    found = []
    for name in sorted({*old, *new}):
        first, second = old.get(name), new.get(name)
        if first is not None and second is not None and first.content == second.content:
            found.append(ModuleDiff(name, "same"))
            continue
        status: Literal["added", "removed", "changed"] = (
            "added" if first is None else "removed" if second is None else "changed"
        )
        if all(each is None or each.type in TEXT_TYPES for each in (first, second)):
            found.append(ModuleDiff(name, status, *lines(_text(first), _text(second))))
        else:
            found.append(ModuleDiff(name, status))
    return found


def _text(module: SourceFile | None) -> str:
    return module.content.decode("utf-8", "replace") if module else ""


def _words(value: Any) -> str | None:
    if not value:
        return None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return (
        ", ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
    )
