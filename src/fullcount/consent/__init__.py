"""Signals and rules -> a decision: send, limit or withhold. Pure."""
