"""What documenti tells of a case: whose second level holds documents of it."""

from cartella.repository.presa_in_carico import CartellaRepository
from chassis.mongo import Transaction
from contracts.documenti import DocumentoRiservatoV1
from contracts.errors import Invalid


def note_riservato(event: DocumentoRiservatoV1, tx: Transaction) -> None:
    """From now on that settore sees the heading of the case: a mark on a documento is never taken off again."""
    cases = CartellaRepository(tx.db, tx.session)
    if not cases.note_settore_documenti(event.cartella_id, event.settore_riservato):
        raise Invalid("cartella.sconosciuta", f"Il documento è del caso {event.cartella_id}, che non esiste.")
