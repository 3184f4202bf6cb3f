"""Draft runs: unsaved code, in an engine process of its own, so that what kills V8 kills nothing else."""
