"""Rules of the registry, without I/O: codici fiscali, rows of the files, search text, code tables."""
