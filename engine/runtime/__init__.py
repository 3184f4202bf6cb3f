"""JavaScript: isolates, the channel to them, workers and the pool they live in."""
