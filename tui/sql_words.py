"""The keywords of SQL as SQLite has it (sqlite.org/lang_keywords.html), and its types."""

from __future__ import annotations

_WORDS = """
abort action add after all alter analyze and as asc autoincrement before begin between by cascade
case cast check collate column commit conflict constraint create cross current_date current_time
current_timestamp default deferrable deferred delete desc distinct do drop each else end escape
except exists explain fail filter first following for foreign from full generated glob group having
if ignore immediate in index initially inner insert instead intersect into is isnull join key last
left like limit match natural no not nothing notnull null nulls of offset on or order outer over
partition plan pragma preceding primary query raise range recursive references regexp reindex
release rename replace restrict returning right rollback row rows savepoint select set strict table
temp temporary then to transaction trigger unbounded union unique update using vacuum values view
virtual when where window with without integer text real blob numeric
"""
KEYWORDS = tuple(_WORDS.split())
