"""Starting data: comuni and nations with the dates of their names, from python-codicefiscale."""

from anagrafe.repository.carico import connect, fill_luoghi
from anagrafe.settings import Settings


def seed() -> None:
    """Fills `luoghi`; repeating it changes nothing."""
    with connect(Settings().database_url) as connection:
        fill_luoghi(connection)
