"""The code alone: downloading it as it was uploaded, and replacing it while the settings stay."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import Response

from engine import deploy
from engine.api import modules, shapes, uploads
from engine.api.call import Call, worker_resource
from engine.api.envelope import success
from engine.api.multipart import Part, write_form
from engine.errors import ApiError


async def download(call: Call) -> Response:
    """`GET …/content/v2[?version=]`: the parts as they came, with `cf-entrypoint`; a classic script raw."""
    found, code = await call.store.read(lambda connection: modules.load(connection, call))
    headers = {"cf-entrypoint": _ascii(found.main_module), "etag": f'"{found.id}"'}
    if found.is_service_worker and len(code) == 1:
        return Response(code[0].content, 200, headers, "application/javascript")
    boundary = secrets.token_hex(16)
    parts = [Part(each.name, each.name, uploads.CONTENT_TYPES[each.type], each.content) for each in code]
    body = write_form(parts, boundary)
    return Response(body, 200, headers, f"multipart/form-data; boundary={boundary}")


async def put(call: Call) -> Response:
    """`PUT …/content`: new code, same settings; `If-Match` refuses when another version went live."""
    metadata, parts = uploads.split(await call.form())
    metadata = _with_main(call, metadata or {}, parts)
    code = uploads.modules_of(parts, metadata)
    annotations = metadata.get("annotations")
    message = annotations.get("workers/message") if isinstance(annotations, dict) else None
    made = await deploy.save_content(
        call.store,
        call.service,
        call.environment,
        str(metadata.get("main_module") or metadata.get("body_part")),
        code,
        call.actor,
        if_match=if_match(call),
        message=message if isinstance(message, str) else None,
        validate=call.engine.validate,
    )
    return success({"version": shapes.version(made.version), "deployment": shapes.deployed(made)})


def _with_main(call: Call, metadata: dict[str, Any], parts: list[Part]) -> dict[str, Any]:
    """Which part is the main one: the metadata says, else Cloudflare's headers."""
    if metadata.get("main_module") or metadata.get("body_part"):
        return metadata
    headers = call.request.headers
    main, script = headers.get("cf-worker-main-module-part"), headers.get("cf-worker-body-part")
    if not main and not script:
        raise ApiError(
            10026,
            "Name the main part: header CF-WORKER-MAIN-MODULE-PART (ES modules) or CF-WORKER-BODY-PART.",
            400,
        )
    return {**metadata, "main_module": main} if main else {**metadata, "body_part": script}


def if_match(call: Call) -> str | None:
    """The version that the `If-Match` field names, None without one."""
    header = call.request.headers.get("if-match", "").strip()
    if header in {"", "*"}:
        return None
    return header.removeprefix("W/").strip('"')


def _ascii(name: str) -> str:
    return name if name.isascii() else name.encode("ascii", "backslashreplace").decode()


ROUTES = [
    *worker_resource("/content", get=download, put=put),
    *worker_resource("/content/v2", get=download),
]
