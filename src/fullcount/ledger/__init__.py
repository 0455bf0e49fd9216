"""What happened to each event; counts; the timeline of one event."""
