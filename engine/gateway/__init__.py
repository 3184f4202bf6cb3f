"""HTTP in and out: one port for the API and for every environment's hostname."""
