"""A configuration of workerd, Cloudflare's runtime, with the modules beside it.

Source: workerd.capnp of workerd. Run it in its folder: ``npx workerd serve config.capnp --experimental``
(SQLite on disk asks for the flag). What workerd has by itself is used: service bindings, variables, Durable
Objects on disk. KV is a small worker over a Durable Object (`kv.js`), because workerd has only the binding's
near end. D1, R2, queues, static assets and what else needs a server are left out, and told.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.export.files import ExportError, Files, Unit, file_name, is_typescript
from engine.wrangler.modules import SourceFile

CONFIG: Final = "config.capnp"
KV: Final = Path(__file__).with_name("kv.js")
_KINDS: Final = {
    "esm": "esModule",
    "commonjs": "commonJsModule",
    "text": "text",
    "data": "data",
    "wasm": "wasm",
    "json": "json",
}
#: A date that every workerd with SQLite in Durable Objects knows.
_KV_DATE: Final = "2024-09-26"


def export(units: Sequence[Unit], *, port: int = 8080, date: str | None = None) -> Files:
    """The files of a configuration that runs these environments together.

    Args:
        units: the environments; every one that another binds to is among them.
        port: the first one's port on 127.0.0.1; the others' follow. 0 takes a free one for each.
        date: a compatibility date for all, where workerd is older than theirs.

    Raises:
        ExportError: a module cannot be given to workerd.
    """
    writer = _Writer({(each.environment.service, each.environment.name): each.label for each in units}, date)
    for unit in units:
        writer.unit(unit)
    writer.namespaces()
    sockets = []
    for number, unit in enumerate(units):
        address = text(f"127.0.0.1:{port + number if port else 0}")
        label = text(unit.label)
        sockets.append(f"    ( name = {label}, address = {address}, http = (), service = {label} ),")
    lines = [
        "# Made by svc-tui export. In this folder: npx workerd serve config.capnp --experimental",
        *(f"# Left out: {note}" for note in writer.files.notes),
        'using Workerd = import "/workerd/workerd.capnp";',
        "",
        "const config :Workerd.Config = (",
        "  services = [",
        *writer.services,
        '    ( name = "disk", disk = ( path = "data", writable = true ) ),',
        "  ],",
        "  sockets = [",
        *sockets,
        "  ],",
        ");",
        *writer.constants,
    ]
    files = writer.files
    files.contents[CONFIG] = ("\n".join(lines) + "\n").encode()
    if any(unit.secrets for unit in units):
        files.private.add(CONFIG)
    files.contents["data/.gitignore"] = b"*\n"
    return files


@dataclass(slots=True)
class _Writer:
    labels: Mapping[tuple[str, str], str]
    date: str | None
    files: Files = field(default_factory=Files)
    services: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    spaces: dict[str, str] = field(default_factory=dict)

    def unit(self, unit: Unit) -> None:
        """One environment: a service, its modules, its bindings."""
        found, label = unit.environment, unit.label
        constant = _constant(label)
        self.services.append(f"    ( name = {text(label)}, worker = .{constant} ),")
        lines = ["", f"const {constant} :Workerd.Worker = ("]
        if found.classic:
            lines.append(f"  serviceWorkerScript = embed {text(self._file(label, found.modules[0]))},")
        else:
            lines.append("  modules = [")
            for module in found.modules:
                if module.type in _KINDS:
                    path = self._file(label, module)
                    lines.append(
                        f"    ( name = {text(module.name)}, {_KINDS[module.type]} = embed {text(path)} ),"
                    )
            lines.append("  ],")
        date = self.date or found.settings.get("compatibility_date") or _KV_DATE
        lines.append(f"  compatibilityDate = {text(date)},")
        if flags := found.settings.get("compatibility_flags"):
            lines.append(f"  compatibilityFlags = [{', '.join(map(text, flags))}],")
        bindings = [made for each in found.bindings if (made := self._binding(unit, each)) is not None]
        if bindings:
            lines += ["  bindings = [", *(f"    {each}," for each in bindings), "  ],"]
        if unit.classes:
            lines += ["  durableObjectNamespaces = [", *self._classes(unit), "  ],"]
            lines.append('  durableObjectStorage = ( localDisk = "disk" ),')
        self.constants += [*lines, ");"]
        if found.crons:
            self.files.notes.append(f"crons of {label}: workerd starts none by itself")

    def namespaces(self) -> None:
        """A worker for each KV namespace that was bound."""
        if not self.spaces:
            return
        self.files.contents["kv.js"] = KV.read_bytes()
        for number, label in self.spaces.items():
            constant = _constant(label)
            self.services.append(f"    ( name = {text(label)}, worker = .{constant} ),")
            self.constants += [
                "",
                f"const {constant} :Workerd.Worker = (",
                '  modules = [ ( name = "kv.js", esModule = embed "kv.js" ) ],',
                f"  compatibilityDate = {text(_KV_DATE)},",
                "  bindings = [",
                f'    ( name = "ID", text = {text(number)} ),',
                '    ( name = "NAMESPACES", durableObjectNamespace = "Namespace" ),',
                "  ],",
                "  durableObjectNamespaces = [",
                f'    ( className = "Namespace", uniqueKey = {text(_key("kv", number))}, enableSql = true ),',
                "  ],",
                '  durableObjectStorage = ( localDisk = "disk" ),',
                ");",
            ]

    def _binding(self, unit: Unit, binding: Mapping[str, Any]) -> str | None:
        name, kind = str(binding["name"]), str(binding["type"])
        value = self._value(unit, name, kind, binding)
        if value is None:
            self.files.notes.append(f"{kind} {name} of {unit.label}: workerd has nothing for it by itself")
            return None
        return f"( name = {text(name)}, {value} )"

    def _value(self, unit: Unit, name: str, kind: str, binding: Mapping[str, Any]) -> str | None:
        match kind:
            case "plain_text":
                return f"text = {text(binding['text'])}"
            case "json":
                return f"json = {text(json.dumps(binding['json'], ensure_ascii=False))}"
            case "secret_text":
                known = unit.secrets.get(name)
                return f"fromEnvironment = {text(name)}" if known is None else f"text = {text(known)}"
            case "version_metadata":
                shown = {"id": "", "tag": "", "timestamp": ""}
                return f"json = {text(json.dumps(shown))}"
            case "kv_namespace":
                number = str(binding["namespace_id"])
                label = self.spaces.setdefault(number, f"kv-{number}")
                return f"kvNamespace = {text(label)}"
            case "service":
                return self._service(unit, binding)
            case "durable_object_namespace":
                script = binding.get("script_name")
                if not script or script == unit.environment.service:
                    return f"durableObjectNamespace = {text(binding['class_name'])}"
                label = self._label(unit, str(script), binding.get("environment"))
                named = f"className = {text(binding['class_name'])}, serviceName = {text(label)}"
                return f"durableObjectNamespace = ( {named} )"
        return None

    def _service(self, unit: Unit, binding: Mapping[str, Any]) -> str:
        parts = [f"name = {text(self._label(unit, str(binding['service']), binding.get('environment')))}"]
        if entrypoint := binding.get("entrypoint"):
            parts.append(f"entrypoint = {text(entrypoint)}")
        if props := binding.get("props"):
            parts.append(f"props = ( json = {text(json.dumps(props, ensure_ascii=False))} )")
        return f"service = ( {', '.join(parts)} )"

    def _label(self, unit: Unit, service: str, environment: str | None) -> str:
        place = (service, environment or "production")
        if place not in self.labels:
            raise ExportError(f"{unit.label} binds to {service} › {place[1]}, which is not exported")
        return self.labels[place]

    def _classes(self, unit: Unit) -> list[str]:
        return [
            f"    ( className = {text(name)}, uniqueKey = {text(_key(unit.label, name))},"
            f" enableSql = {'true' if sqlite else 'false'} ),"
            for name, sqlite in unit.classes.items()
        ]

    def _file(self, label: str, module: SourceFile) -> str:
        if is_typescript(module):
            raise ExportError(
                f"{label} has {module.name}, and workerd runs JavaScript only: deploy it bundled, "
                "or export it with --wrangler"
            )
        path = f"{label}/{file_name(module)}"
        self.files.contents[path] = module.content
        return path


def text(value: Any) -> str:
    """A string in Cap'n Proto's text form."""
    quoted = json.dumps(str(value), ensure_ascii=False)
    return re.sub(r"\\u00([0-9a-f]{2})", r"\\x\1", quoted)


def _constant(label: str) -> str:
    """A name for a constant: letters and digits, a small one first."""
    return "w" + "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", label))


def _key(owner: str, name: str) -> str:
    """What the ids of a namespace's objects are made of: the same at every export."""
    return hashlib.sha256(f"svc-tui\0{owner}\0{name}".encode()).hexdigest()
