"""API tokens of this engine: named, for some of its services and environments, for some time."""
