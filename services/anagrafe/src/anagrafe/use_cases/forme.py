"""Rows → the shapes of `contracts.anagrafe`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from anagrafe.domain.tabelle import CITTADINANZE, CODICI_ISTAT, RELAZIONI, STATI_CIVILI
from anagrafe.models import Caricamento, Luogo, Residente
from anagrafe.repository.letture import Persona, Versione
from anagrafe.repository.riserbo import PROTETTO
from contracts.anagrafe import (
    CaricamentoOut,
    Componente,
    Indirizzo,
    ResidenteBreve,
    ResidenteOut,
    StatoAnagrafico,
    StatoCaricamento,
    VariazioneResidente,
)

STATI = {"R": StatoAnagrafico.RESIDENTE, "D": StatoAnagrafico.DECEDUTO, "E": StatoAnagrafico.EMIGRATO}
CAMPI = (
    "codice_fiscale", "cognome", "nome", "sesso", "data_nascita", "luogo_nascita", "cittadinanza",
    "stato_civile", "nucleo_id", "relazione", "indirizzo", "civico", "ente", "stato", "motivo", "data_decesso",
)  # fmt: skip
_ETICHETTE: dict[str, Mapping[str, str]] = {
    "stato_civile": STATI_CIVILI,
    "relazione": RELAZIONI,
    "cittadinanza": CITTADINANZE,
    "stato": {"R": "residente", "D": "deceduto", "E": "emigrato"},
}


def breve(p: Versione, enti: Mapping[str, str]) -> ResidenteBreve:
    """One row of a list."""
    return ResidenteBreve(**_breve(p, enti))


def _breve(p: Versione, enti: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": p.id if isinstance(p, Residente) else p.residente_id,
        "codice_fiscale": p.codice_fiscale,
        "cognome": p.cognome,
        "nome": p.nome,
        "sesso": p.sesso,
        "data_nascita": p.data_nascita,
        "ente": p.ente,
        "comune_nome": enti.get(p.ente, ""),
        "via": p.indirizzo,
        "civico": p.civico,
        "nucleo_id": p.nucleo_id,
        # a closed version shown as the last: the person has left the ente
        "stato": STATI[p.stato] if isinstance(p, Residente) else StatoAnagrafico.EMIGRATO,
        "data_decesso": p.data_decesso,
        "indirizzo_protetto": p.indirizzo == PROTETTO,
    }


def full(persona: Persona) -> ResidenteOut:
    """A person with household, address and labels."""
    p, enti = persona.versione, persona.enti
    indirizzo = Indirizzo(
        codice_via=p.codice_via,
        via=p.indirizzo,
        civico=p.civico,
        comune=p.ente,
        comune_nome=enti.get(p.ente, ""),
        lat=p.lat,
        lon=p.lon,
    )
    return ResidenteOut(
        **_breve(p, enti),
        luogo_nascita=p.luogo_nascita,
        luogo_nascita_nome=_place(persona.luoghi, p.data_nascita),
        cittadinanza=p.cittadinanza,
        cittadinanza_nome=CITTADINANZE.get(p.cittadinanza, p.cittadinanza),
        stato_civile=p.stato_civile,
        stato_civile_nome=STATI_CIVILI.get(p.stato_civile, ""),
        indirizzo=indirizzo,
        codice_istat_comune=CODICI_ISTAT.get(p.ente, ""),
        version=p.version,
        nucleo=tuple(
            Componente(
                **_breve(m, enti), relazione=m.relazione, relazione_nome=RELAZIONI.get(m.relazione, "")
            )
            for m in persona.nucleo
        ),
    )


def without_address(persona: ResidenteOut) -> ResidenteOut:
    """The comune alone."""
    comune = Indirizzo(comune=persona.indirizzo.comune, comune_nome=persona.indirizzo.comune_nome)
    return persona.model_copy(update={"via": "", "civico": "", "indirizzo": comune})


def _place(names: Sequence[Luogo], born: date) -> str:
    """Name of the birthplace as it was called then, with the province of then."""
    if not names:
        return ""
    then = next(
        (n for n in names if n.valid_from <= born and (n.valid_to is None or born <= n.valid_to)), names[0]
    )
    return then.nome if then.provincia in ("", "EE") else f"{then.nome} ({then.provincia})"


def changes(versions: Sequence[Versione]) -> tuple[VariazioneResidente, ...]:
    """What differs from one version to the next, newest first."""
    return tuple(reversed([change for old, new in pairwise(versions) for change in _differences(old, new)]))


def _differences(old: Versione, new: Versione) -> Iterator[VariazioneResidente]:
    for campo in CAMPI:
        before, after = getattr(old, campo), getattr(new, campo)
        if before != after:
            yield VariazioneResidente(
                campo=campo,
                prima=_label(campo, before),
                dopo=_label(campo, after),
                valida_dal=new.valid_from,
                conosciuta_dal=new.known_from,
            )


def _label(campo: str, value: Any) -> str:
    text = "" if value is None else str(value)
    return _ETICHETTE.get(campo, {}).get(text, text)


def caricamento(row: Caricamento, enti: Mapping[str, str]) -> CaricamentoOut:
    """One load."""
    motivo = row.motivo
    if row.stato == StatoCaricamento.IN_ATTESA and row.confermato_da is not None:
        motivo = "confermato: sarà caricato a momenti"
    return CaricamentoOut(
        id=row.id,
        ente=row.ente,
        comune_nome=enti.get(row.ente, ""),
        file=row.file,
        stato=StatoCaricamento(row.stato),
        righe=row.righe,
        nascite=row.nascite,
        decessi=row.decessi,
        trasferimenti=row.trasferimenti,
        variazioni=row.variazioni,
        rifiutate=row.rifiutate,
        motivo=motivo,
        secondi=row.secondi,
        iniziato_il=row.iniziato_il,
    )
