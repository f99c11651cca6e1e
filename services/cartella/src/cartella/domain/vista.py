"""What is shown of a case to whom not all of it is open."""

from dataclasses import replace
from datetime import datetime

from cartella.domain.condivisioni import PASSAGGI
from cartella.domain.presa_in_carico import Cartella, to_out
from cartella.domain.secondo_livello import ENTRATA, USCITA
from contracts.cartella import CartellaOut

HOUSEHOLD = (*PASSAGGI, ENTRATA, USCITA)
"""Passaggi about who else may see the case: not for whom a grant alone brings here."""


def heading(cartella: Cartella) -> CartellaOut:
    """For whom only other sections, or single entries, are open."""
    hidden = replace(cartella, team=(), passaggi=(), settore_riservato="", version=0, in_carico_dal=None)
    return to_out(hidden).model_copy(update={"solo_intestazione": True})


def granted(cartella: Cartella, dal: datetime | None) -> CartellaOut:
    """For whom a grant opens `presa_in_carico`, from `dal` on where it hides what was before. The version, which counts
    what is hidden too, is not his to know: he changes nothing of the case itself."""
    passaggi = tuple(
        one for one in cartella.passaggi if one.tipo not in HOUSEHOLD and (dal is None or one.quando >= dal)
    )
    return to_out(replace(cartella, passaggi=passaggi, version=0))
