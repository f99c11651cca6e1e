"""Starting data of documenti: the bucket, with its rules. Repeating it changes nothing."""

from documenti.adapters.store import S3Store
from documenti.settings import Settings


def seed() -> None:
    S3Store(Settings()).ensure_bucket()
