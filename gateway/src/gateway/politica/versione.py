"""One version of the policy with its story, as the database tells it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

BOZZA, PROPOSTA, APPROVATA = "bozza", "proposta", "approvata"
SELECT = """
SELECT v.version, v.stato, v.motivo, v.attiva_dal, v.base, v.revisione, v.autore_id,
       coalesce(a.nome || ' ' || a.cognome, '') AS autore, v.creata_il, v.proposta_il, v.decisa_da,
       coalesce(d.nome || ' ' || d.cognome, '') AS decisore, v.decisa_il, v.motivo_decisione,
       v.annullo_chiesto_da, coalesce(r.nome || ' ' || r.cognome, '') AS annullo_richiedente,
       v.annullo_chiesto_il, v.motivo_annullo,
       v.annullata_da, coalesce(n.nome || ' ' || n.cognome, '') AS annullatore, v.annullata_il,
       v.version IS NOT DISTINCT FROM
         (SELECT max(version) FROM politiche WHERE stato = 'approvata' AND attiva_dal <= now()) AS in_vigore
  FROM politiche v LEFT JOIN operatori a ON a.id = v.autore_id LEFT JOIN operatori d ON d.id = v.decisa_da
  LEFT JOIN operatori r ON r.id = v.annullo_chiesto_da LEFT JOIN operatori n ON n.id = v.annullata_da
"""


@dataclass(frozen=True, slots=True)
class Versione:
    """One version with its story. `autore_id` is None for the one the system came with."""

    version: int
    stato: str
    motivo: str
    attiva_dal: datetime | None
    base: int | None
    revisione: int
    autore_id: UUID | None
    autore: str
    creata_il: datetime
    proposta_il: datetime | None
    decisa_da: UUID | None
    decisore: str
    decisa_il: datetime | None
    motivo_decisione: str
    annullo_chiesto_da: UUID | None
    annullo_richiedente: str
    annullo_chiesto_il: datetime | None
    motivo_annullo: str
    annullata_da: UUID | None
    annullatore: str
    annullata_il: datetime | None
    in_vigore: bool

    @property
    def programmata(self) -> bool:
        """Approved, for a day that has not come."""
        return self.stato == APPROVATA and self.attiva_dal is not None and self.attiva_dal > datetime.now(UTC)
