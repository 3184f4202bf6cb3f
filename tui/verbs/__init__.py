"""Verbs of the app itself: `svc-tui keys`, `svc-tui config …`. All others are the engine's."""
