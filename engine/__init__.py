"""The platform: runtime, bindings, store, HTTP API and gateway. Never imports textual or tui."""
