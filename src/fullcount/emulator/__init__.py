"""A strict local TikTok, written from the specification, blind to our client."""
