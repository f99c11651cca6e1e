"""What report adds to the settings of every service."""

from pathlib import Path

from pydantic import Field

from chassis.settings import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`pseudonym_key`: secret of the pseudonyms, at least 32 characters; who holds it could link facts to people.

    `soglia`: smallest number of persons that may be published, never below 3 (Regole deontologiche per trattamenti a
    fini statistici, G.U. 14 January 2019, art. 5). Empty `cache_dir`: a private folder for the life of the process.
    `memory_limit`: of each question, of which `questions_at_once` are counted in a process.
    """

    model_config = service_config("report")

    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = "report"
    s3_secure: bool = True
    pseudonym_key: str = Field(min_length=32)
    soglia: int = Field(default=5, ge=3)
    cache_dir: Path | None = None
    memory_limit: str = "256MB"
    questions_at_once: int = Field(default=2, ge=1)
