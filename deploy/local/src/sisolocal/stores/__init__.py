"""One module per store: how it is prepared, started, proved ready and stopped."""
