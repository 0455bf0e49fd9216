"""The noun everybody shares: events, their parts, names, ids, checks and codec. Pure."""
