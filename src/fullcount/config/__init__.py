"""Settings: one commented file with every default."""
