"""Settings of erogazioni: what it adds to the common ones."""

from pathlib import Path

from chassis.settings import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`siuss_xsd_file`: INPS's schema, when the ente has fetched it; each flow is then validated before it is kept."""

    model_config = service_config("erogazioni")

    siuss_xsd_file: Path | None = None
