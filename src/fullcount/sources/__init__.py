"""One file per sender, same shape: raw request -> authenticated events."""
