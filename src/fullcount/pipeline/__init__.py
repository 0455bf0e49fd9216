"""The visible list of steps from Event to queue."""
