"""Cloudflare's v4 REST API, and our own resources under the same envelope: one file a resource."""
