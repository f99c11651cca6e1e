"""Opening a case: where it may be opened and what it starts with."""

from uuid import UUID

from cartella.domain.presa_in_carico import Cartella, format_numero
from cartella.domain.steps import Step, local_date
from contracts.cartella import OpenCartella, Passaggio, StatoCartella
from contracts.errors import Invalid
from contracts.mandato import Extent, Mandato

WIDE = (Extent.ENTE, Extent.AMBITO, Extent.PROVINCIA)


def settore_of(request: OpenCartella, mandato: Mandato, scope: str) -> str:
    """The settore the case is opened in: the caller's own, or another one when his reach is the whole ente."""
    settore = request.settore.strip() or mandato.settore
    if not settore:
        raise Invalid(
            "cartella.settore_mancante", "Manca il settore.", fields={"settore": "Indica il settore."}
        )
    if settore != mandato.settore and mandato.extent(scope) not in WIDE:
        raise Invalid(
            "cartella.settore_non_tuo",
            "Puoi aprire un caso solo nel tuo settore.",
            fields={"settore": "Scegli il tuo settore."},
        )
    return settore


def open_cartella(
    request: OpenCartella, mandato: Mandato, settore: str, progressivo: int, step: Step
) -> Cartella:
    """A new case with its first passaggio. Who opens it in his own settore is the first of its team."""
    team: tuple[UUID, ...] = (mandato.operatore_id,) if settore == mandato.settore else ()
    apertura = Passaggio(
        id=step.id,
        tipo="apertura",
        quando=step.quando,
        operatore_id=step.operatore_id,
        a_settore=settore,
        motivo=step.motivo,
    )
    return Cartella(
        id=step.id,
        numero=format_numero(mandato.ente, local_date(step.quando).year, progressivo),
        progressivo=progressivo,
        residente_id=request.residente_id,
        ente=mandato.ente,
        settore=settore,
        area=request.area,
        stato=StatoCartella.APERTA,
        responsabile_id=None,
        team=team,
        comune_residenza=request.comune_residenza,
        sesso=request.sesso,
        anno_nascita=request.anno_nascita,
        aperta_il=step.quando,
        in_carico_dal=None,
        chiusa_il=None,
        version=1,
        passaggi=(apertura,),
    )
