"""Normalise, hash, click ID, advanced matching. Pure."""
