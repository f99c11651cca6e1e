"""Settings of the gateway process: everything comes from the environment, nothing secret has a default."""

from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pydantic import field_validator, model_validator

from chassis.settings import Environment, ServiceSettings, libpq_dsn, service_config


class Settings(ServiceSettings):
    """`GATEWAY_*` are this process's own names, `SISO_*` those all processes share."""

    model_config = service_config("gateway")

    mandato_private_key_file: Path = Path("/run/secrets/mandato_private_key")
    secret_file: Path = Path("/run/secrets/gateway_secret")
    static_dir: Path = Path(__file__).parent / "static"
    https: bool = False
    """Behind TLS: the session cookie is then `Secure` and carries the `__Host-` prefix."""
    dev_login: bool = False
    """Login by picking a test identity. Unset: on in demo and test alone. On anywhere else: no start."""

    public_url: str = "http://127.0.0.1:8000"
    """Address people see, without a final slash: links in mails, SAML endpoints."""
    spid_file: Path | None = None
    """TOML file about SPID and CIE (gateway/spid/settings.py). Unset: nobody enters that way."""
    idle_minutes: int = 30
    absolute_hours: int = 8
    citizen_minutes: int = 20
    """Idle limit of a citizen's session."""
    identity_seconds: float = 5.0
    """How long who holds a session is remembered; changes are told at once. 0: asked at every request."""
    wrong_login_delay: float = 1.0
    """Seconds an answer waits after five wrong logins from one address in a minute; doubles, up to eight times."""
    emergency_minutes: int = 60
    """How long break-the-glass keeps one person's file open."""
    emergencies_a_day: int = 3
    """Emergencies of one operator, today, that nobody has signed yet: the next one waits for a signature."""
    rpc_timeout: float = 10.0
    upload_limit: int = 100 * 1024 * 1024
    pool_size: int = 10
    metrics_port: int = 0
    """Where `/metrics` answers, apart from the pages. 0: nowhere."""
    metrics_host: str = "127.0.0.1"

    @field_validator("spid_file", mode="before")
    @classmethod
    def _nothing_is_none(cls, value: object) -> object:
        return value or None

    @cached_property
    def secret(self) -> bytes:
        """32 bytes derived from the secret file, for CSRF tokens."""
        content = self.secret_file.read_bytes().strip()
        if len(content) < 32:
            raise RuntimeError("GATEWAY_SECRET_FILE holds fewer than 32 bytes")
        return sha256(content).digest()

    @property
    def cookie_name(self) -> str:
        return "__Host-siso" if self.https else "siso"

    @property
    def dsn(self) -> str:
        """`database_url` as psycopg wants it."""
        return libpq_dsn(self.database_url)

    def idle(self, tipo: str = "operatore") -> timedelta:
        """How long a session of an operatore or a cittadino lasts without use."""
        return timedelta(minutes=self.citizen_minutes if tipo == "cittadino" else self.idle_minutes)

    @property
    def absolute(self) -> timedelta:
        return timedelta(hours=self.absolute_hours)

    @model_validator(mode="after")
    def _check_dev_login(self) -> "Settings":
        harmless = self.environment in (Environment.DEMO, Environment.TEST)
        if self.dev_login and not harmless:
            raise ValueError(
                "GATEWAY_DEV_LOGIN is set although SISO_ENV is neither demo nor test: refusing to start"
            )
        if "dev_login" not in self.model_fields_set:
            self.dev_login = harmless
        return self
