"""A print: what the asker may read, typeset once, kept for the asker alone."""

import hashlib
import io
import urllib.request
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pikepdf
import pytest
from services.documenti.tests.factories import (
    CARTELLA,
    GIULIA,
    MARCO,
    make_erogazione,
    make_fascicolo,
    make_foglio,
    make_mandato,
    make_request_stampa,
)
from services.documenti.tests.integration.conftest import fetch, know_cartella, outbox
from sqlalchemy import select

from chassis.entrypoints import RetryLater
from chassis.sql import SqlDatabase
from contracts.base import Message
from contracts.documenti import GetStampa, ListStampe, StampaOut, StatoStampa
from contracts.erogazioni import ErogazioniOut, FogliOut
from contracts.errors import Forbidden, Invalid, NotFound
from documenti.adapters.store import S3Store
from documenti.adapters.typesetting import TypesettingFailed, TypstProcess
from documenti.models import stampe
from documenti.settings import Settings
from documenti.use_cases.stampe import get_stampa, list_stampe, render_stampa, request_stampa
from sisolocal.waiting import eventually

ME = make_mandato(GIULIA)
TYPESET = TypstProcess(seconds=60)


class Owner:
    """Another service: answers what it was given, or refuses; remembers what it was asked."""

    def __init__(self, **replies: Any) -> None:
        self.replies = replies
        self.asked: list[tuple[str, Message, str]] = []

    def call(self, method: str, request: Message, token: str) -> Any:
        self.asked.append((method, request, token))
        reply = self.replies[method]
        if isinstance(reply, Exception):
            raise reply
        return reply


def payments() -> Owner:
    foglio, erogazione = make_foglio(), make_erogazione()
    return Owner(
        list_fogli=FogliOut(fogli=(foglio,), totale=1),
        list_erogazioni=ErogazioniOut(erogazioni=(erogazione,), totale=1, totale_importo=erogazione.importo),
    )


def ask(
    db: SqlDatabase, mandato: Any = ME, erogazioni: Owner | None = None, voci: int = 1, **changes: Any
) -> StampaOut:
    cartella = Owner(export_fascicolo=make_fascicolo(voci))
    return request_stampa(make_request_stampa(**changes), mandato, db, cartella, erogazioni or payments())


def render(db: SqlDatabase, store: S3Store, stampa_id: UUID, typeset: Any = TYPESET) -> None:
    with db.transaction() as tx:
        render_stampa(stampa_id, tx, db, store, typeset)


def row(db: SqlDatabase, stampa_id: UUID) -> Any:
    with db.read() as session:
        return session.execute(select(stampe).where(stampe.c.id == stampa_id)).one()


def sections(db: SqlDatabase, stampa_id: UUID) -> list[str]:
    return [sezione["titolo"] for sezione in row(db, stampa_id).contenuto["sezioni"]]


def test_a_print_is_asked_for_rendered_and_downloaded(
    db: SqlDatabase, store: S3Store, settings: Settings
) -> None:
    asked = ask(db)
    assert asked.stato is StatoStampa.IN_CORSO

    render(db, store, asked.id)

    ready = get_stampa(GetStampa(stampa_id=asked.id), ME, db, store, settings)
    assert ready.download is not None
    pdf = fetch(ready.download.get_url).data
    assert hashlib.sha256(pdf).hexdigest() == ready.sha256 == ready.download.sha256
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) == ready.pagine
    assert ready.download.nome_file.startswith("cartella-2026-000012-")
    assert row(db, asked.id).contenuto is None
    assert outbox(db) == ["documenti.stampa.richiesta.v1", "documenti.stampa.pronta.v1"]


def test_each_owner_is_asked_with_the_callers_own_mandate(db: SqlDatabase) -> None:
    erogazioni = payments()

    asked = ask(db, erogazioni=erogazioni)

    assert [(method, token) for method, _, token in erogazioni.asked] == [
        ("list_fogli", ME.token),
        ("list_erogazioni", ME.token),
    ]
    assert sections(db, asked.id) == [
        "Presa in carico", "Diario", "ISEE", "Fogli amministrativi", "Erogazioni", "Documenti",
    ]  # fmt: skip


def test_what_the_owner_refuses_is_absent(db: SqlDatabase) -> None:
    refusal = Forbidden("mandato.non_abilitato", "no")

    asked = ask(db, erogazioni=Owner(list_fogli=refusal, list_erogazioni=refusal))

    assert sections(db, asked.id) == ["Presa in carico", "Diario", "ISEE", "Documenti"]


@pytest.mark.parametrize("asks", ["list_fogli", "list_erogazioni"])
def test_an_owner_that_asks_why_is_no_section_left_out_but_a_question(db: SqlDatabase, asks: str) -> None:
    question = Forbidden("accesso.motivo_richiesto", "perché", details={"cartella_id": str(CARTELLA)})
    erogazioni = payments()
    erogazioni.replies[asks] = question

    with pytest.raises(Forbidden, match="motivo_richiesto") as asked:
        ask(db, erogazioni=erogazioni)

    assert asked.value.details == {"cartella_id": str(CARTELLA)}
    with db.read() as session:
        assert not session.execute(select(stampe)).all()


def test_what_the_mandate_does_not_name_is_not_even_asked(db: SqlDatabase) -> None:
    narrow = make_mandato(without=("diario:leggi", "fogli:leggi", "liquidazioni:leggi", "documenti:leggi"))
    erogazioni = Owner()

    asked = ask(db, narrow, erogazioni)

    assert erogazioni.asked == []
    assert sections(db, asked.id) == ["Presa in carico", "ISEE"]


def test_a_case_out_of_reach_cannot_be_printed(db: SqlDatabase) -> None:
    with pytest.raises(NotFound):
        ask(db, make_mandato(MARCO, ente="B212"))
    with pytest.raises(NotFound):
        ask(db, cartella_id=uuid4())
    assert outbox(db) == []


def test_an_unknown_section_is_refused(db: SqlDatabase) -> None:
    with pytest.raises(Invalid, match="oroscopo"):
        ask(db, sezioni=("diario", "oroscopo"))


def test_the_same_key_asks_for_one_print(db: SqlDatabase) -> None:
    key = uuid4()

    assert ask(db, idempotency_key=key).id == ask(db, idempotency_key=key).id == key
    assert outbox(db) == ["documenti.stampa.richiesta.v1"]


def test_a_print_belongs_to_who_asked_for_it(db: SqlDatabase, store: S3Store, settings: Settings) -> None:
    asked, colleague = ask(db), make_mandato(MARCO)

    with pytest.raises(NotFound):
        get_stampa(GetStampa(stampa_id=asked.id), colleague, db, store, settings)
    his = list_stampe(ListStampe(cartella_id=CARTELLA), colleague, db, store, settings)
    mine = list_stampe(ListStampe(cartella_id=CARTELLA), ME, db, store, settings)
    assert (his.stampe, [stampa.id for stampa in mine.stampe]) == ((), [asked.id])


def test_who_lost_the_case_lost_its_prints(db: SqlDatabase, store: S3Store, settings: Settings) -> None:
    asked = ask(db)
    know_cartella(db, 2, settore="anziani", responsabile_id=MARCO, team=(MARCO,))

    with pytest.raises(NotFound):
        get_stampa(GetStampa(stampa_id=asked.id), ME, db, store, settings)


def test_a_print_of_a_case_that_is_a_colleague_s_by_now_asks_why(
    db: SqlDatabase, store: S3Store, settings: Settings
) -> None:
    asked = ask(db)
    know_cartella(db, 2, responsabile_id=MARCO, team=(MARCO,))

    with pytest.raises(Forbidden, match="motivo_richiesto"):
        get_stampa(GetStampa(stampa_id=asked.id), make_mandato(motivo=""), db, store, settings)
    assert get_stampa(GetStampa(stampa_id=asked.id), ME, db, store, settings).id == asked.id


def test_a_failing_template_is_tried_three_times_and_then_said(db: SqlDatabase, store: S3Store) -> None:
    def broken(content: dict[str, Any]) -> Any:
        raise TypesettingFailed("broken")

    asked = ask(db)
    for _ in range(2):
        with pytest.raises(RetryLater):
            render(db, store, asked.id, broken)

    render(db, store, asked.id, broken)

    failed = row(db, asked.id)
    assert (failed.stato, failed.contenuto) == ("fallita", None)
    assert "impaginare" in failed.motivo


def test_a_print_already_done_is_left_alone(db: SqlDatabase, store: S3Store) -> None:
    asked = ask(db)
    render(db, store, asked.id)

    render(db, store, asked.id, typeset=None)

    assert outbox(db).count("documenti.stampa.pronta.v1") == 1


@pytest.mark.faults
def test_killed_in_the_middle_of_a_print_it_is_done_once_after_the_restart(
    db: SqlDatabase, run_service: Callable[..., Any], s3_bucket: Any
) -> None:
    env = {"DOCUMENTI_S3_BUCKET": s3_bucket.bucket}
    run_service("documenti", "relay")
    doomed = run_service("documenti", "events", **env)
    asked = ask(db, voci=2500)
    eventually(lambda: row(db, asked.id).avvii == 1, 60)

    with urllib.request.urlopen(doomed.health_url, timeout=2) as answer:
        assert answer.status == 200, "typesetting must not hold up the process"
    doomed.kill()
    assert row(db, asked.id).stato == "in_corso"
    run_service("documenti", "events", **env)

    eventually(lambda: row(db, asked.id).stato == "pronta", 60)
    assert row(db, asked.id).avvii == 2
    assert outbox(db, asked.id).count("documenti.stampa.pronta.v1") == 1
