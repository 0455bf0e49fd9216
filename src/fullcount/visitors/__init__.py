"""What we remember of one browser, so that later events can carry its click ID."""
