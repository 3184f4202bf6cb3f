"""Pipelines: code goes from environment to environment by itself, as far as the gates between them let it."""
