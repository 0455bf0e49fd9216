"""Real-shaped orders, faults, and proof that each was counted once."""
