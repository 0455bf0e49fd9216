"""The snippet that shops load: our own JavaScript, put together for one source and minified."""
