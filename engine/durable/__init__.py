"""Durable Objects: where they run, what they store, and when their alarms ring."""
