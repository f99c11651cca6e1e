"""The second level: a case, or an entry, that one settore of the ente alone may read, its existence included.

A case enters the second level of its own settore, by the hand of who works there, and leaves it likewise. An entry may
be of another settore's: it is then read there too, whatever settore the case is of.
"""

from cartella.domain.presa_in_carico import Cartella, changed, make_passaggio
from cartella.domain.steps import Step
from contracts.errors import Forbidden, Invalid
from contracts.mandato import Mandato

SCRIVI = "secondo_livello:scrivi"
ENTRATA, USCITA = "secondo_livello", "fine_secondo_livello"


def set_riservatezza(cartella: Cartella, step: Step, settore: str, mandato: Mandato) -> Cartella:
    """Into the second level of `settore`, or with "" out of it. Invalid when nothing would change."""
    if settore == cartella.settore_riservato:
        raise Invalid("cartella.riservatezza_uguale", "Il secondo livello del caso è già così.")
    if settore:
        if settore != cartella.settore:
            raise Invalid(
                "cartella.riservatezza_settore",
                "Un caso può essere di secondo livello solo del settore che lo segue.",
                fields={"settore_riservato": f"Il caso è del settore {cartella.settore}."},
            )
        require_member(mandato, cartella.ente, settore)
        passaggio = make_passaggio(ENTRATA, step, cartella, a_settore=settore)
        return changed(cartella, passaggio, settore_riservato=settore)
    require_member(mandato, cartella.ente, cartella.settore_riservato)
    return changed(cartella, make_passaggio(USCITA, step, cartella), settore_riservato="")


def require_member(mandato: Mandato, ente: str, settore: str) -> None:
    """Forbidden unless the caller works in the settore whose second level it is."""
    if (mandato.ente, mandato.settore) != (ente, settore):
        raise Forbidden(
            "cartella.riservatezza_non_tua",
            "Il secondo livello di un settore lo decide chi lavora in quel settore.",
        )
