"""What only documenti needs to be told."""

from datetime import timedelta
from pathlib import Path

from chassis.settings import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`DOCUMENTI_*`. `s3_sse`: the store encrypts at rest (needs a key service behind MinIO, a KEK in SeaweedFS)."""

    model_config = service_config("documenti")

    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = "documenti"
    s3_region: str = "us-east-1"
    s3_secure: bool = False
    s3_sse: bool = False

    max_mb: int = 50
    url_seconds: int = 300
    arrival_minutes: int = 60
    render_seconds: float = 120
    font_dir: Path | None = None
    event_workers: int = 2  # a print takes up to 430 MiB: this many at once

    @property
    def max_bytes(self) -> int:
        return self.max_mb * 1_000_000

    @property
    def url_lifetime(self) -> timedelta:
        return timedelta(seconds=self.url_seconds)

    @property
    def arrival_lifetime(self) -> timedelta:
        return timedelta(minutes=self.arrival_minutes)
