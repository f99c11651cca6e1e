"""Persons as a mandate may see them: what is out of reach is no row, what is protected no value.

Every read of the registry goes through these two selects, so that none can forget. Three vincoli (contracts.anagrafe)
hide, unless `riservatezza:leggi` reaches the person: where he and those who live with him live; everything known of an
adopted person before the adoption, or under another identity, and that he is adopted at all (L. 4 maggio 1983 n. 184,
art. 28); the record of before an adoption, wholly.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, literal, null, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from anagrafe.models import Residente, ResidenteStorico, VincoloInVigore
from chassis.reach import sql_filter
from contracts.anagrafe import TipoVincolo
from contracts.mandato import Mandato

LEGGI_VINCOLI = "riservatezza:leggi"
PROTETTO = "indirizzo protetto"
FIGLIO, ADOTTATO = "3", "80"
"""ANPR kinship codes: of an adopted child the registry may say the second."""


V: Any = VincoloInVigore.__table__
NOW: Any = Residente.__table__
THEN: Any = ResidenteStorico.__table__


def _under(tipo: TipoVincolo) -> Any:
    return select(V.c.residente_id).where(V.c.tipo == tipo.value)


def _kept_back_addresses() -> Any:
    """Those under the vincolo and all who live with them: one address serves a whole household."""
    protected = _under(TipoVincolo.INDIRIZZO_PROTETTO)
    one, other = NOW.alias(), NOW.alias()
    households = select(one.c.nucleo_id).where(one.c.id.in_(protected), one.c.stato == "R")
    together = select(other.c.id).where(other.c.nucleo_id.in_(households))
    found = protected.union(together).cte(
        "indirizzi_protetti"
    )  # asked for five columns, planned and found once
    return select(found.c.residente_id)


def _identity(of: Any) -> Any:
    return tuple_(of.codice_fiscale, of.cognome, of.nome)


def _before_adoption() -> Any:
    """A closed version of before the adoption, or of somebody called otherwise than now."""
    now = NOW.alias()
    return exists().where(
        V.c.residente_id == THEN.c.residente_id,
        V.c.tipo == TipoVincolo.ADOZIONE.value,
        now.c.id == V.c.residente_id,
        or_(THEN.c.valid_from < V.c.dal, _identity(THEN.c).is_distinct_from(_identity(now.c))),
    )


def _nucleo_now() -> Any:
    now = NOW.alias()
    return select(now.c.nucleo_id).where(now.c.id == THEN.c.residente_id).correlate(THEN).scalar_subquery()


# Built once: they say nothing of who asks.
ADDRESSES, ADOPTED, ORIGINAL = (
    _kept_back_addresses(), _under(TipoVincolo.ADOZIONE), _under(TipoVincolo.IDENTITA_ORIGINARIA)
)  # fmt: skip
BEFORE_ADOPTION, NUCLEO_NOW = _before_adoption(), _nucleo_now()


@dataclass(frozen=True)
class Vista:
    """The registry through one mandate: `now` the current versions within reach, `then` the closed ones; of an adopted
    person only those of his present self."""

    now: type[Residente]
    then: type[ResidenteStorico]


def vista(mandato: Mandato, scope: str, *, everybody: bool) -> Vista:
    """`everybody`: household and protections notwithstanding. Built once for each shape of mandate (10 ms)."""
    # whatever the filters of these two scopes depend on, and nothing of the single request
    told = {one: mandato.extent(one) for one in (scope, LEGGI_VINCOLI)}
    shape = mandato.model_copy(
        update={"token": "", "motivo": "", "incarico_id": UUID(int=0), "operatore_id": UUID(int=0), "ruolo": "",
                "in_delega_di": None, "estensioni": told}
    )  # fmt: skip
    return _vista(shape.model_dump_json(), scope, everybody)


@lru_cache(maxsize=1024)
def _vista(shape: str, scope: str, everybody: bool) -> Vista:
    mandato = Mandato.model_validate_json(shape)
    now = _select(NOW, NOW.c.id, mandato, scope, everybody)
    known = _known(THEN, THEN.c.residente_id, mandato, everybody)
    then = _select(THEN, THEN.c.residente_id, mandato, scope, everybody).where(or_(known, ~BEFORE_ADOPTION))
    return Vista(
        aliased(Residente, now.subquery(), adapt_on_names=True),
        aliased(ResidenteStorico, then.subquery(), adapt_on_names=True),
    )


def _known(table: Any, whose: Any, mandato: Mandato, everybody: bool) -> Any:
    """The caller may know what protects this person."""
    return true() if everybody else sql_filter(mandato, LEGGI_VINCOLI, ente=table.c.ente, residente=whose)


def _select(table: Any, whose: Any, mandato: Mandato, scope: str, everybody: bool) -> Select[Any]:
    known = _known(table, whose, mandato, everybody)
    reached = sql_filter(mandato, scope, ente=table.c.ente, residente=None if everybody else whose)
    hidden = _hidden(table, whose, known)
    columns = [
        case(hidden[column.name], else_=column).label(column.name) if column.name in hidden else column
        for column in table.columns
    ]
    return select(*columns).where(reached, or_(known, whose.not_in(ORIGINAL)))


def _hidden(table: Any, whose: Any, known: Any) -> dict[str, Any]:
    """Column → (when it is hidden, what is shown instead)."""
    address, adopted = and_(~known, whose.in_(ADDRESSES)), and_(~known, whose.in_(ADOPTED))
    hidden: dict[str, Any] = {
        "indirizzo": (address, literal(PROTETTO)),
        "codice_via": (address, literal("")),
        "civico": (address, literal("")),
        "lat": (address, null()),
        "lon": (address, null()),
        "relazione": (and_(table.c.relazione == ADOTTATO, adopted), literal(FIGLIO)),
    }
    if table is THEN:  # with whom he lived before is with whom he lives now
        hidden["nucleo_id"] = (adopted, NUCLEO_NOW)
    return hidden
