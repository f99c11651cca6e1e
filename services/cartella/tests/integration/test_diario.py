"""The diary in the real store; above all: a private entry leaves no trace for anybody but its author."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from services.cartella.tests.factories import make_add_voce, make_mandato, make_open
from services.cartella.tests.integration.conftest import events_of

from cartella.use_cases import diario, fascicolo, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import (
    AnnulVoceDiario,
    CartellaOut,
    CloseCartella,
    ExportFascicolo,
    GetCartella,
    GetVoceDiario,
    ListVociDiario,
    RectifyVoceDiario,
    TipoVoce,
    VoceDiarioOut,
)
from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.mandato import Extent, Mandato

SECRET = "Confidenza riservata della madre"


@pytest.fixture
def pubblica(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> VoceDiarioOut:
    return diario.add_voce_diario(make_add_voce(caso.id, testo="Colloquio con la madre"), giulia, database)


@pytest.fixture
def privata(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> VoceDiarioOut:
    return diario.add_voce_diario(make_add_voce(caso.id, testo=SECRET, privata=True), giulia, database)


def rectification(voce: VoceDiarioOut, **changes: Any) -> RectifyVoceDiario:
    fields = {
        "cartella_id": voce.cartella_id,
        "voce_id": voce.id,
        "version": voce.version,
        "tipo": voce.tipo,
        "quando": voce.quando,
        "testo": "Testo rettificato",
        "motivo": "Errore",
    }
    return RectifyVoceDiario(**{**fields, **changes})


def listing(
    caso: CartellaOut, mandato: Mandato, database: MongoDatabase, **filters: Any
) -> tuple[list[Any], int]:
    found = diario.list_voci_diario(ListVociDiario(cartella_id=caso.id, **filters), mandato, database)
    return [voce.id for voce in found.voci], found.totale


PEEPING: dict[str, Callable[[VoceDiarioOut, Mandato, MongoDatabase], object]] = {
    "get": lambda voce, who, db: diario.get_voce_diario(
        GetVoceDiario(cartella_id=voce.cartella_id, voce_id=voce.id), who, db
    ),
    "rectify": lambda voce, who, db: diario.rectify_voce_diario(rectification(voce), who, db),
    "annul": lambda voce, who, db: diario.annul_voce_diario(
        AnnulVoceDiario(cartella_id=voce.cartella_id, voce_id=voce.id, version=1, motivo="x"), who, db
    ),
}


@pytest.mark.parametrize("act", PEEPING.values(), ids=PEEPING)
@pytest.mark.parametrize("extent", [Extent.SETTORE, Extent.ENTE])
def test_a_private_entry_is_as_if_it_did_not_exist_for_others(
    database: MongoDatabase,
    settore: str,
    privata: VoceDiarioOut,
    extent: Extent,
    act: Callable[[VoceDiarioOut, Mandato, MongoDatabase], object],
) -> None:
    other = make_mandato(extent, settore=settore)
    answers = []

    for voce in (privata, privata.model_copy(update={"id": uuid4()})):
        with pytest.raises(NotFound) as refused:
            act(voce, other, database)
        answers.append((refused.value.code, refused.value.message, refused.value.details))

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "filters", [{}, {"testo": "confidenza"}, {"tipo": TipoVoce.COLLOQUIO}, {"limite": 1, "salta": 1}]
)
def test_a_private_entry_is_in_no_list_count_or_search_of_others(
    database: MongoDatabase,
    marco: Mandato,
    caso: CartellaOut,
    privata: VoceDiarioOut,
    filters: dict[str, Any],
) -> None:
    assert listing(caso, marco, database, **filters) == ([], 0)


def test_a_private_entry_does_not_shift_the_pages_of_others(
    database: MongoDatabase,
    marco: Mandato,
    caso: CartellaOut,
    pubblica: VoceDiarioOut,
    privata: VoceDiarioOut,
) -> None:
    assert listing(caso, marco, database, limite=1) == ([pubblica.id], 1)


def test_a_private_entry_is_in_no_export_of_others(
    database: MongoDatabase, giulia: Mandato, marco: Mandato, caso: CartellaOut, privata: VoceDiarioOut
) -> None:
    request = ExportFascicolo(cartella_id=caso.id)

    assert SECRET not in fascicolo.export_fascicolo(request, marco, database).model_dump_json()
    assert SECRET in fascicolo.export_fascicolo(request, giulia, database).model_dump_json()


def test_a_private_entry_emits_nothing_in_all_its_life(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, privata: VoceDiarioOut
) -> None:
    diario.rectify_voce_diario(rectification(privata), giulia, database)
    diario.annul_voce_diario(
        AnnulVoceDiario(cartella_id=caso.id, voce_id=privata.id, version=2, motivo="Doppia"), giulia, database
    )

    assert events_of(database, privata.id) == []


def test_a_private_entry_leaves_the_case_untouched(
    database: MongoDatabase, marco: Mandato, caso: CartellaOut, privata: VoceDiarioOut
) -> None:
    assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), marco, database) == caso


def test_its_author_reads_a_private_entry(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, privata: VoceDiarioOut
) -> None:
    request = GetVoceDiario(cartella_id=caso.id, voce_id=privata.id)

    assert diario.get_voce_diario(request, giulia, database) == privata
    assert listing(caso, giulia, database, testo="RISERVATA") == ([privata.id], 1)


def test_an_author_who_lost_the_right_on_the_case_reads_it_no_more(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, privata: VoceDiarioOut
) -> None:
    moved = make_mandato(Extent.SETTORE, settore="altrove", operatore_id=giulia.operatore_id)
    # Leaving the team is the coordinator's doing; here the store is made to look as after it.
    database.db.cartelle.update_one({"_id": caso.id}, {"$set": {"team": []}})

    with pytest.raises(NotFound):
        diario.get_voce_diario(GetVoceDiario(cartella_id=caso.id, voce_id=privata.id), moved, database)
    with pytest.raises(NotFound):
        diario.list_voci_diario(ListVociDiario(cartella_id=caso.id), moved, database)
    with pytest.raises(NotFound):
        fascicolo.export_fascicolo(ExportFascicolo(cartella_id=caso.id), moved, database)


def test_an_entry_is_not_reached_through_another_case(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, pubblica: VoceDiarioOut
) -> None:
    other = presa_in_carico.open_cartella(make_open(), giulia, database)

    with pytest.raises(NotFound):
        diario.get_voce_diario(GetVoceDiario(cartella_id=other.id, voce_id=pubblica.id), giulia, database)


def test_a_colleague_reads_an_ordinary_entry_but_may_not_change_it(
    database: MongoDatabase, marco: Mandato, caso: CartellaOut, pubblica: VoceDiarioOut
) -> None:
    assert listing(caso, marco, database) == ([pubblica.id], 1)
    with pytest.raises(Forbidden):
        diario.rectify_voce_diario(rectification(pubblica), marco, database)


def test_events_of_ordinary_entries_carry_no_word_of_them(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, pubblica: VoceDiarioOut
) -> None:
    diario.rectify_voce_diario(rectification(pubblica), giulia, database)
    diario.annul_voce_diario(
        AnnulVoceDiario(cartella_id=caso.id, voce_id=pubblica.id, version=2, motivo="Doppia"),
        giulia,
        database,
    )

    events = events_of(database, pubblica.id)

    assert [(event["type"], event["sequence"]) for event in events] == [
        ("cartella.diario.voce_aggiunta.v1", 1),
        ("cartella.diario.voce_rettificata.v1", 2),
        ("cartella.diario.voce_annullata.v1", 3),
    ]
    text = "".join(event["envelope"] for event in events)
    assert "Colloquio con la madre" not in text
    assert "Testo rettificato" not in text


def test_a_rectified_entry_keeps_its_history_in_the_store(
    database: MongoDatabase, giulia: Mandato, marco: Mandato, caso: CartellaOut, pubblica: VoceDiarioOut
) -> None:
    diario.rectify_voce_diario(rectification(pubblica), giulia, database)
    diario.rectify_voce_diario(rectification(pubblica, version=2, testo="Terza stesura"), giulia, database)

    stored = diario.get_voce_diario(GetVoceDiario(cartella_id=caso.id, voce_id=pubblica.id), marco, database)

    assert stored.testo == "Terza stesura"
    assert [old.testo for old in stored.versioni] == ["Colloquio con la madre", "Testo rettificato"]


def test_a_stale_rectification_shows_what_stands_now(
    database: MongoDatabase, giulia: Mandato, pubblica: VoceDiarioOut
) -> None:
    diario.rectify_voce_diario(rectification(pubblica), giulia, database)

    with pytest.raises(Conflict) as refused:
        diario.rectify_voce_diario(rectification(pubblica, testo="Altro"), giulia, database)

    assert refused.value.details["attuale"]["testo"] == "Testo rettificato"


def test_the_same_command_twice_writes_one_entry_and_rectifies_once(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    adding = make_add_voce(caso.id, idempotency_key=uuid4())
    voce = diario.add_voce_diario(adding, giulia, database)
    correcting = rectification(voce, idempotency_key=uuid4())
    corrected = diario.rectify_voce_diario(correcting, giulia, database)

    assert diario.rectify_voce_diario(correcting, giulia, database) == corrected
    assert diario.add_voce_diario(adding, giulia, database) == corrected
    assert listing(caso, giulia, database) == ([voce.id], 1)


def test_entries_come_newest_first_and_page(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    written = [
        diario.add_voce_diario(
            make_add_voce(caso.id, quando=datetime(2026, 11, day, 10, tzinfo=UTC)), giulia, database
        ).id
        for day in (2, 9, 5)
    ]
    newest_first = [written[1], written[2], written[0]]

    assert listing(caso, giulia, database) == (newest_first, 3)
    assert listing(caso, giulia, database, limite=1, salta=1) == (newest_first[1:2], 3)


@pytest.mark.parametrize(
    ("text", "found"),
    [("MADRE", 1), ("a (50", 1), (".*", 0), ("50%", 1), ("[a-z]+", 0), ("  ", 1), ("$", 0), ("madre\0", 1)],
)
def test_searched_text_is_text_and_never_a_pattern(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, text: str, found: int
) -> None:
    diario.add_voce_diario(
        make_add_voce(caso.id, testo="La madre lavora (50% a casa, a (50 km)"), giulia, database
    )

    assert listing(caso, giulia, database, testo=text)[1] == found


def test_an_endless_search_text_is_refused(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    with pytest.raises(Invalid):
        listing(caso, giulia, database, testo="a" * 201)


def test_a_closed_case_takes_no_new_entry_but_lets_errors_be_mended(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, pubblica: VoceDiarioOut
) -> None:
    presa_in_carico.close_cartella(
        CloseCartella(cartella_id=caso.id, version=1, motivo="Fine"), giulia, database
    )

    with pytest.raises(Conflict):
        diario.add_voce_diario(make_add_voce(caso.id), giulia, database)
    assert diario.rectify_voce_diario(rectification(pubblica), giulia, database).version == 2
