"""Screens: one file each, its style sheet of the same name in `styles/`."""
