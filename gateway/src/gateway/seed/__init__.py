"""`chassis seed gateway`: the starting policy and territories; in demo and test also the test identities."""

from datetime import date

from sqlalchemy import text

from chassis.settings import Environment
from chassis.sql import SqlDatabase, Transaction
from contracts.gateway import OperatoreAbilitatoV1
from gateway.seed.operatori import IDENTITIES, TestIdentity
from gateway.seed.politica import VERSION, rules
from gateway.seed.territori import AMBITI, PROVINCE
from gateway.settings import Settings

SINCE = date(2020, 1, 1)


def seed() -> None:
    """Repeating it changes nothing and emits nothing."""
    settings = Settings()
    database = SqlDatabase(settings)
    with database.transaction() as tx:
        seed_policy(tx)
        if settings.environment in (Environment.DEMO, Environment.TEST):
            for identity in IDENTITIES:
                seed_identity(tx, identity)
    database.close()


def seed_policy(tx: Transaction) -> None:
    """The first version of the policy, unless it is there; versions never change once written."""
    added = tx.session.execute(
        text(
            "INSERT INTO politiche (version, attiva_dal, motivo, stato)"
            " VALUES (:version, now(), 'Politica iniziale', 'bozza') ON CONFLICT DO NOTHING"
        ),
        {"version": VERSION},
    )
    if not added.rowcount:  # type: ignore[attr-defined]
        return
    tx.session.execute(
        text(
            "INSERT INTO politica_regole (version, ruolo, sezione, azione, estensione)"
            " VALUES (:version, :ruolo, :sezione, :azione, :estensione)"
        ),
        [
            {
                "version": VERSION,
                "ruolo": ruolo,
                "sezione": sezione,
                "azione": azione,
                "estensione": estensione,
            }
            for ruolo, sezione, azione, estensione in rules()
        ],
    )
    tx.session.execute(
        text("INSERT INTO politica_territori VALUES (:version, :tipo, :codice, :ente)"),
        [
            {"version": VERSION, "tipo": tipo, "codice": codice, "ente": ente}
            for tipo, groups in (("ambito", AMBITI), ("provincia", PROVINCE))
            for codice, enti in groups.items()
            for ente in enti
        ],
    )
    tx.session.execute(
        text("UPDATE politiche SET stato = 'approvata' WHERE version = :version"), {"version": VERSION}
    )


def seed_identity(tx: Transaction, identity: TestIdentity) -> None:
    """One operator with one incarico, told to the others the first time."""
    tx.session.execute(
        text(
            "INSERT INTO operatori (id, identita, codice_fiscale, nome, cognome, email)"
            " VALUES (:id, :identita, :cf, :nome, :cognome, :email) ON CONFLICT DO NOTHING"
        ),
        {
            "id": identity.operatore_id, "identita": identity.identita, "cf": identity.codice_fiscale,
            "nome": identity.nome, "cognome": identity.cognome, "email": identity.email,
        },
    )  # fmt: skip
    added = tx.session.execute(
        text(
            "INSERT INTO incarichi (id, operatore_id, ruolo, ente, settore, dal)"
            " VALUES (:id, :operatore, :ruolo, :ente, :settore, :dal) ON CONFLICT DO NOTHING"
        ),
        {
            "id": identity.incarico_id, "operatore": identity.operatore_id, "ruolo": identity.ruolo,
            "ente": identity.ente, "settore": identity.settore, "dal": SINCE,
        },
    )  # fmt: skip
    if added.rowcount:  # type: ignore[attr-defined]
        tx.emit(
            OperatoreAbilitatoV1(
                operatore_id=identity.operatore_id,
                incarico_id=identity.incarico_id,
                ente=identity.ente,
                settore=identity.settore,
                ruolo=identity.ruolo,
                email=identity.email,
                dal=SINCE,
            ),
            sequence=1,
        )
