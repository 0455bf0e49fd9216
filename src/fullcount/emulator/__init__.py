"""A strict local TikTok, written from what is publicly known, blind to our client."""
