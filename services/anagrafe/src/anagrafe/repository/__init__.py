"""Queries: `letture` (SQLAlchemy, the mandate inside), `carico` and `passi` (the registry load, set-based SQL)."""
