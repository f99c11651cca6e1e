"""Document shapes of the database `cartella`: how a case and its sections look in MongoDB, and back.

Collections: `cartelle` (with its `passaggi` and `condivisioni` inside), `contatori`, `voci_diario`, `isee`, plus the
chassis's `outbox` and `inbox`. Ids are UUIDs, instants UTC datetimes to the millisecond, days ISO strings, money
Decimal128.
"""

from dataclasses import fields as dataclass_fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from bson.decimal128 import Decimal128
from pydantic import BaseModel
from pymongo.database import Database

from cartella.domain.diario import VoceDiario
from cartella.domain.isee import Isee
from cartella.domain.presa_in_carico import Cartella
from contracts.cartella import Area, Passaggio, StatoCartella, TipoIsee, TipoVoce, VersioneVoce
from contracts.condivisioni import Condivisione

CARTELLE = "cartelle"
CONTATORI = "contatori"
VOCI_DIARIO = "voci_diario"
ISEE = "isee"

Document = dict[str, Any]
Store = Database[Document]


def cartella_document(cartella: Cartella) -> Document:
    """`attiva` (not closed) and `posto` are what the unique index on an open case per person, settore and second level
    looks at besides. A case with entries of a second level, now or once, has `atti_riservati` too: how often that
    changed; `settori_documenti`, whose second level holds documents of it, is written apart."""
    document = _document(cartella)
    unseen = document.pop("accanto_non_visto")
    return {**document, "attiva": not cartella.is_closed, "posto": str(cartella.id) if unseen else ""}


def cartella_of(document: Document) -> Cartella:
    """From a document, with or without its `passaggi` (lists leave them out)."""
    fields = _fields(document)
    fields["accanto_non_visto"] = bool(fields.pop("posto", ""))
    for name in ("attiva", "atti_riservati", "settori_documenti"):
        fields.pop(name, None)
    return Cartella(
        **{
            **fields,
            "area": Area(fields["area"]),
            "stato": StatoCartella(fields["stato"]),
            "team": tuple(fields["team"]),
            "passaggi": tuple(Passaggio.model_validate(item) for item in fields.get("passaggi", ())),
            "condivisioni": tuple(condivisione_of(item) for item in fields.get("condivisioni", ())),
            "settori_voci": tuple(fields.get("settori_voci", ())),
        }
    )


def passaggio_document(passaggio: Passaggio) -> Document:
    return _plain(passaggio)


def condivisione_of(document: Document) -> Condivisione:
    return Condivisione.model_validate(document)


def voce_document(voce: VoceDiario) -> Document:
    return _document(voce)


def voce_of(document: Document) -> VoceDiario:
    fields = _fields(document)
    return VoceDiario(
        **{
            **fields,
            "tipo": TipoVoce(fields["tipo"]),
            "versioni": tuple(VersioneVoce.model_validate(item) for item in fields["versioni"]),
            "comandi": tuple(fields["comandi"]),
        }
    )


def isee_document(isee: Isee) -> Document:
    return _document(isee)


def isee_of(document: Document) -> Isee:
    fields = _fields(document)
    return Isee(
        **{
            **fields,
            "tipo": TipoIsee(fields["tipo"]),
            "data_presentazione": date.fromisoformat(fields["data_presentazione"]),
            "scadenza": date.fromisoformat(fields["scadenza"]),
            "ise": fields["ise"].to_decimal(),
            "scala": fields["scala"].to_decimal(),
            "isee": fields["isee"].to_decimal(),
            "avvisi": tuple(fields["avvisi"]),
        }
    )


def _document(entity: Cartella | VoceDiario | Isee) -> Document:
    document = {field.name: _plain(getattr(entity, field.name)) for field in dataclass_fields(entity)}
    return {"_id": document.pop("id"), **document}


def _fields(document: Document) -> Document:
    fields = dict(document)
    return {"id": fields.pop("_id"), **fields}


def _plain(value: Any) -> Any:
    """What BSON can hold: enums by value, money as Decimal128, days as text, tuples as lists, messages as documents."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return Decimal128(value)
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if type(value) is date:
        return value.isoformat()
    return value
