"""Static assets: files that are part of a version, and are served before its code, after it, or without any.

Source: developers.cloudflare.com/workers/static-assets.
"""
