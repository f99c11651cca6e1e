"""Reads of the registry. The mandate is part of every WHERE: what it does not reach does not exist.

A person who left an ente is still known to it as he was when he left (his last version there), and not as he is now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from anagrafe.models import Caricamento, Ente, Luogo, Residente, ResidenteStorico, RigaRifiutata
from anagrafe.repository.riserbo import vista
from chassis.reach import sql_filter
from contracts.mandato import Mandato

LEGGI = "anagrafe:leggi"
CARICAMENTI = "caricamenti:leggi"
SIUSS = "siuss:esporta"
INDIRIZZO = ("codice_via", "indirizzo", "civico", "lat", "lon")
CANDIDATI = 2000
"""A search ranks at most this many people: more words narrow it."""

Versione = Residente | ResidenteStorico


class ResidenteRepository:
    """Persons, as one mandate may see them. `everybody`: the household of who asks and protections notwithstanding."""

    def __init__(
        self, session: Session, mandato: Mandato, scope: str = LEGGI, *, everybody: bool = False
    ) -> None:
        self.session = session
        seen = vista(mandato, scope, everybody=everybody)
        self.now, self.then = seen.now, seen.then

    def get_many(self, ids: Sequence[UUID]) -> dict[UUID, Versione]:
        """Current version, or the last one known to a visible ente; the invisible are left out."""
        query = select(self.now).where(self.now.id.in_(ids))
        found: dict[UUID, Versione] = {r.id: r for r in self.session.scalars(query)}
        missing = [i for i in ids if i not in found]
        if missing:
            last = (
                select(self.then)
                .where(self.then.residente_id.in_(missing))
                .ext(distinct_on(self.then.residente_id))
                .order_by(self.then.residente_id, self.then.version.desc())
            )
            found |= {r.residente_id: r for r in self.session.scalars(last)}
        return found

    def versions(self, residente_id: UUID) -> list[Versione]:
        """All visible versions of a person, oldest first."""
        closed = select(self.then).where(self.then.residente_id == residente_id)
        current = select(self.now).where(self.now.id == residente_id)
        versions: list[Versione] = [*self.session.scalars(closed), *self.session.scalars(current)]
        return sorted(versions, key=lambda v: v.version)

    def members(self, nuclei: Sequence[UUID]) -> dict[UUID, list[Residente]]:
        """Living members of households, intestatario first, then by age."""
        query = (
            select(self.now)
            .where(self.now.nucleo_id.in_(nuclei), self.now.stato == "R")
            .order_by(self.now.relazione != "1", self.now.data_nascita, self.now.id)
        )
        found: dict[UUID, list[Residente]] = {}
        for residente in self.session.scalars(query):
            found.setdefault(residente.nucleo_id, []).append(residente)
        return found

    def by_codice_fiscale(self, forms: Sequence[str], limit: int) -> list[Residente]:
        """People registered under one of these codes (a code and its omocodes)."""
        query = select(self.now).where(self.now.codice_fiscale.in_(forms))
        return list(self.session.scalars(query.order_by(self.now.cognome, self.now.id).limit(limit)))

    def by_codice_prefix(self, prefix: str, limit: int) -> list[Residente]:
        """People whose codice fiscale begins so, in order of code."""
        code = self.now.codice_fiscale
        query = select(self.now).where(code >= prefix, code < prefix + "\uffff")
        return list(self.session.scalars(query.order_by(code).limit(limit)))

    def by_surname(self, prefix: str, limit: int) -> list[Residente]:
        """People whose search text begins so (surname, then name), in alphabetical order: an index range."""
        text = self.now.ricerca
        query = select(self.now).where(text >= f" {prefix}", text < f" {prefix}\uffff")
        return list(self.session.scalars(query.order_by(text, self.now.id).limit(limit)))

    def by_words(self, words: Sequence[str], born: date | None, limit: int) -> tuple[list[Residente], int]:
        """People with every word somewhere in surname or name, the best first; also how many, up to CANDIDATI."""
        candidates = self._candidates(words, born).limit(CANDIDATI).subquery()
        rank = _rank(words, candidates.c.ricerca)
        ordered = (
            select(candidates.c.id, func.count().over())
            .order_by(candidates.c.stato != "R", rank, candidates.c.ricerca, candidates.c.data_nascita)
            .limit(limit)
        )
        rows = self.session.execute(ordered).all()
        found = {r.id: r for r in self._by_ids([row[0] for row in rows])}
        return [found[row[0]] for row in rows], rows[0][1] if rows else 0

    def _candidates(self, words: Sequence[str], born: date | None) -> Select[UUID, str, str, date]:
        query = select(self.now.id, self.now.ricerca, self.now.stato, self.now.data_nascita)
        for word in words:
            # a word of one or two letters is only looked for at the beginning: that the trigram index can do
            pattern = f"%{word}%" if len(word) > 2 else f"% {word}%"
            query = query.where(self.now.ricerca.like(pattern))
        return query.where(self.now.data_nascita == born) if born else query

    def _by_ids(self, ids: Sequence[UUID]) -> Sequence[Residente]:
        return self.session.scalars(select(self.now).where(self.now.id.in_(ids))).all()


def _rank(words: Sequence[str], text: ColumnElement[str]) -> ColumnElement[int]:
    """0: the whole query begins the surname; 1: a word is the surname; 2: every word begins one; 3: inside."""
    if not words:
        return case((text.is_(None), 1), else_=0)
    whole = or_(text.like(f" {' '.join(words)}%"), text.like(f" {''.join(words)}%"))
    surname = or_(*(text.like(f" {word} %") for word in words))
    every = and_(*(text.like(f"% {word}%") for word in words))
    return case((whole, 0), (and_(every, surname), 1), (every, 2), else_=3)


@dataclass(frozen=True)
class Persona:
    """A version of a person with what is needed to show it: household, names of the birthplace, of the enti."""

    versione: Versione
    nucleo: Sequence[Residente]
    luoghi: Sequence[Luogo]
    enti: Mapping[str, str]


def read_persone(session: Session, mandato: Mandato, ids: Sequence[UUID]) -> list[Persona]:
    """The visible ones of these people, in the order asked; a household only for who still lives here."""
    return _with_labels(session, ResidenteRepository(session, mandato), ids)


def read_beneficiari(session: Session, mandato: Mandato, ids: Sequence[UUID]) -> list[Persona]:
    """Those of these people who are of the caller's enti, his own household included; without their households."""
    people = ResidenteRepository(session, mandato, SIUSS, everybody=True)
    return _with_labels(session, people, ids, alone=True)


def _with_labels(
    session: Session, people: ResidenteRepository, ids: Sequence[UUID], *, alone: bool = False
) -> list[Persona]:
    found = people.get_many(ids)
    current = [v.nucleo_id for v in found.values() if isinstance(v, Residente)]
    households = people.members(current) if current and not alone else {}
    places = place_names(session, {v.luogo_nascita for v in found.values()})
    enti = ente_names(session)
    return [
        Persona(v, households.get(v.nucleo_id, []), places.get(v.luogo_nascita, []), enti)
        for v in (found[i] for i in ids if i in found)
    ]


def conviventi_of(session: Session, codici: Sequence[str], alone: bool) -> Sequence[UUID]:
    """The persons with one of these codes and, unless `alone`, their households: the living and the dead of them.

    Whoever moved away left his household; a dead spouse's file is still a relative's.
    """
    persons = select(Residente.id).where(Residente.codice_fiscale.in_(codici))
    if alone:
        return session.scalars(persons.order_by(Residente.id)).all()
    here = Residente.stato != "E"
    nuclei = select(Residente.nucleo_id).where(Residente.codice_fiscale.in_(codici), here)
    query = select(Residente.id).where(
        or_(Residente.id.in_(persons), and_(Residente.nucleo_id.in_(nuclei), here))
    )
    return session.scalars(query.order_by(Residente.id)).all()


def place_names(session: Session, codes: set[str]) -> dict[str, list[Luogo]]:
    """Names of comuni and nations by code, newest first."""
    query = select(Luogo).where(Luogo.codice.in_(codes)).order_by(Luogo.codice, Luogo.valid_from.desc())
    found: dict[str, list[Luogo]] = {}
    for luogo in session.scalars(query):
        found.setdefault(luogo.codice, []).append(luogo)
    return found


def ente_names(session: Session) -> dict[str, str]:
    """Belfiore code → name of the enti that have files."""
    return {ente.codice: ente.nome for ente in session.scalars(select(Ente))}


def list_enti(session: Session) -> Sequence[Ente]:
    return session.scalars(select(Ente).where(Ente.primo_caricamento.is_not(None)).order_by(Ente.nome)).all()


class CaricamentoRepository:
    """Loads of registry files, within the reach of one mandate."""

    def __init__(self, session: Session, mandato: Mandato, scope: str = CARICAMENTI) -> None:
        self.session = session
        self.visible: ColumnElement[bool] = sql_filter(mandato, scope, ente=Caricamento.ente)

    def page(self, limit: int, skip: int) -> tuple[Sequence[Caricamento], int]:
        """Newest first, and how many in all."""
        total = self.session.scalar(select(func.count()).select_from(Caricamento).where(self.visible)) or 0
        query = select(Caricamento).where(self.visible)
        newest = query.order_by(Caricamento.iniziato_il.desc(), Caricamento.id.desc())
        return self.session.scalars(newest.limit(limit).offset(skip)).all(), total

    def get(self, caricamento_id: UUID, for_update: bool = False) -> Caricamento | None:
        query = select(Caricamento).where(Caricamento.id == caricamento_id, self.visible)
        return self.session.scalars(query.with_for_update() if for_update else query).one_or_none()

    def refused_rows(self, caricamento_id: UUID, limit: int) -> Sequence[Any]:
        """In order of line. Parts of an address are not shown: whose line it is, hence whether his address is
        protected, nobody knows; the number of the line leads to it in the file."""
        R = RigaRifiutata
        valore = case((R.colonna.in_(INDIRIZZO), literal("")), else_=R.valore).label("valore")
        query = select(R.riga, R.colonna, valore, R.motivo, R.avviso).where(
            R.caricamento_id == caricamento_id
        )
        return self.session.execute(query.order_by(R.riga, R.colonna).limit(limit)).all()


def any_confirmed(session: Session) -> bool:
    """Whether a file was let through and is not loaded yet."""
    query = select(Caricamento.id).where(
        Caricamento.stato == "in_attesa",
        Caricamento.confermato_da.is_not(None),
        Caricamento.contenuto.is_not(None),
    )
    return session.scalar(query.limit(1)) is not None
