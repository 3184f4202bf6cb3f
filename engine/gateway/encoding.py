"""Content-Encoding towards clients: what a script wrote plain goes out in the coding that it named.

A client that says that it does not take the coding gets the plain form, as from Cloudflare's network
(developers.cloudflare.com/speed/optimization/content/compression).
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.runtime import coding
from engine.runtime.http import Response


async def encode(response: Response, asked: Sequence[tuple[str, str]]) -> None:
    """Encode the body of a response that has a `coding`, or take that off its headers.

    Args:
        response: changed in place; its length is not known any more.
        asked: the request's headers, names in lower case.
    """
    name = response.coding
    if name is None:
        return
    response.coding = None
    dropped = {"content-length"}
    if coding.available(name) and coding.accepted(asked, name):
        response.body = await coding.encode(response.body, name)
    else:
        dropped.add("content-encoding")
    response.headers = [pair for pair in response.headers if pair[0].lower() not in dropped]
