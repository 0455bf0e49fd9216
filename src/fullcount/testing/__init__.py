"""Public test doubles, one for each seam."""
