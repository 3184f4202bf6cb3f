"""The modules of one environment as they are on screen: what is live, changed, added, dropped.

No widgets and no files: the workbench edits it, drafts.py keeps it, the engine gets it as a payload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

TYPES = {
    **dict.fromkeys(("js", "mjs", "jsx", "ts", "mts", "tsx"), "esm"),
    **dict.fromkeys(("cjs", "cts"), "commonjs"),
    "json": "json",
    "wasm": "wasm",
    "map": "sourcemap",
    "bin": "data",
}


def type_for_name(name: str, main_type: str = "esm") -> str:
    """A new module's type by its suffix: JavaScript and TypeScript modules, JSON, and text for the rest.

    Args:
        name: The module's name.
        main_type: The main module's type; a service-worker script has no sibling ES modules.
    """
    suffix = name.rpartition(".")[2].lower() if "." in name else "js"
    kind = TYPES.get(suffix, "text")
    return "commonjs" if kind == "esm" and main_type == "commonjs" else kind


@dataclass
class ModuleText:
    """One module."""

    name: str
    type: str
    text: str | None
    """The text now; None for a binary module, which can only be run, saved, renamed and deleted."""
    live: str | None = None
    """The text that is deployed; None for a module that is new here."""
    base64: str | None = None
    """A binary module's content."""
    live_name: str | None = None
    """The name it is deployed under; None for a new one."""
    bytes: int = 0
    """A binary module's size."""

    @property
    def dirty(self) -> bool:
        """Whether it differs from what is deployed."""
        return self.live_name != self.name or self.text != self.live

    @property
    def size(self) -> int:
        """Bytes (UTF-8)."""
        return self.bytes if self.text is None else len(self.text.encode())

    def payload(self) -> dict[str, Any]:
        """The API's form: `{name, type, text | base64}`."""
        content = {"base64": self.base64 or ""} if self.text is None else {"text": self.text}
        return {"name": self.name, "type": self.type, **content}


@dataclass
class Workspace:
    """All modules of an environment, the main one first, and the version they were made from."""

    main: str = ""
    version_id: str | None = None
    number: int | None = None
    modules: dict[str, ModuleText] = field(default_factory=dict)
    _live_names: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Workspace:
        """From `Engine.modules()`."""
        workspace = cls(answer["main_module"], answer.get("version_id"), answer.get("number"))
        for item in sorted(
            answer["modules"], key=lambda item: (item["name"] != workspace.main, item["name"])
        ):
            text = item.get("text")
            workspace.modules[item["name"]] = ModuleText(
                item["name"],
                item.get("type") or type_for_name(item["name"]),
                text,
                text,
                item.get("base64"),
                item["name"],
                item.get("size") or 0,
            )
        workspace._live_names = set(workspace.modules)
        return workspace

    @property
    def dirty(self) -> bool:
        """Whether anything differs from what is deployed."""
        return bool(self.changed or self.dropped)

    @property
    def changed(self) -> list[ModuleText]:
        """Modules that differ from what is deployed, new and renamed ones included."""
        return [module for module in self.modules.values() if module.dirty]

    @property
    def dropped(self) -> set[str]:
        """Deployed names that are gone here."""
        return self._live_names - set(self.modules)

    def payload(self) -> list[dict[str, Any]]:
        """All modules as the API takes them."""
        return [module.payload() for module in self.modules.values()]

    def add(self, name: str, text: str = "") -> ModuleText:
        """Add a module; one that was dropped before comes back as what it was."""
        main = self.modules.get(self.main)
        module = ModuleText(name, type_for_name(name, main.type if main else "esm"), text)
        self.modules[name] = module
        return module

    def rename(self, name: str, new: str) -> ModuleText:
        """Give a module another name, in its old place; the main module stays the main one."""
        module = self.modules[name]
        self.modules = {(new if key == name else key): value for key, value in self.modules.items()}
        module.name = new
        if module.text is not None and type_for_name(name) != type_for_name(new):
            module.type = type_for_name(new)
        if self.main == name:
            self.main = new
        return module

    def remove(self, name: str) -> None:
        """Drop a module; never the main one."""
        if name != self.main:
            del self.modules[name]

    def saved(self, version_id: str, number: int | None, texts: Mapping[str, str | None]) -> None:
        """The modules with these texts are deployed now, as this version.

        Args:
            version_id: The new version.
            number: Its number.
            texts: Name to text as it was sent; what was typed since then is unsaved still.
        """
        self.version_id, self.number = version_id, number
        self._live_names = set(texts)
        for module in self.modules.values():
            if module.name in texts:
                module.live, module.live_name = texts[module.name], module.name

    def rebase(self, live: Workspace) -> None:
        """Keep the texts on screen, but as changes to another version (after "overwrite" or "compare")."""
        self.version_id, self.number, self._live_names = live.version_id, live.number, set(live.modules)
        for module in self.modules.values():
            other = live.modules.get(module.name)
            module.live, module.live_name = (other.text, other.name) if other else (None, None)

    # ------------------------------------------------------------------ kept text

    def kept(self) -> dict[str, Any]:
        """What has to survive a crash, as JSON: the changed modules, the dropped names, the version below."""
        return {
            "base_version": self.version_id,
            "base_number": self.number,
            "main_module": self.main,
            "modules": [
                {"name": m.name, "type": m.type, "text": m.text, "live_name": m.live_name}
                for m in self.changed
                if m.text is not None
            ],
            "dropped": sorted(self.dropped - {m.live_name for m in self.modules.values() if m.live_name}),
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Put kept text over what is deployed now."""
        for item in kept.get("modules", ()):
            name, live_name = item["name"], item.get("live_name")
            if live_name and live_name != name and live_name in self.modules and name not in self.modules:
                self.rename(live_name, name)
            if name in self.modules:
                self.modules[name].text = item["text"]
            else:
                self.add(name, item["text"])
            self.modules[name].type = item.get("type") or self.modules[name].type
        for name in kept.get("dropped", ()):
            if name in self.modules:
                self.remove(name)
        if (main := kept.get("main_module")) in self.modules:
            self.main = str(main)


def duplicate(name: str, taken: Iterable[str]) -> str:
    """What is wrong with a module's name, as a sentence; empty when it can be used."""
    if not name.strip() or name != name.strip():
        return "A module needs a name without blanks around it."
    if name in set(taken):
        return f"There is a {name} already."
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or len(name) > 255:
        return "A name is a path below the main module: lib/notes.js."
    return ""
