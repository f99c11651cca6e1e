"""Settings of this service: the common ones, from `CARTELLA_*`."""

from chassis.settings import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`CARTELLA_MONGO_URL` (a replica set, with the database's name) and `CARTELLA_AMQP_URL` are required to run."""

    model_config = service_config("cartella")
