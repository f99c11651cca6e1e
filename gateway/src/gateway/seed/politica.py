"""The policy the system starts with, and what an older system is given so that its people can go on by themselves."""

from sqlalchemy import text

from chassis.sql import Transaction
from gateway.politica.iniziale import RULES, VERSION, rules

__all__ = ["RULES", "VERSION", "bring_policy_along", "rules"]
WHY = "Aggiornamento del sistema: ruoli e sezioni che prima non c’erano"
COPY = """
INSERT INTO politica_{0} SELECT {1} FROM politica_{0} WHERE version = :old
"""


def bring_policy_along(tx: Transaction) -> int | None:
    """Number of a new version where nobody may approve one: a policy from before there were editors.

    What the site decided stays. Added are the rules of roles and of sections that its policy has never named; without
    them nobody could ever propose a change. Nothing happens where somebody can. It stands on the newest approved and
    comes into force with it: one that waits for its day goes on waiting, and until then what holds today holds.
    """
    old = tx.session.execute(text("SELECT max(version) FROM politiche WHERE stato = 'approvata'")).scalar()
    known = tx.session.execute(
        text("SELECT ruolo, sezione, azione FROM politica_regole WHERE version = :old"), {"old": old}
    ).all()
    if old is None or any((row.sezione, row.azione) == ("politica", "approva") for row in known):
        return None
    roles, sections = {row.ruolo for row in known}, {row.sezione for row in known} - {"politica"}
    fresh = [rule for rule in rules() if rule[0] not in roles or rule[1] not in sections]
    taken = {(row.ruolo, row.sezione, row.azione) for row in known}
    new: int = tx.session.execute(
        text(
            "INSERT INTO politiche (version, attiva_dal, motivo, stato, base)"
            " SELECT (SELECT max(version) + 1 FROM politiche), greatest(now(), attiva_dal), :why, 'bozza', version"
            "   FROM politiche WHERE version = :old RETURNING version"
        ),
        {"why": WHY, "old": old},
    ).scalar_one()
    for table, columns in (
        ("regole", ":new, ruolo, sezione, azione, estensione"),
        ("territori", ":new, tipo, codice, ente"),
        ("ruoli", ":new, ruolo, livello"),
    ):
        tx.session.execute(text(COPY.format(table, columns)), {"new": new, "old": old})
    tx.session.execute(
        text("INSERT INTO politica_regole VALUES (:version, :ruolo, :sezione, :azione, :estensione)"),
        [
            {"version": new, "ruolo": ruolo, "sezione": sezione, "azione": azione, "estensione": extent}
            for ruolo, sezione, azione, extent in fresh
            if (ruolo, sezione, azione) not in taken
        ],
    )
    tx.session.execute(text("UPDATE politiche SET stato = 'approvata' WHERE version = :new"), {"new": new})
    return new
