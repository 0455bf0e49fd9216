"""What is done after a thin notice was answered: the platform is asked for what it named, until it has been told."""
