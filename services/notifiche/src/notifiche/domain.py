"""What an alert says, whom it is for, how it moves. Pure: no clock, no store."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from contracts.anagrafe import FattoResidente, NucleoVariatoV1
from contracts.cartella import StatoCartella
from contracts.errors import Conflict, Invalid
from contracts.events import Envelope
from contracts.notifiche import StatoAvviso

COORDINATORE = "coordinatore"
RPD = "rpd"


class TipoFatto(StrEnum):
    """What the registry told us."""

    REGISTRATO = "registrato"
    VARIATO = "variato"
    TRASFERITO = "trasferito"
    DECEDUTO = "deceduto"
    DECESSO_ANNULLATO = "decesso_annullato"
    NUCLEO = "nucleo"


@dataclass(frozen=True)
class FattoAnagrafe:
    """A registry fact. `residenti`: everybody it concerns; `time`: when the registry learned it."""

    event_id: UUID
    tipo: TipoFatto
    residenti: tuple[UUID, ...]
    data_evento: date
    time: datetime
    residente_id: UUID | None = None
    motivo: str = ""
    campi_variati: tuple[str, ...] = ()
    entrati: tuple[UUID, ...] = ()
    usciti: tuple[UUID, ...] = ()
    riservati: tuple[UUID, ...] = ()
    """Under protection: told in their own cases alone."""

    @classmethod
    def of(cls, tipo: TipoFatto, event: FattoResidente, envelope: Envelope) -> "FattoAnagrafe":
        """A fact of one person, as the registry told it."""
        return cls(
            event_id=envelope.id,
            tipo=tipo,
            residenti=tuple(dict.fromkeys((event.residente_id, *event.componenti))),
            data_evento=event.data_evento,
            time=envelope.time,
            residente_id=event.residente_id,
            motivo=getattr(event, "motivo", ""),
            campi_variati=getattr(event, "campi_variati", ()),
            riservati=(event.residente_id,) if event.riservato else (),
        )

    @classmethod
    def of_nucleo(cls, event: NucleoVariatoV1, envelope: Envelope) -> "FattoAnagrafe":
        """A household that gained or lost members."""
        return cls(
            event_id=envelope.id,
            tipo=TipoFatto.NUCLEO,
            residenti=tuple(dict.fromkeys((*event.componenti, *event.entrati, *event.usciti))),
            data_evento=event.data_evento,
            time=envelope.time,
            entrati=event.entrati,
            usciti=event.usciti,
            riservati=event.riservati,
        )

    def tells(self, cartella: "CartellaNota") -> bool:
        """Whether a case may hear of it. Of a person under protection the others hear that he died, no more: where he
        went, with whom, what he is called now could lead to him."""
        hidden = self.residente_id in self.riservati and self.residente_id != cartella.residente_id
        return not hidden or self.tipo in (TipoFatto.DECEDUTO, TipoFatto.DECESSO_ANNULLATO)

    def subject(self, cartella: "CartellaNota") -> UUID:
        """Whom an alert in this case is about, as far as may be said there."""
        told = self.residente_id is not None and self.residente_id not in self.riservati
        return self.residente_id if told and self.residente_id else cartella.residente_id


@dataclass(frozen=True)
class CartellaNota:
    """A case as cartella last told it."""

    cartella_id: UUID
    numero: str
    residente_id: UUID
    ente: str
    settore: str
    stato: StatoCartella
    responsabile_id: UUID | None
    team: tuple[UUID, ...]
    settore_riservato: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Ente and settore whose inbox has its alerts: of the second level, where it has one."""
        return self.ente, self.settore_riservato or self.settore

    @property
    def aperta(self) -> bool:
        return self.stato is not StatoCartella.CHIUSA


@dataclass(frozen=True)
class Incarico:
    """An operator's assignment; `al` included."""

    operatore_id: UUID
    ente: str
    settore: str
    ruolo: str
    dal: date
    al: date | None
    email: str = ""

    def active(self, today: date) -> bool:
        return self.dal <= today and (self.al is None or today <= self.al)


@dataclass(frozen=True)
class Testo:
    """What a person reads in an alert: no names, no social content."""

    tipo: str
    titolo: str
    descrizione: str
    gravita: str = "normale"


def avviso_id(event_id: UUID, cartella_id: UUID | None, addressee: UUID | None = None) -> UUID:
    """The one id this fact can have for this case (and addressee, where each gets his own)."""
    return uuid5(event_id, f"{cartella_id or ''}/{addressee or ''}")


# --- whom it is for ----------------------------------------------------------------------------------------------


def choose_destinatario(
    cartella: CartellaNota, incarichi: Sequence[Incarico], today: date, esclusi: Collection[UUID] = ()
) -> UUID | None:
    """Responsible worker, else the team in its order, else a coordinatore of the settore, else None: the settore's
    inbox. Who is known to have no active incarico in the ente is passed over; who is not known yet is not, except
    where the case is of the second level: then only its settore's own people.

    `esclusi`: who may not meet this person (his household). If the responsible worker is one, a coordinatore decides.
    """
    if cartella.responsabile_id not in esclusi:
        for operatore_id in (cartella.responsabile_id, *cartella.team):
            if operatore_id is None or operatore_id in esclusi:
                continue
            if _works_here(operatore_id, cartella, incarichi, today):
                return operatore_id
    found = coordinatori(cartella, incarichi, today)
    return next((one for one in found if one not in esclusi), None)


def coordinatori(cartella: CartellaNota, incarichi: Iterable[Incarico], today: date) -> list[UUID]:
    """Active coordinatori of the case's settore, longest in office first."""
    there = [one for one in incarichi if (one.ente, one.settore) == cartella.place]
    return in_office(there, COORDINATORE, today)


def in_office(incarichi: Iterable[Incarico], ruolo: str, today: date) -> list[UUID]:
    """Operators who hold a role now, longest in office first."""
    found = [one for one in incarichi if one.ruolo == ruolo and one.active(today)]
    ordered = sorted(found, key=lambda incarico: (incarico.dal, str(incarico.operatore_id)))
    return list(dict.fromkeys(incarico.operatore_id for incarico in ordered))


def _works_here(
    operatore_id: UUID, cartella: CartellaNota, incarichi: Iterable[Incarico], today: date
) -> bool:
    own = [incarico for incarico in incarichi if incarico.operatore_id == operatore_id]
    active = [incarico for incarico in own if incarico.active(today)]
    if cartella.settore_riservato:
        return any((one.ente, one.settore) == cartella.place for one in active)
    return not own or any(one.ente == cartella.ente for one in active)


# --- what it says ------------------------------------------------------------------------------------------------

CAMPI = {
    "codice_fiscale": "codice fiscale",
    "data_nascita": "data di nascita",
    "luogo_nascita": "luogo di nascita",
    "stato_civile": "stato civile",
    "nucleo": "nucleo familiare",
    "relazione": "relazione con l'intestatario",
    "data_iscrizione": "data di iscrizione",
    "codice_via": "via",
    "stato_anagrafico": "stato anagrafico",
    "data_decesso": "data di decesso",
}
TRASFERIMENTI = {
    "cambio_indirizzo": ("Cambio di indirizzo", "ha cambiato indirizzo", "normale"),
    "emigrazione": ("Trasferimento in altro comune", "si è trasferita fuori dal comune", "alta"),
    "irreperibilita": ("Cancellazione dall'anagrafe", "non risulta più in anagrafe (irreperibilità)", "alta"),
}


def describe(fatto: FattoAnagrafe, cartella: CartellaNota) -> Testo:
    """The words for a fact of one person, as seen from one case."""
    who = (
        "La persona seguita"
        if fatto.residente_id == cartella.residente_id
        else "Una persona del nucleo familiare"
    )
    when = f"in data {fatto.data_evento:%d/%m/%Y}"
    match fatto.tipo:
        case TipoFatto.DECEDUTO:
            return Testo("decesso", "Decesso", f"{who} risulta deceduta {when}.", "alta")
        case TipoFatto.DECESSO_ANNULLATO:
            words = f"Il decesso registrato per errore è stato annullato: {who.lower()} risulta in vita."
            return Testo("variazione", "Decesso annullato", words, "alta")
        case TipoFatto.TRASFERITO:
            titolo, verb, gravita = TRASFERIMENTI.get(
                fatto.motivo, ("Trasferimento", "si è trasferita", "alta")
            )
            return Testo("trasferimento", titolo, f"{who} {verb} {when}.", gravita)
        case TipoFatto.REGISTRATO if fatto.motivo == "nascita":
            return Testo("nascita", "Nascita", f"È nata una persona nel nucleo familiare {when}.")
        case TipoFatto.REGISTRATO:
            return Testo("trasferimento", "Nuova iscrizione in anagrafe", f"{who} è stata iscritta {when}.")
    campi = ", ".join(
        dict.fromkeys(CAMPI.get(campo, campo.replace("_", " ")) for campo in fatto.campi_variati)
    )
    return Testo(
        "variazione", "Variazione anagrafica", f"{who} ha dati variati {when}: {campi or 'non precisati'}."
    )


def describe_nucleo(fatto: FattoAnagrafe, untold: Sequence[UUID]) -> Testo:
    """The words for a household that changed, about the members nobody has told of yet."""
    parts = [
        f"{_persone(members)} {verb}"
        for members, verb in (
            ([one for one in fatto.entrati if one in untold], "in ingresso"),
            ([one for one in fatto.usciti if one in untold], "in uscita"),
        )
        if members
    ]
    words = f"Il nucleo familiare è cambiato in data {fatto.data_evento:%d/%m/%Y}: {' e '.join(parts)}."
    return Testo("nucleo", "Nucleo familiare variato", words)


def _persone(members: Sequence[UUID]) -> str:
    return "una persona" if len(members) == 1 else f"{len(members)} persone"


def untold_members(nucleo: FattoAnagrafe, told: Iterable[FattoAnagrafe]) -> list[UUID]:
    """Members who came or went and of whom no person fact already tells (see README, "Birth and household").

    A birth, a registration or a move explains who came in; a death or a move who went out; a change that names the
    household explains both. Anything else does not, and is told again rather than lost. Who is under protection is
    never told of: with whom he lives, or no longer lives, could lead to him.
    """
    facts = list(told)
    hidden = set(nucleo.riservati)
    came = {fatto.residente_id for fatto in facts if fatto.tipo is TipoFatto.REGISTRATO or _moved(fatto)}
    went = {fatto.residente_id for fatto in facts if fatto.tipo is TipoFatto.DECEDUTO or _moved(fatto)}
    return [one for one in nucleo.entrati if one not in came | hidden] + [
        one for one in nucleo.usciti if one not in went | hidden
    ]


def _moved(fatto: FattoAnagrafe) -> bool:
    names_household = any("nucleo" in campo for campo in fatto.campi_variati)
    return fatto.tipo is TipoFatto.TRASFERITO or (fatto.tipo is TipoFatto.VARIATO and names_household)


# --- how it moves ------------------------------------------------------------------------------------------------

OPEN = (StatoAvviso.NUOVO, StatoAvviso.LETTO)


def decide(stato: StatoAvviso, *, conferma_richiesta: bool, contesta: bool, motivo: str) -> StatoAvviso:
    """State after a person confirmed or disputed."""
    if not conferma_richiesta:
        raise Invalid("avviso.senza_conferma", "Questo avviso non chiede conferma.")
    if stato not in OPEN:
        raise Conflict("avviso.gia_deciso", "L'avviso è già stato confermato o contestato.")
    if contesta and not motivo.strip():
        raise Invalid(
            "avviso.motivo_mancante",
            "Per contestare serve un motivo.",
            fields={"motivo": "Scrivi perché la variazione non ti risulta."},
        )
    return StatoAvviso.CONTESTATO if contesta else StatoAvviso.CONFERMATO
