"""Fullcount: every conversion, counted once."""
