"""Durable, counted once: the Queue protocol and its engines."""
