"""Open cases of one person beside each other in a settore: one that is seen refuses, by its number; one of the second
level that is not seen never shows. Its settore hears of an opening or a move from the event, nobody else at all."""

from dataclasses import replace
from uuid import UUID

from cartella.domain.presa_in_carico import Cartella
from cartella.repository.presa_in_carico import CartellaRepository
from contracts.errors import Conflict
from contracts.mandato import Mandato


def place(
    cases: CartellaRepository, after: Cartella, mandato: Mandato, before: Cartella | None = None
) -> tuple[Cartella, tuple[UUID, ...]]:
    """The case with its place among the open ones, and those of the second level that its person has in the ente; of
    a case that is hidden itself only those of the same second level, as it does not exist for the others.

    One at a time for a person and ente: of two at one moment the second sees the first. Conflict when the caller sees
    another one there, or when both are ordinary. The same is asked of the store whatever there is: how long it takes
    tells nothing either.
    """
    cases.take_turn(after.residente_id, after.ente)
    known = cases.open_ones(after.residente_id, after.ente)
    shown = cases.shown(after.residente_id, after.ente, mandato)
    beside = [one for one in known if one.id != after.id]
    there = [one for one in beside if _in_the_way(one, after, before)]
    for other in there:
        if other.id in shown:
            raise _already_open(other)
    if any(not _hidden(other, after, before) for other in there):
        raise not_openable()
    twin = any(other.settore_riservato == after.settore_riservato for other in there)
    hidden = tuple(other.id for other in beside if _tells(after, other))
    return replace(after, accanto_non_visto=twin), hidden


def enters(before: Cartella, after: Cartella) -> bool:
    """Whether the change puts an open case where another open one of the person may be."""
    places = [(one.settore, one.settore_riservato, one.is_closed) for one in (before, after)]
    return not after.is_closed and places[0] != places[1]


def not_openable() -> Conflict:
    """One answer for an ordinary case that is there and out of sight, for the caller's own household, and for nothing
    more."""
    return Conflict(
        "cartella.non_apribile", "Per questa persona non si può aprire un caso: chiedi a chi coordina."
    )


def _tells(after: Cartella, other: Cartella) -> bool:
    """Whether those of the other one's second level are to hear of this one."""
    mark = other.settore_riservato
    return bool(mark) and after.settore_riservato in ("", mark)


def _in_the_way(other: Cartella, after: Cartella, before: Cartella | None) -> bool:
    """In the same settore; where the mark alone changes, only what has the same: so two that are seen can be told
    apart again."""
    if other.settore != after.settore:
        return False
    marked_only = before is not None and not before.is_closed and before.settore == after.settore
    return not marked_only or other.settore_riservato == after.settore_riservato


def _hidden(other: Cartella, after: Cartella, before: Cartella | None) -> bool:
    """Whether a second level has to do with it: then who does not see the other one is not told of it."""
    return any(one.settore_riservato for one in (other, after, before) if one is not None)


def _already_open(other: Cartella) -> Conflict:
    return Conflict(
        "cartella.gia_aperta",
        f"La persona ha già il caso {other.numero} aperto in questo settore.",
        details={"cartella_id": str(other.id), "numero": other.numero},
    )
