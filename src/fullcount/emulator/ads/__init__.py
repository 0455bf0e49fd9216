"""TikTok's other side, as an estimate: ads, the people who see and click them, and what is attributed to them."""
