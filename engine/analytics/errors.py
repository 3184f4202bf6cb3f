"""What is wrong with a query, in words for who wrote it."""

from __future__ import annotations


class QueryError(Exception):
    """A query cannot be run; the text says why, and where."""
