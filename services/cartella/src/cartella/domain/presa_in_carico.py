"""The case and its life: aperta → in_carico → chiusa → aperta again. Nothing is deleted: each change adds a passaggio.

Two rules hold always: the responsible worker is in the team, and `version` counts the passaggi that changed the
state (a confirmed registry change is noted without one: it must not make an open form stale).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cartella.domain.steps import Step, stale
from contracts.cartella import Area, CartellaOut, Passaggio, StatoCartella
from contracts.condivisioni import Condivisione
from contracts.errors import Conflict, Invalid

VARIAZIONE = "variazione_anagrafica"


@dataclass(frozen=True)
class Cartella:
    """A case file. `progressivo` is the counter inside `numero`; datetimes are aware, UTC.

    `settore_riservato`: the settore whose second level it is in, "" for none. `condivisioni`: every grant ever made.
    `settori_voci`: the settori whose second level holds entries of it, which thereby see its heading.
    `accanto_non_visto`: it came to stand beside another open one of the same person, settore and second level, which
    who brought it there could not see and was not told of.
    """

    id: UUID
    numero: str
    progressivo: int
    residente_id: UUID
    ente: str
    settore: str
    area: Area
    stato: StatoCartella
    responsabile_id: UUID | None
    team: tuple[UUID, ...]
    comune_residenza: str
    sesso: str
    anno_nascita: int | None
    aperta_il: datetime
    in_carico_dal: datetime | None
    chiusa_il: datetime | None
    version: int
    passaggi: tuple[Passaggio, ...]
    settore_riservato: str = ""
    condivisioni: tuple[Condivisione, ...] = ()
    settori_voci: tuple[str, ...] = ()
    accanto_non_visto: bool = False

    @property
    def is_closed(self) -> bool:
        return self.stato is StatoCartella.CHIUSA

    def has_step(self, step_id: UUID | None) -> bool:
        """Whether this command was done already (the same idempotency key twice)."""
        return any(passaggio.id == step_id for passaggio in self.passaggi)

    @property
    def propria_di(self) -> tuple[UUID, ...]:
        """Whose own case it is: the team, the responsible worker, and while there is none who opened it."""
        others = (self.responsabile_id, self.aperta_da)
        return (*self.team, *(one for one in others if one is not None))

    @property
    def aperta_da(self) -> UUID | None:
        """Who opened it, while nobody is responsible for it."""
        return self.passaggi[0].operatore_id if self.passaggi and self.responsabile_id is None else None


def format_numero(ente: str, anno: int, progressivo: int) -> str:
    """`F704-2026-000123`: ente, year of opening, counter of that ente and year."""
    return f"{ente}-{anno}-{progressivo:06d}"


def check_version(cartella: Cartella, version: int) -> None:
    """Conflict when the caller has seen an older version than the one in store."""
    if version != cartella.version:
        raise stale(
            "cartella.versione_superata", to_out(replace(cartella, passaggi=())).model_dump(mode="json")
        )


def take_in_carico(cartella: Cartella, step: Step) -> Cartella:
    """The one who acts becomes responsible. Conflict when closed, or when somebody else is responsible."""
    _require_open(cartella)
    if cartella.stato is StatoCartella.IN_CARICO or cartella.responsabile_id not in (None, step.operatore_id):
        raise Conflict(
            "cartella.gia_assegnata",
            "Il caso ha già un responsabile: chi coordina può assegnarlo a un altro operatore.",
        )
    passaggio = make_passaggio("presa_in_carico", step, cartella, a_operatore_id=step.operatore_id)
    return changed(
        cartella,
        passaggio,
        stato=StatoCartella.IN_CARICO,
        responsabile_id=step.operatore_id,
        team=_with_member(cartella.team, step.operatore_id),
        in_carico_dal=step.quando,
    )


def assign(
    cartella: Cartella,
    step: Step,
    responsabile_id: UUID | None,
    team: tuple[UUID, ...] | None,
    settore: str,
    settore_riservato: str | None = None,
) -> Cartella:
    """Changes responsible worker, team or settore; what is empty stays. Invalid when nothing would change.

    In another settore the case waits for a new taking in charge, unless a responsible worker is named; the one of
    before stays in the team only if named there. A second-level case moves with a decision on its mark.
    """
    _require_open(cartella)
    destination = settore or cartella.settore
    moved = destination != cartella.settore
    mark = _mark_after(cartella, destination, settore_riservato)
    responsabile = responsabile_id or (None if moved else cartella.responsabile_id)
    members = cartella.team if team is None else _distinct(team)
    if moved and team is None:
        members = tuple(member for member in members if member != cartella.responsabile_id)
    members = _with_member(members, responsabile)
    if (responsabile, set(members), destination) == (
        cartella.responsabile_id,
        set(cartella.team),
        cartella.settore,
    ):
        raise Invalid(
            "cartella.assegnazione_vuota", "L'assegnazione non cambia nulla rispetto a quella attuale."
        )
    passaggio = make_passaggio(
        "passaggio_settore" if moved else "assegnazione",
        step,
        cartella,
        a_operatore_id=responsabile,
        a_settore=destination if moved else "",
    )
    waits = moved and responsabile is None
    return changed(
        cartella,
        passaggio,
        responsabile_id=responsabile,
        team=members,
        settore=destination,
        settore_riservato=mark,
        stato=StatoCartella.APERTA if waits else cartella.stato,
        in_carico_dal=None if waits else cartella.in_carico_dal,
    )


def close(cartella: Cartella, step: Step) -> Cartella:
    """Closes with a reason. The responsible worker stays written on it."""
    _require_open(cartella)
    passaggio = make_passaggio("chiusura", step, cartella)
    return changed(cartella, passaggio, stato=StatoCartella.CHIUSA, chiusa_il=step.quando)


def reopen(cartella: Cartella, step: Step) -> Cartella:
    """Opens again, waiting for somebody to take charge: who followed it then may not be here any more."""
    if not cartella.is_closed:
        raise Conflict("cartella.non_chiusa", "Il caso non è chiuso: non c'è nulla da riaprire.")
    passaggio = make_passaggio("riapertura", step, cartella)
    return changed(
        cartella,
        passaggio,
        stato=StatoCartella.APERTA,
        responsabile_id=None,
        in_carico_dal=None,
        chiusa_il=None,
    )


def note_variazione(cartella: Cartella, step: Step) -> Cartella:
    """A registry change that a worker confirmed or disputed. The state stays: death does not close a case."""
    if cartella.has_step(step.id):
        return cartella
    passaggio = Passaggio(
        id=step.id, tipo=VARIAZIONE, quando=step.quando, operatore_id=step.operatore_id, motivo=step.motivo
    )
    return replace(cartella, passaggi=(*cartella.passaggi, passaggio))


def to_out(cartella: Cartella) -> CartellaOut:
    """The case as it crosses the border of the service."""
    return CartellaOut(
        id=cartella.id,
        numero=cartella.numero,
        residente_id=cartella.residente_id,
        ente=cartella.ente,
        settore=cartella.settore,
        area=cartella.area,
        stato=cartella.stato,
        responsabile_id=cartella.responsabile_id,
        team=cartella.team,
        comune_residenza=cartella.comune_residenza,
        aperta_il=cartella.aperta_il,
        in_carico_dal=cartella.in_carico_dal,
        chiusa_il=cartella.chiusa_il,
        version=cartella.version,
        passaggi=cartella.passaggi,
        settore_riservato=cartella.settore_riservato,
    )


def _mark_after(cartella: Cartella, destination: str, decided: str | None) -> str:
    """The second level of a case that moves: out of it, or the new settore's; never left as it is by oversight."""
    mark = cartella.settore_riservato
    if not mark or destination == cartella.settore:
        if decided and decided != mark:
            raise Invalid(
                "cartella.riservatezza",
                "Il secondo livello si sceglie da “Secondo livello”.",
                fields={
                    "settore_riservato": "Qui si decide solo quando un caso di secondo livello cambia settore."
                },
            )
        return mark
    if decided not in ("", destination):
        raise Invalid(
            "cartella.riservatezza_da_decidere",
            "Il caso è di secondo livello: decidi che cosa ne è nel nuovo settore.",
            fields={
                "settore_riservato": "Scegli: toglierlo dal secondo livello, o metterlo in quello del nuovo settore."
            },
        )
    return decided


def _require_open(cartella: Cartella) -> None:
    if cartella.is_closed:
        raise Conflict("cartella.chiusa", "Il caso è chiuso: riaprilo per modificarlo.")


def make_passaggio(
    tipo: str, step: Step, cartella: Cartella, a_operatore_id: UUID | None = None, a_settore: str = ""
) -> Passaggio:
    """What happened, as one line of the case's history."""
    return Passaggio(
        id=step.id,
        tipo=tipo,
        quando=step.quando,
        operatore_id=step.operatore_id,
        da_operatore_id=cartella.responsabile_id,
        a_operatore_id=a_operatore_id,
        da_settore=cartella.settore if a_settore else "",
        a_settore=a_settore,
        motivo=step.motivo,
    )


def changed(cartella: Cartella, passaggio: Passaggio, **changes: object) -> Cartella:
    """The case after a step that changed its state."""
    return replace(
        cartella,
        version=cartella.version + 1,
        passaggi=(*cartella.passaggi, passaggio),
        **changes,  # type: ignore[arg-type]  # field names and types are those of the callers above
    )


def _distinct(team: tuple[UUID, ...]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(team))


def _with_member(team: tuple[UUID, ...], member: UUID | None) -> tuple[UUID, ...]:
    return team if member is None or member in team else (*team, member)
