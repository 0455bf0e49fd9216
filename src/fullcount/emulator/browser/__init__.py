"""The browser's half: the pixel runtime that pages load, and the hits that it sends."""
