"""Standing in for an absent colleague: who, whose incarico, from when to when."""

MASSIMO_GIORNI = 60
"""Longest a delega may last; a longer absence is an incarico of its own."""
