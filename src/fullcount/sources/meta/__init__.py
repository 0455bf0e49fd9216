"""Meta's Conversions API: its senders post here what they post to graph.facebook.com, in any of its encodings."""
