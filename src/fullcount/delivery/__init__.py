"""Lease, batch, attempt, decide, settle; blind to what TikTok is."""
