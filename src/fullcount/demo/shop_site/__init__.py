"""A small shop with a pixel, the snippet and a backend of its own, for a person with a browser and for tests."""
