"""Queries on the ISEE of a case. Callers have found the case visible first, in the same read or transaction."""

from uuid import UUID

from pymongo.client_session import ClientSession

from cartella.domain.isee import Isee
from cartella.models import ISEE, Store, isee_document, isee_of

NEWEST_FIRST = [("data_presentazione", -1), ("scritto_il", -1), ("_id", -1)]


class IseeRepository:
    """The ISEE, inside a transaction when a session is given."""

    def __init__(self, db: Store, session: ClientSession | None = None) -> None:
        self.isee = db[ISEE]
        self.session = session

    def of_cartella(self, cartella_id: UUID) -> list[Isee]:
        """Every ISEE of the case, newest first."""
        rows = self.isee.find({"cartella_id": cartella_id}, session=self.session).sort(NEWEST_FIRST)
        return [isee_of(row) for row in rows]

    def has_protocollo(self, cartella_id: UUID, protocollo_dsu: str) -> bool:
        """Whether the case already holds an ISEE of this DSU."""
        where = {"cartella_id": cartella_id, "protocollo_dsu": protocollo_dsu}
        return self.isee.find_one(where, {"_id": 1}, session=self.session) is not None

    def written_by(self, isee_id: UUID, cartella_id: UUID, operatore_id: UUID) -> Isee | None:
        """The ISEE a repeated command made the first time."""
        where = {"_id": isee_id, "cartella_id": cartella_id, "autore_id": operatore_id}
        found = self.isee.find_one(where, session=self.session)
        return isee_of(found) if found else None

    def insert(self, isee: Isee) -> None:
        self.isee.insert_one(isee_document(isee), session=self.session)
