"""TikTok's wire: mapping, transport, answer codes, limits."""
