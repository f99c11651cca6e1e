"""Settings of the service (`ANAGRAFE_*`)."""

from pydantic import Field

from chassis.settings import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`quota_cancellazioni`: share of a comune's residents that one file may remove without a person's consent;
    up to `cancellazioni_libere` removals never ask. `processi`: comuni loaded at once (0: one a core)."""

    model_config = service_config("anagrafe")

    quota_cancellazioni: float = Field(default=0.10, gt=0, le=1)
    cancellazioni_libere: int = Field(default=3, ge=0)
    processi: int = Field(default=0, ge=0, le=64)
