"""Uploading a project's static files: a session for all of them, then those that the engine lacks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from engine.cli.api import Client, Json, environment_path
from engine.cli.errors import CliError

if TYPE_CHECKING:
    from engine.wrangler.project import Project


def upload(client: Client, project: Project) -> Json | None:
    """What the script's metadata says of its assets, once all of them are there; None without assets.

    Raises:
        CliError: a file is gone or was changed meanwhile.
    """
    from engine.wrangler.assets import look
    from engine.wrangler.errors import ProjectError

    found = project.assets
    if found is None:
        return None
    manifest = {path: {"hash": each.hash, "size": each.size} for path, each in found.files.items()}
    path = environment_path(str(project.service), project.environment) + "/assets-upload-session"
    begun = client.call("POST", path, {"manifest": manifest})
    by_hash = {each.hash: each for each in found.files.values()}
    token = begun["jwt"]
    for bucket in begun["buckets"]:
        parts = []
        for key in bucket:
            asset = by_hash[key]
            try:
                content = asset.file.read_bytes()
                fresh = look(asset.file)
            except (OSError, ProjectError):
                fresh = None
            if fresh is None or fresh.hash != key or fresh.size != len(content):
                raise CliError(f"{asset.file} was changed while it was being uploaded: deploy again")
            parts.append((key, (key, base64.b64encode(content), asset.content_type)))
        answer = client.call(
            "POST",
            "/workers/assets/upload?base64=true",
            files=parts,
            headers={"authorization": f"Bearer {begun['jwt']}"},
        )
        token = answer.get("jwt") or token
    return {"jwt": token, "config": dict(found.config)}
