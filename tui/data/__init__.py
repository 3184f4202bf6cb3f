"""What the data screen shows, without widgets: one module a kind of thing that a binding points to."""
