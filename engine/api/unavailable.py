"""Products of Cloudflare that no single machine has: a path of theirs is answered in a sentence."""

from __future__ import annotations

import re
from typing import Final

_PRODUCTS: Final = {
    "agent-memory": "Agent Memory",
    "ai": "Workers AI",
    "ai-gateway": "AI Gateway",
    "ai-search": "AI Search",
    "artifacts": "Artifacts",
    "autorag": "AI Search",
    "basin": "Basin",
    "brapi": "Browser Run",
    "browser-rendering": "Browser Run",
    "builds": "Workers Builds",
    "calls": "Calls",
    "cfd_tunnel": "Cloudflare Tunnels",
    "challenges": "Turnstile",
    "cloudchamber": "Containers",
    "connectivity": "Workers VPC",
    "containers": "Containers",
    "email": "Email Routing",
    "event_subscriptions": "Event subscriptions of queues",
    "flagship": "Flagship",
    "images": "Images",
    "k2": "K2",
    "mtls_certificates": "Client certificates",
    "pages": "Pages",
    "pipelines": "Pipelines (the product of streams)",
    "r2-catalog": "The data catalog of R2",
    "secrets_store": "The Secrets Store",
    "stream": "Stream",
    "vectorize": "Vectorize",
    "workers/dispatch": "Workers for Platforms",
}
_ZONE_PRODUCTS: Final = {"email": "Email Routing"}
_PATH: Final = re.compile(r"/(accounts|zones)/[^/]+/(workers/dispatch|[^/]+)")


def words(path: str) -> str | None:
    """What to say of a path that nothing answers, or None when it is of no such product."""
    if path == "/graphql":
        return _told("Analytics by GraphQL, which `wrangler d1 insights` asks")
    found = _PATH.match(path)
    if found is None:
        return None
    product = (_PRODUCTS if found[1] == "accounts" else _ZONE_PRODUCTS).get(found[2])
    if product is None:
        return None
    return _told(product)


def _told(product: str) -> str:
    return f"Not part of this machine: {product}. Use a Cloudflare account for it."
