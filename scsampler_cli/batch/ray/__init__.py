"""The Ray engine: one batch on the machines of a Ray cluster."""
