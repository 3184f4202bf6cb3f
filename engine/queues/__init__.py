"""Queues: what may be sent, who consumes it, and when it is delivered."""
