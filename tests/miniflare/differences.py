"""Where this engine says something else than Miniflare, and why."""

DIFFERENCES: dict[str, str] = {}
