"""Whose class does a workflow: what deploying, cloning and promoting an environment mean for it.

A binding without `script_name` names a workflow that the environment itself does. Another environment of the
same service that declares the name has a workflow of its own, `<name>-<environment>`: what is tried in a
preview leaves production's instances alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.errors import ApiError, Conflict
from engine.model import Actor, Binding, Environment, NamedHandlers
from engine.store import Connection, Store, workflows
from engine.workflows import verbs

KIND: Final = "workflow"


def name_for(connection: Connection, name: str, service: str, environment: str) -> str:
    """The workflow that an environment does which declares this name."""
    found = workflows.find(connection, name)
    if found is None or found.service != service or found.environment in (environment, None):
        return name
    return f"{name}-{environment}"


def claim(
    connection: Connection,
    store: Store,
    place: Environment,
    bindings: Sequence[Binding],
    named: Sequence[NamedHandlers] | None,
    actor: Actor,
) -> None:
    """Inside a deployment's transaction: the environment does its workflows from now on.

    Args:
        named: what the script exports, None when nobody has evaluated it.

    Raises:
        ApiError: 10070, the script does not export the class; 10201, a bad name; 10212, another service does
            it: who may deploy here need not be allowed to take that from there.
    """
    for binding in _own(bindings):
        class_name = str(binding.settings["class_name"])
        if named is not None and class_name not in {each.name for each in named}:
            raise ApiError(
                10070, f"Binding {binding.name}: the script exports no class '{class_name}' for the workflow"
            )
        name = str(binding.settings["workflow_name"])
        found = workflows.find(connection, name)
        if found is not None and found.service not in (None, place.service):
            raise Conflict(
                10212,
                f"Binding {binding.name}: workflow {name} belongs to {found.service}. Choose another name,"
                f" delete that workflow, or give it over with PUT /workflows/{name}",
            )
        verbs.put(connection, store, name, place, class_name, actor)


def adopt(
    connection: Connection, store: Store, target: Environment, bindings: Sequence[Binding]
) -> tuple[Binding, ...]:
    """Bindings of another environment's own workflows, on workflows of the target's own."""
    found: dict[str, str] = {}
    made = []
    for binding in bindings:
        if binding in _own(bindings):
            old, class_name = str(binding.settings["workflow_name"]), str(binding.settings["class_name"])
            if old not in found:
                found[old] = _of(connection, store, target, binding.name, class_name)
            binding = Binding(binding.name, KIND, {**binding.settings, "workflow_name": found[old]})
        made.append(binding)
    return tuple(made)


def _of(connection: Connection, store: Store, target: Environment, binding: str, class_name: str) -> str:
    """The target's workflow of a class, made when it has none."""
    for each in workflows.of_environment(connection, target.id):
        if each.class_name == class_name:
            return each.name
    name = workflows.free_name(connection, f"{target.service}-{target.name}-{binding}")
    return workflows.put(connection, name, target.id, class_name, store.now())[0].name


def _own(bindings: Sequence[Binding]) -> Iterator[Binding]:
    return (each for each in bindings if each.type == KIND and "script_name" not in each.settings)
