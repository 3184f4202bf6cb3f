"""What deployed workers said: one record an invocation, kept a while and told to whoever listens."""
