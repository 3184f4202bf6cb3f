"""What `svc-tui run` and `deploy` are given: one file, or a folder with a configuration of wrangler's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.model import PRODUCTION
from engine.wrangler import config, dotenv, modules
from engine.wrangler.assets import Assets
from engine.wrangler.errors import ProjectError
from engine.wrangler.modules import SourceFile
from engine.wrangler.triggers import Consumer

DEV_VARS: Final = ".dev.vars"


@dataclass(frozen=True, slots=True)
class Project:
    """Code and configuration, read.

    Attributes:
        service: the service it is for; None for a file without configuration.
        environment: the service's environment.
        files: the modules, the main one first; none where there are static assets alone.
        bindings: Cloudflare's binding objects; None for a file without configuration, which has no say.
        settings: metadata keys of the upload.
        keep_vars: whether variables that the configuration does not name stay.
        dev_vars: what `.dev.vars` beside it says.
        consumers: the queues that the script consumes.
        crons: its cron triggers; None leaves those that it has.
        assets: its static files.
    """

    service: str | None
    environment: str
    files: tuple[SourceFile, ...]
    bindings: tuple[Mapping[str, Any], ...] | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    keep_vars: bool = False
    dev_vars: Mapping[str, str] = field(default_factory=dict, repr=False)
    consumers: tuple[Consumer, ...] = ()
    crons: tuple[str, ...] | None = None
    assets: Assets | None = None

    @property
    def folders(self) -> set[Path]:
        """Where its files are, besides the configuration."""
        found = {file.file.parent for file in self.files if file.file is not None}
        return found | ({self.assets.folder.absolute()} if self.assets is not None else set())


def read(path: Path, service: str | None = None, environment: str | None = None) -> Project:
    """Read a project.

    Args:
        path: a JavaScript or TypeScript file, a configuration file of wrangler's, or a folder with one.
        service: name to use instead of the configuration's.
        environment: environment of the service, or `[env.NAME]` of the configuration.

    Raises:
        ProjectError: something cannot be read or used; names file and key or line.
    """
    if not path.exists():
        raise ProjectError(path, "there is no such file or folder")
    if path.is_dir():
        found = config.find(path)
        if found is None:
            raise ProjectError(path, f"has no {config.NAMES[-1]} or {config.NAMES[1]}: name the file to take")
        path = found
    elif path.name not in config.NAMES and path.suffix not in {".toml", ".jsonc"}:
        return Project(service, environment or PRODUCTION, tuple(modules.collect(path)))
    settings = config.load(path, environment, service)
    main = settings.main
    if main is not None and not main.is_file():
        raise ProjectError(path, f"there is no file {main}", "main")
    return Project(
        settings.service,
        settings.environment,
        () if main is None else tuple(modules.collect(main)),
        settings.bindings,
        settings.settings,
        settings.keep_vars,
        _dev_vars(path.parent, environment),
        settings.consumers,
        settings.crons,
        settings.assets,
    )


def _dev_vars(folder: Path, environment: str | None) -> dict[str, str]:
    """`.dev.vars.<environment>`, else `.dev.vars`, else nothing."""
    names = [f"{DEV_VARS}.{environment}"] if environment else []
    for name in (*names, DEV_VARS):
        file = folder / name
        if file.is_file():
            try:
                return dotenv.parse(file.read_text("utf-8"), file)
            except OSError as error:
                raise ProjectError(file, f"cannot be read: {error.strerror}") from None
            except UnicodeDecodeError:
                raise ProjectError(file, "is not UTF-8 text") from None
    return {}
