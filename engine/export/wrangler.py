"""A project of wrangler's: `wrangler.jsonc` and the modules in `src`.

It deploys back with ``svc-tui deploy DIR`` (``--env NAME`` where it was an environment), and with wrangler.
Resources keep their ids. Secrets stay where they are; `.dev.vars.example` names them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from engine.export.files import Files, Unit, file_name, is_typescript

CONFIG: Final = "wrangler.jsonc"
_RULES: Final = {
    "esm": "ESModule",
    "commonjs": "CommonJS",
    "text": "Text",
    "data": "Data",
    "wasm": "CompiledWasm",
}
#: Bindings to one resource: the list in the file, and its keys by the binding's own.
_LISTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "kv_namespace": ("kv_namespaces", {"namespace_id": "id"}),
    "d1": ("d1_databases", {"id": "database_id"}),
    "r2_bucket": ("r2_buckets", {"bucket_name": "bucket_name"}),
    "service": (
        "services",
        {"service": "service", "environment": "environment", "entrypoint": "entrypoint", "props": "props"},
    ),
    "hyperdrive": ("hyperdrive", {"id": "id"}),
    "secrets_store_secret": (
        "secrets_store_secrets",
        {"store_id": "store_id", "secret_name": "secret_name"},
    ),
    "analytics_engine": ("analytics_engine_datasets", {"dataset": "dataset"}),
    "workflow": (
        "workflows",
        {"workflow_name": "name", "class_name": "class_name", "script_name": "script_name"},
    ),
}


def export(unit: Unit, prefix: str = "") -> Files:
    """The files of one environment's project.

    Args:
        unit: the environment.
        prefix: folder that its paths begin with, ending in a slash; "" for none.

    Raises:
        ExportError: a module has no name that a file could have.
    """
    found, files = unit.environment, Files()
    for module in found.modules:
        files.contents[f"{prefix}src/{file_name(module)}"] = module.content
    config: dict[str, Any] = {
        "$schema": "node_modules/wrangler/config-schema.json",
        "name": found.service,
        "main": f"src/{file_name(found.modules[0])}",
        **{key: found.settings[key] for key in found.settings if key != "placement"},
    }
    if not any(is_typescript(each) for each in found.modules) and not found.classic:
        config["no_bundle"] = True
        config["rules"] = _rules(unit)
    _bindings(config, unit, files.notes)
    if unit.classes:
        step: dict[str, Any] = {"tag": found.migration_tag or "v1"}
        for key, sqlite in (("new_sqlite_classes", True), ("new_classes", False)):
            if names := [name for name, kind in unit.classes.items() if kind is sqlite]:
                step[key] = names
        config["migrations"] = [step]
    if found.crons:
        config["triggers"] = {"crons": list(found.crons)}
    _secrets(unit, files, prefix)
    head = f"// {unit.label} v{found.number}, by svc-tui export\n"
    files.contents[f"{prefix}{CONFIG}"] = (
        head + json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    ).encode()
    return files


def _rules(unit: Unit) -> list[dict[str, Any]]:
    """Which module is of which type, by name: wrangler uploads them as they are."""
    main = unit.environment.modules[0]
    globs: dict[str, list[str]] = {}
    for module in unit.environment.modules:
        if module is not main and module.type in _RULES:
            globs.setdefault(_RULES[module.type], []).append(f"**/{file_name(module)}")
    return [{"type": kind, "globs": names, "fallthrough": False} for kind, names in globs.items()]


def _bindings(config: dict[str, Any], unit: Unit, notes: list[str]) -> None:
    for binding in unit.environment.bindings:
        name, kind = str(binding["name"]), str(binding["type"])
        if kind in ("plain_text", "json"):
            config.setdefault("vars", {})[name] = binding["text" if kind == "plain_text" else "json"]
        elif kind in _LISTS:
            table, keys = _LISTS[kind]
            item = {"binding": name} | {
                keys[key]: binding[key] for key in keys if binding.get(key) is not None
            }
            if kind == "d1":
                item["database_name"] = unit.names.get(str(binding["id"]), name.lower())
            config.setdefault(table, []).append(item)
        elif kind == "durable_object_namespace":
            kept = {
                key: binding[key] for key in ("class_name", "script_name", "environment") if binding.get(key)
            }
            if kept.get("script_name") == unit.environment.service:
                del kept["script_name"]
            table = config.setdefault("durable_objects", {"bindings": []})
            table["bindings"].append({"name": name, **kept})
        elif kind == "queue":
            producers = config.setdefault("queues", {"producers": []})["producers"]
            producers.append({"binding": name, "queue": binding["queue_name"]})
        elif kind == "ratelimit":
            limit = {"name": name, "namespace_id": binding["namespace_id"], "simple": binding["simple"]}
            config.setdefault("ratelimits", []).append(limit)
        elif kind == "version_metadata":
            config["version_metadata"] = {"binding": name}
        elif kind != "secret_text":
            notes.append(f"{kind} {name} of {unit.label}: add it to {CONFIG} by hand")


def _secrets(unit: Unit, files: Files, prefix: str) -> None:
    names = [str(each["name"]) for each in unit.environment.bindings if each["type"] == "secret_text"]
    known = {name: unit.secrets[name] for name in names if name in unit.secrets}
    if known:
        # What dotenv reads back: in double quotes, with its escapes.
        lines = [f"{name}={json.dumps(text, ensure_ascii=False)}\n" for name, text in known.items()]
        files.contents[f"{prefix}.dev.vars"] = "".join(lines).encode()
        files.private.add(f"{prefix}.dev.vars")
        files.contents[f"{prefix}.gitignore"] = b".dev.vars\nnode_modules\n.wrangler\n"
    if missing := [name for name in names if name not in known]:
        files.contents[f"{prefix}.dev.vars.example"] = "".join(f'{name}=""\n' for name in missing).encode()
