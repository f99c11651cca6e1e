"""What the login by SPID and CIE needs to know, read from the one TOML file `GATEWAY_SPID_FILE` names.

    [organization]
    name = "Comune di Monza"                       # as in the IPA
    display_name = "Comune di Monza"
    url = "https://www.comune.example.it"
    locality = "Monza"

    [contact]
    ipa_code = "c_f704"
    municipality = "F704"
    email = "sociale@comune.example.it"            # of an office, never of a person
    phone = "+39039000000"

    [log]
    key_files = ["spid_log.key"]                   # newest first; the older ones are for reading

    [spid]
    idp_dir = "idp/spid"
    keys = [{ key_file = "sp.key", certificate_file = "sp.crt" }]

    [cie]
    idp_dir = "idp/cie"
    keys = [{ key_file = "sp.key", certificate_file = "sp.crt" }]

Paths are relative to the file. A scheme without its table is off. Sources: regole tecniche SPID, Avvisi SPID 18, 19
and 29; CIE: manuale operativo per i fornitori di servizi, protocollo SAML.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

SchemaName = Literal["spid", "cie"]
Area = Literal["operatore", "cittadino"]
Level = Annotated[int, Field(ge=1, le=3)]
NAMES: tuple[SchemaName, ...] = ("spid", "cie")
ATTRIBUTES = {
    "spid": ("spidCode", "name", "familyName", "dateOfBirth", "fiscalNumber"),
    "cie": ("name", "familyName", "dateOfBirth", "fiscalNumber"),
}
"""The least that tells who is at the door."""

SPID_ATTRIBUTES = frozenset(
    "spidCode name familyName placeOfBirth countyOfBirth dateOfBirth gender companyName registeredOffice fiscalNumber "
    "ivaCode idCard mobilePhone email address domicileStreetAddress domicilePostalCode domicileMunicipality "
    "domicileProvince domicileNation expirationDate digitalAddress companyFiscalNumber".split()
)
NEEDED = ("name", "familyName", "fiscalNumber")


class SpidConfigurationError(RuntimeError):
    """The configuration cannot be used; the gateway does not start."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Organization(_Table):
    name: str = Field(min_length=1)
    display_name: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://\S+$")
    locality: str = Field(min_length=1)


class Contact(_Table):
    """`ipa_code`: of the ente in the IPA. `municipality`: Belfiore code. No personal mailbox, no blanks in numbers."""

    ipa_code: str = Field(min_length=1)
    municipality: str = Field(pattern=r"^[A-Z][0-9]{3}$")
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]+$")
    phone: str = Field(pattern=r"^\+39[0-9]{5,12}$")
    vat_number: str = ""
    fiscal_code: str = ""


class KeyFiles(_Table):
    key_file: Path
    certificate_file: Path


class Federation(_Table):
    """Where the refresh job finds the providers' metadata, and the certificate its signature must hold against."""

    url: str = Field(pattern=r"^https://\S+$")
    certificate_file: Path


class LogKeys(_Table):
    key_files: tuple[Path, ...] = Field(min_length=1)


class Levels(_Table):
    operatore: Level = 2
    cittadino: Level = 2


class Schema(_Table):
    """One way to log in, SPID or CIE, with everything its metadata and requests say. Immutable."""

    name: SchemaName
    public_url: str
    organization: Organization
    contact: Contact
    entity_id: str
    idp_dir: Path
    keys: tuple[KeyFiles, ...] = Field(min_length=1, max_length=2)
    """The first signs; both are published, so that a key changes without a day on which nobody enters."""
    levels: Levels = Levels()
    comparison: Literal["minimum", "exact"] = "minimum"
    binding: Literal["post", "redirect"] = "post"
    purpose: Literal["", "P", "LP", "PG", "PF", "PX"] = ""
    """Avviso SPID 18: which kind of identity is asked for; empty is the ordinary one of a person."""
    attributes: tuple[str, ...] = ()
    federation: Federation | None = None
    max_pending: int = Field(default=300, ge=1)
    """Logins begun and not ended within ten minutes from one address; more get a page that says to wait."""

    @model_validator(mode="after")
    def _check(self) -> "Schema":
        unknown = set(self.attributes) - SPID_ATTRIBUTES
        missing = set(NEEDED) - set(self.attributes)
        if unknown or missing:
            raise ValueError(f"attributes: unknown {sorted(unknown)}, missing {sorted(missing)}")
        if self.name == "cie" and set(self.attributes) - set(ATTRIBUTES["cie"]):
            raise ValueError("attributes: CIE gives name, familyName, dateOfBirth and fiscalNumber only")
        if self.name == "cie" and self.purpose:
            raise ValueError("purpose belongs to SPID")
        if "?" in self.entity_id or urlsplit(self.entity_id).scheme not in ("https", "http"):
            raise ValueError("entity_id is an address without a query")
        return self

    @property
    def acs_url(self) -> str:
        return f"{self.public_url}/{self.name}/acs"

    @property
    def logout_url(self) -> str:
        return f"{self.public_url}/{self.name}/logout"

    def level(self, area: Area) -> int:
        return self.levels.operatore if area == "operatore" else self.levels.cittadino

    def forces_login(self, level: int) -> bool:
        """L2 and L3 never rest on an older login of the provider's; CIE never does."""
        return self.name == "cie" or level >= 2


class SpidConfiguration(_Table):
    schemas: tuple[Schema, ...]
    log: LogKeys


def load_configuration(file: Path, public_url: str) -> SpidConfiguration:
    """The file as a configuration. Raises SpidConfigurationError saying what is wrong in it."""
    public_url = public_url.rstrip("/")
    if not public_url:
        raise SpidConfigurationError("GATEWAY_SPID_FILE is set and GATEWAY_PUBLIC_URL is not")
    try:
        content = _with_paths(tomllib.loads(file.read_text("utf-8")), file.resolve().parent)
        schemas = [_schema(name, content, public_url) for name in NAMES if name in content]
        if not schemas:
            raise ValueError("neither [spid] nor [cie] is there")
        return SpidConfiguration.model_validate({"schemas": schemas, "log": content.get("log")})
    except (OSError, ValueError) as error:
        raise SpidConfigurationError(f"GATEWAY_SPID_FILE ({file.name}): {error}") from error


def _schema(name: SchemaName, content: dict[str, Any], public_url: str) -> Schema:
    shared = {key: content.get(key) for key in ("organization", "contact")}
    own = {"entity_id": f"{public_url}/{name}/metadata", "attributes": ATTRIBUTES[name]}
    return Schema.model_validate(own | shared | content[name] | {"name": name, "public_url": public_url})


def _with_paths(value: Any, folder: Path, key: str = "") -> Any:
    """The same tables with every `…_file`, `…_files` and `…_dir` under `folder`."""
    if isinstance(value, dict):
        return {name: _with_paths(inner, folder, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_paths(inner, folder, key) for inner in value]
    if isinstance(value, str) and key.endswith(("_file", "_files", "_dir")):
        return folder / value
    return value
