"""Wrangler projects: `wrangler.toml`, `wrangler.json`, `wrangler.jsonc`, `.dev.vars`, and plain modules."""
