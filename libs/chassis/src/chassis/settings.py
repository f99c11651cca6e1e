"""Settings of a process, read once from the environment and passed down; nothing else reads `os.environ`."""

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS_DIR = Path("/run/secrets")


class Environment(StrEnum):
    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class CommonSettings(BaseSettings):
    """What is the same for every process. A missing value without default stops the start."""

    model_config = SettingsConfigDict(extra="ignore")

    environment: Environment = Field(alias="SISO_ENV", default=Environment.PRODUCTION)
    mandato_public_key_file: Path | None = Field(alias="SISO_MANDATO_PUBLIC_KEY_FILE", default=None)
    notaio_public_key_file: Path | None = Field(alias="SISO_NOTAIO_PUBLIC_KEY_FILE", default=None)
    otel_endpoint: str = Field(alias="SISO_OTEL_ENDPOINT", default="")
    log_level: str = Field(alias="SISO_LOG_LEVEL", default="INFO")
    health_port: int = Field(alias="HEALTH_PORT", default=0)
    health_host: str = Field(alias="HEALTH_HOST", default="127.0.0.1")


class ServiceSettings(CommonSettings):
    """Base of a service's settings: subclass with `model_config = service_config("anagrafe")`."""

    database_url: str = ""
    migration_url: str = ""
    mongo_url: str = ""
    amqp_url: str = ""
    rpc_workers: int = 10
    event_workers: int = 5


def service_config(service: str) -> Any:
    """Settings of `service` come from `<SERVICE>_*` variables or from files of the same name among the secrets."""
    return SettingsConfigDict(
        env_prefix=f"{service.upper()}_",
        extra="ignore",
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )


def store_settings(service: str) -> ServiceSettings:
    """Where a service keeps its data, read without its package: enough for who only counts, from any image.

    Raises RuntimeError when neither address is there.
    """

    class Store(ServiceSettings):
        model_config = service_config(service)

    found = Store()
    if not (found.database_url or found.mongo_url):
        raise RuntimeError(f"neither {service.upper()}_DATABASE_URL nor {service.upper()}_MONGO_URL is set")
    return found


def libpq_dsn(database_url: str) -> str:
    """An address as psycopg and libpq take it: SQLAlchemy's driver name is not theirs."""
    return database_url.replace("postgresql+psycopg2://", "postgresql://", 1)
