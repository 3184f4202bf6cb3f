"""`Cloudflare-Workers-Version-Overrides`: a request asks for one version of a gradual deployment.

The field is a structured dictionary (RFC 8941 §3.2) of Worker names and version ids, `notes="<uuid>"`; an
environment other than production is named `staging.notes`. It counts only for a version that the current
deployment has (workers/configuration/versions-and-deployments/gradual-deployments).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.gateway.hostnames import label

HEADER = "cloudflare-workers-version-overrides"
#: A member of the dictionary whose value is a string or a token, with the parameters that it may have.
_MEMBER = re.compile(
    r"[ \t]*(?P<key>[a-z*][a-z0-9_.*-]*)[ \t]*=[ \t]*"
    r'(?:"(?P<text>(?:[ !#-\[\]-~]|\\["\\])*)"|(?P<token>[A-Za-z0-9*][!#$%&\'*+.^_`|~:/A-Za-z0-9-]*))'
    r"(?:[ \t]*;[^,]*)?[ \t]*(?:,|$)"
)


def wanted(headers: Iterable[tuple[str, str]], service: str, environment: str) -> str | None:
    """The id of the version that a request asks for, or None.

    Args:
        headers: the request's field lines, names in lower case.
        service: whose version.
        environment: of which environment.
    """
    lines = [value for name, value in headers if name == HEADER]
    if not lines:
        return None
    members = parse(", ".join(lines))
    return members.get(label(service, environment)) or members.get(service)


def parse(text: str) -> dict[str, str]:
    """The dictionary's members; nothing at all when the field is malformed, as the RFC has it."""
    members: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _MEMBER.match(text, at)
        if match is None:
            return {}
        value = match["token"] if match["text"] is None else re.sub(r"\\(.)", r"\1", match["text"])
        members[match["key"]] = value.lower()
        at = match.end()
    return members
