"""`chassis seed gateway`: the starting policy and territories; in demo and test also the test identities."""

from datetime import date
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import text

from chassis.settings import Environment
from chassis.sql import SqlDatabase, Transaction
from contracts.gateway import OperatoreAbilitatoV1
from gateway.db import TODAY
from gateway.operatori.deleghe import MASSIMO_GIORNI
from gateway.seed.operatori import IDENTITIES, TestIdentity, TestIncarico
from gateway.seed.politica import VERSION, bring_policy_along, rules
from gateway.seed.territori import AMBITI, PROVINCE
from gateway.settings import Settings

SINCE = date(2020, 1, 1)
BEFORE = date(2019, 1, 1)
"""Of second incarichi: a test identity signs in with the latest."""


def seed() -> None:
    """Repeating it changes nothing and emits nothing."""
    settings = Settings()
    database = SqlDatabase(settings)
    with database.transaction() as tx:
        seed_policy(tx)
        bring_policy_along(tx)
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
    """One operator with his incarichi, each told to the others the first time."""
    tx.session.execute(
        text(
            "INSERT INTO operatori (id, identita, codice_fiscale, nome, cognome, email, sequence)"
            " VALUES (:id, :identita, :cf, :nome, :cognome, :email, :sequence) ON CONFLICT DO NOTHING"
        ),
        {
            "id": identity.operatore_id, "identita": identity.identita, "cf": identity.codice_fiscale,
            "nome": identity.nome, "cognome": identity.cognome, "email": identity.email,
            "sequence": len(identity.incarichi),
        },
    )  # fmt: skip
    for sequence, incarico in enumerate(identity.incarichi, start=1):
        _seed_incarico(tx, identity, incarico, sequence)
    if identity.in_delega_di:
        _seed_delega(tx, identity)


def _seed_incarico(tx: Transaction, identity: TestIdentity, incarico: TestIncarico, sequence: int) -> None:
    dal = SINCE if sequence == 1 else BEFORE
    added = tx.session.execute(
        text(
            "INSERT INTO incarichi (id, operatore_id, ruolo, ente, settore, dal)"
            " VALUES (:id, :operatore, :ruolo, :ente, :settore, :dal) ON CONFLICT DO NOTHING"
        ),
        {
            "id": incarico.incarico_id, "operatore": identity.operatore_id, "ruolo": incarico.ruolo,
            "ente": incarico.ente, "settore": incarico.settore, "dal": dal,
        },
    )  # fmt: skip
    if added.rowcount:  # type: ignore[attr-defined]
        event = OperatoreAbilitatoV1(
            operatore_id=identity.operatore_id, incarico_id=incarico.incarico_id, ente=incarico.ente,
            settore=incarico.settore, ruolo=incarico.ruolo, email=identity.email, dal=dal,
        )  # fmt: skip
        tx.emit(event, sequence=sequence)


def _seed_delega(tx: Transaction, identity: TestIdentity) -> None:
    """For the longest time a delega may last, from the day of the seed."""
    titolare = next(one for one in IDENTITIES if one.identita == identity.in_delega_di)
    tx.session.execute(
        text(
            "INSERT INTO deleghe (id, incarico_id, delegato_id, dal, al, motivo, creata_da)"
            f" VALUES (:id, :incarico, :delegato, {TODAY}, {TODAY} + :giorni, 'Ferie', :titolare)"
            " ON CONFLICT DO NOTHING"
        ),
        {
            "id": uuid5(NAMESPACE_URL, f"urn:siso:delega:{identity.identita}"), "incarico": titolare.incarico_id,
            "delegato": identity.operatore_id, "giorni": MASSIMO_GIORNI, "titolare": titolare.operatore_id,
        },
    )  # fmt: skip
