"""The embedded engine: one SQLite file, one owner, one writer thread, chunks instead of rows."""
