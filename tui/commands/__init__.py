"""Commands: one class each, and from it key, footer, palette entry, help row and keymap id."""
