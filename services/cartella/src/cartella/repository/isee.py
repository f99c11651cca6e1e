"""Queries on the ISEE of a case. Callers have found the case visible first, in the same read or transaction."""

from uuid import UUID

from pymongo.client_session import ClientSession

from cartella.domain.isee import Isee
from cartella.models import ISEE, Document, Store, isee_document, isee_of
from cartella.repository import pages
from cartella.repository.visibility import Reach, readable
from contracts.mandato import Mandato

NEWEST_FIRST = {"data_presentazione": -1, "scritto_il": -1, "_id": -1}


class IseeRepository:
    """The ISEE, inside a transaction when a session is given."""

    def __init__(self, db: Store, session: ClientSession | None = None) -> None:
        self.isee = db[ISEE]
        self.session = session

    def all_of(self, mandato: Mandato, reach: Reach) -> list[Isee]:
        """Every ISEE of the case that the caller may read, newest first."""
        narrow, right = {"cartella_id": reach.cartella.id}, _right(mandato, reach)
        rows = pages.match(self.isee, self.session, narrow, right, [{"$sort": NEWEST_FIRST}])
        return [isee_of(row) for row in rows]

    def has_protocollo(self, protocollo_dsu: str, mandato: Mandato, reach: Reach) -> bool:
        """Whether an ISEE of this DSU is among those of the case that the caller may read."""
        narrow = {"cartella_id": reach.cartella.id, "protocollo_dsu": protocollo_dsu}
        tail = [*pages.ONE, pages.ONLY_ID]
        return bool(pages.match(self.isee, self.session, narrow, _right(mandato, reach), tail))

    def written_by(self, isee_id: UUID, cartella_id: UUID, operatore_id: UUID) -> Isee | None:
        """The ISEE a repeated command made the first time."""
        where = {"_id": isee_id, "cartella_id": cartella_id, "autore_id": operatore_id}
        found = self.isee.find_one(where, session=self.session)
        return isee_of(found) if found else None

    def insert(self, isee: Isee) -> None:
        self.isee.insert_one(isee_document(isee), session=self.session)


def _right(mandato: Mandato, reach: Reach) -> Document:
    return readable(mandato, reach, written="scritto_il", dated="data_presentazione")
