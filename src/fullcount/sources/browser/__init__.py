"""Our snippet's beacon: what a page saw, told by the visitor's own browser."""
