"""Durable Object migrations of a deployment (durable-objects/reference/durable-objects-migrations).

Each is applied once per environment, in the transaction of the deployment that brings it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.errors import ApiError
from engine.model import PRODUCTION, Binding, Environment, NamedHandlers
from engine.store import Connection, Store, durable, environments

KIND: Final = "durable_object_namespace"
_STEPS: Final = (
    "new_classes",
    "new_sqlite_classes",
    "renamed_classes",
    "deleted_classes",
    "transferred_classes",
)


def pending(migrations: Mapping[str, Any] | None) -> frozenset[str]:
    """The classes that there will be after them: what bindings may name before they are applied."""
    names: set[str] = set()
    for step in _steps(migrations or {}):
        names.update(_names(step, "new_classes"))
        names.update(_names(step, "new_sqlite_classes"))
        for key in ("renamed_classes", "transferred_classes"):
            names.update(str(each.get("to")) for each in _objects(step, key))
    return frozenset(names)


def of_exports(
    connection: Connection, place: Environment | None, exports: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The migrations that bring an environment to what an upload's ``exports`` say; None if it is there.

    Args:
        place: None for one that is made by this deployment.
        exports: ``{class: {"type": "durable-object", "state"?, "storage"?, "renamed_to"?}}``; entries of
            other types say nothing of objects.

    Raises:
        ApiError: 10026 wrong shape, 10021 a transfer between Workers.
    """
    found = durable.of_environment(connection, place.id) if place else []
    present = {each.class_name for each in found}
    step: dict[str, list[Any]] = {}
    entries = [(name, each) for name, each in (exports or {}).items() if _is_object(name, each)]
    for name, each in entries:
        if each.get("state") == "renamed" and name in present and each.get("renamed_to") not in present:
            step.setdefault("renamed_classes", []).append({"from": name, "to": each.get("renamed_to")})
            present.add(str(each.get("renamed_to")))
    for name, each in entries:
        match each.get("state", "created"):
            case "created" if name not in present:
                kind = "new_classes" if each.get("storage") == "legacy-kv" else "new_sqlite_classes"
                step.setdefault(kind, []).append(name)
            case "deleted" if name in present:
                step.setdefault("deleted_classes", []).append(name)
            case "created" | "deleted" | "renamed":
                pass
            case other:
                raise ApiError(
                    10021,
                    f"exports.{name}.state is {other!r:.40}: it is created, renamed or deleted here. "
                    "Give a class to another Worker with migrations (transferred_classes)",
                )
    return {"steps": [step]} if step else None


def _is_object(name: str, entry: Any) -> bool:
    if not isinstance(entry, Mapping):
        raise ApiError(10026, f'exports.{name} is an object like {{"type": "durable-object"}}')
    return entry.get("type") == "durable-object"


def apply(
    connection: Connection, store: Store, place: Environment, migrations: Mapping[str, Any] | None
) -> None:
    """Apply a deployment's migrations to its environment.

    Raises:
        ApiError: 10074 a class is there already, 10075 there is none, 10079 the tag is not the last one's,
            10026 wrong shape.
    """
    if not migrations:
        return
    tag = durable.tag(connection, place.id)
    new_tag = migrations.get("new_tag") or migrations.get("tag")
    if "old_tag" in migrations and migrations["old_tag"] != tag:
        raise ApiError(
            10079,
            f"Migration tag precondition failed: the upload expects {migrations['old_tag'] or 'none'}, "
            f"{place.name} has {tag or 'none'}",
            412,
        )
    if new_tag is not None and new_tag == tag:
        return
    for step in _steps(migrations):
        _step(connection, store, place, step)
    if isinstance(new_tag, str):
        durable.set_tag(connection, place.id, new_tag)


def check_exports(
    connection: Connection, place: Environment, named: Sequence[NamedHandlers] | None, fresh: frozenset[str]
) -> None:
    """Every class with objects must be exported.

    Args:
        named: what the script exports, None when nobody has evaluated it.
        fresh: the classes that this deployment's migrations make.

    Raises:
        ApiError: 10070 a new class, 10064 one that has been there.
    """
    if named is None:
        return
    exported = {each.name for each in named}
    for namespace in durable.of_environment(connection, place.id):
        name = namespace.class_name
        if name in exported:
            continue
        if name in fresh:
            raise ApiError(
                10070, f"Cannot apply the migration to class '{name}': the script does not export it"
            )
        raise ApiError(
            10064,
            f"New version of script does not export class '{name}' which is depended on by existing Durable "
            "Objects. If you want to delete them, use a delete-class migration",
        )


def adopt(
    connection: Connection,
    store: Store,
    source: Environment,
    target: Environment,
    bindings: Sequence[Binding],
    *,
    all_classes: bool = False,
) -> tuple[Binding, ...]:
    """Bindings of another environment's own classes, on the target's own namespaces, made where they lack.

    Args:
        all_classes: whether every class of the source gets a namespace, and the target its tag: a clone.
    """
    made = []
    for binding in bindings:
        if binding.type == KIND and "script_name" not in binding.settings:
            binding = _adopted(connection, store, target, binding)
        made.append(binding)
    if all_classes:
        for each in durable.of_environment(connection, source.id):
            if durable.of_class(connection, target.id, each.class_name) is None:
                durable.insert(connection, target.id, each.class_name, each.use_sqlite, store.now())
        tag = durable.tag(connection, source.id)
        if tag is not None:
            durable.set_tag(connection, target.id, tag)
    return tuple(made)


def _adopted(connection: Connection, store: Store, target: Environment, binding: Binding) -> Binding:
    before = durable.find(connection, str(binding.settings["namespace_id"]))
    name = before.class_name if before else str(binding.settings["class_name"])
    found = durable.of_class(connection, target.id, name)
    if found is None:
        use_sqlite = before.use_sqlite if before else True
        found = durable.insert(connection, target.id, name, use_sqlite, store.now())
    return Binding(binding.name, binding.type, {**binding.settings, "namespace_id": found.id})


def _step(connection: Connection, store: Store, place: Environment, step: Mapping[str, Any]) -> None:
    for key in ("new_classes", "new_sqlite_classes"):
        for name in _names(step, key):
            _check_free(connection, place, name)
            durable.insert(connection, place.id, name, key == "new_sqlite_classes", store.now())
    for each in _objects(step, "renamed_classes"):
        old, new = str(each.get("from")), str(each.get("to"))
        found = _existing(connection, place, old)
        _check_free(connection, place, new)
        durable.move(connection, found.id, place.id, new)
    for each in _objects(step, "transferred_classes"):
        script, old, new = str(each.get("from_script")), str(each.get("from")), str(each.get("to"))
        origin = environments.find(connection, script, str(each.get("from_environment") or PRODUCTION))
        if origin is None:
            raise ApiError(10075, f"Cannot transfer class '{old}': there is no script {script}")
        found = _existing(connection, origin, old)
        _check_free(connection, place, new)
        durable.move(connection, found.id, place.id, new)
    for name in _names(step, "deleted_classes"):
        durable.delete(connection, _existing(connection, place, name).id)


def _check_free(connection: Connection, place: Environment, name: str) -> None:
    if durable.of_class(connection, place.id, name) is not None:
        raise ApiError(
            10074,
            f"Cannot apply new-class migration to class '{name}' that is already depended on by existing "
            "Durable Objects",
        )


def _existing(connection: Connection, place: Environment, name: str) -> durable.Namespace:
    found = durable.of_class(connection, place.id, name)
    if found is None:
        raise ApiError(
            10075, f"Cannot apply the migration: {place.service} ({place.name}) has no class '{name}'"
        )
    return found


def _steps(migrations: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    steps = migrations.get("steps")
    if steps is None:
        return [migrations] if any(migrations.get(key) for key in _STEPS) else []
    if not isinstance(steps, list) or not all(isinstance(each, Mapping) for each in steps):
        raise ApiError(10026, "migrations.steps is a list of objects")
    return steps


def _names(step: Mapping[str, Any], key: str) -> list[str]:
    found = step.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
        raise ApiError(10026, f"migrations: {key} is a list of class names")
    return found


def _objects(step: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = step.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ApiError(10026, f"migrations: {key} is a list of objects")
    yield from found
