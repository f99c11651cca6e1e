"""Cases as a service other than cartella knows them: kept from its events, and the mandate over them.

A service's table of known cases has a column for the id (its primary key), `sequence`, and of the names in
`case_values` those it needs; `within` needs `ente`, `settore`, `team`, `residente_id`, `settore_riservato` and
`condivisioni`.
"""

from datetime import UTC, datetime
from typing import Any

from chassis.reach import sql_filter
from chassis.sql import Transaction
from contracts.cartella import CondivisioneAttiva, FattoCartella
from contracts.mandato import Mandato


def case_values(event: FattoCartella) -> dict[str, Any]:
    """The case as it now stands, column by column. The responsible worker is always of the team."""
    team = (*event.team, *([event.responsabile_id] if event.responsabile_id else []))
    return {
        "numero": event.numero,
        "residente_id": event.residente_id,
        "ente": event.ente,
        "settore": event.settore,
        "area": event.area.value,
        "stato": event.stato.value,
        "responsabile_id": event.responsabile_id,
        "team": list(dict.fromkeys(team)),
        "comune_residenza": event.comune_residenza,
        "settore_riservato": event.settore_riservato,
        "aperta_da": event.aperta_da,
        "condivisioni": [one.model_dump(mode="json") for one in event.condivisioni],
    }


def record_cartella(table: Any, event: FattoCartella, tx: Transaction) -> bool:
    """Keeps the newest state of a case in the columns `table` has; False when a newer one is known."""
    from sqlalchemy.dialects.postgresql import insert

    assert tx.envelope is not None
    (key,) = table.primary_key.columns
    known = {name: value for name, value in case_values(event).items() if name in table.columns}
    row = known | {key.name: event.cartella_id, "sequence": tx.envelope.sequence}
    statement = insert(table).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=[key.name],
        set_={name: statement.excluded[name] for name in row if name != key.name},
        where=table.c.sequence < statement.excluded.sequence,
    )
    return bool(tx.session.execute(statement).rowcount)  # type: ignore[attr-defined]


def within(mandato: Mandato, scope: str, cartelle: Any, *, creato: Any = None) -> Any:
    """Condition: the case is within reach. `cartelle`: the columns of the known cases; `creato`: when the row that is
    read came to be, for grants that hide what was there before."""
    return sql_filter(
        mandato, scope, ente=cartelle.ente, settore=cartelle.settore, team=cartelle.team,
        residente=cartelle.residente_id, riservata=cartelle.settore_riservato, condivisioni=cartelle.condivisioni,
        creato=creato,
    )  # fmt: skip


def lent_in_person(condivisioni: list[dict[str, Any]], mandato: Mandato, scope: str) -> bool:
    """Whether a grant to the caller himself in his settore, now in force, names the section: such a grant has
    a reason of its own."""
    now = datetime.now(UTC)
    grants = [CondivisioneAttiva.model_validate(one) for one in condivisioni]
    return any(
        one.operatore_id in mandato.persone
        and (one.ente, one.settore) == (mandato.ente, mandato.settore)
        and scope.partition(":")[0] in one.sezioni
        and one.dal <= now < one.al
        for one in grants
        if one.operatore_id is not None
    )


def add_mandate_columns(op: Any, table: str) -> None:
    """For a migration (`op`: alembic's): second level and grants, of which older cases have none."""
    op.execute(
        f"ALTER TABLE {table} ADD settore_riservato text NOT NULL DEFAULT '',"
        " ADD condivisioni jsonb NOT NULL DEFAULT '[]'"
    )
