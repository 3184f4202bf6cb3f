"""Widgets: what a screen is made of. They know no HTTP and take no decisions."""
