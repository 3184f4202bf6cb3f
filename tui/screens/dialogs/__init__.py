"""The dialogs: over the dimmed screen, Esc always cancels, nothing is lost."""
