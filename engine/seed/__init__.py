"""The three sample services of a new account, as real files."""

from engine.seed.seed import plant

__all__ = ["plant"]
