"""The HTTP service: ingest routes, health, metrics, drain."""
