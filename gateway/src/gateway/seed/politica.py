"""The policy the system starts with (`gateway.politica.iniziale`), as the seed writes it."""

from gateway.politica.iniziale import RULES, VERSION, rules

__all__ = ["RULES", "VERSION", "rules"]
