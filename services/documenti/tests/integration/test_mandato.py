"""Who reaches a document: second level, grants, own household, reasons; through every door."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from services.documenti.tests.factories import CARTELLA, GIULIA, MARCO, PDF, make_begin, make_mandato
from services.documenti.tests.integration.conftest import know_cartella
from services.documenti.tests.integration.test_upload import Desk
from sqlalchemy import update

from chassis.sql import SqlDatabase
from contracts.cartella import CondivisioneAttiva
from contracts.documenti import GetDownload, ListStampe
from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.mandato import Emergenza, Extent, Mandato
from documenti.adapters.store import S3Store
from documenti.models import documenti
from documenti.settings import Settings
from documenti.use_cases.stampe import list_stampe
from documenti.use_cases.upload import begin_upload, get_download

ANNA = make_mandato(uuid4(), settore="anziani")
ENTE_WIDE = make_mandato(uuid4(), settore="anziani", extent=Extent.ENTE)
RESIDENTE = UUID(int=77)


@pytest.fixture
def desk(db: SqlDatabase, store: S3Store, settings: Settings) -> Desk:
    return Desk(db, store, settings)


def grant(**changes: Any) -> CondivisioneAttiva:
    values: dict[str, Any] = {
        "ente": "F704", "settore": "anziani", "sezioni": ("documenti",), "dal": datetime.now(UTC) - timedelta(days=1),
        "al": datetime.now(UTC) + timedelta(days=1),
    }  # fmt: skip
    return CondivisioneAttiva(**values | changes)


def reaches(desk: Desk, mandato: Mandato, documento_id: UUID) -> bool:
    """By list and by download alike, or by neither."""
    try:
        listed = documento_id in desk.list(mandato)[0]
    except NotFound:
        listed = False
    try:
        get_download(GetDownload(documento_id=documento_id), mandato, desk.db, desk.store, desk.settings)
    except NotFound:
        assert not listed
        return False
    assert listed
    return True


def test_a_second_level_case_keeps_its_documents_to_its_settore(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    know_cartella(desk.db, 2, settore_riservato="minori")

    assert reaches(desk, make_mandato(MARCO), documento.id)
    assert not reaches(
        desk, ENTE_WIDE.model_copy(update={"estensioni": {"documenti:leggi": Extent.ENTE}}), documento.id
    )
    without = make_mandato(MARCO, without=("secondo_livello:leggi",))
    assert not reaches(desk, without, documento.id)


def test_a_second_level_document_is_of_its_settore_and_its_author(desk: Desk) -> None:
    ordinary, reserved = desk.upload(PDF + b"1"), desk.upload(PDF + b"2", settore_riservato="anziani")
    colleague = make_mandato(MARCO)

    assert reserved.settore_riservato == "anziani"
    assert reaches(desk, make_mandato(GIULIA), reserved.id)
    assert not reaches(desk, colleague, reserved.id)
    assert desk.list(colleague) == ([ordinary.id], 1)


def test_the_settore_named_reads_that_document_and_no_other_of_the_case(desk: Desk) -> None:
    ordinary, reserved = desk.upload(PDF + b"1"), desk.upload(PDF + b"2", settore_riservato="anziani")
    private = desk.upload(PDF + b"3", privato=True)

    assert desk.list(ANNA) == ([reserved.id], 1)
    assert reaches(desk, ANNA, reserved.id)
    assert not reaches(desk, ANNA, ordinary.id)
    assert not reaches(desk, ANNA, private.id)
    with pytest.raises(NotFound):
        begin_upload(make_begin(10), ANNA, desk.db, desk.store, desk.settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"without": ("secondo_livello:leggi",)},
        {"extent": Extent.PROPRI},
        {"settore": "adulti"},
        {"ente": "B212"},
        {"esclusi": (RESIDENTE,)},
    ],
)
def test_who_is_not_of_that_second_level_finds_neither_document_nor_case(
    desk: Desk, changes: dict[str, Any]
) -> None:
    know_cartella(desk.db, 2, residente_id=RESIDENTE)
    reserved = desk.upload(PDF + b"2", settore_riservato="anziani")
    stranger = make_mandato(uuid4(), **{"settore": "anziani"} | changes)

    assert not reaches(desk, stranger, reserved.id)
    with pytest.raises(NotFound):
        desk.list(stranger)


def test_to_mark_a_document_takes_the_right_to_and_the_ente_of_the_case(desk: Desk) -> None:
    request = make_begin(10, settore_riservato="anziani")
    without = make_mandato(GIULIA, without=("secondo_livello:scrivi",))
    with pytest.raises(Forbidden):
        begin_upload(request, without, desk.db, desk.store, desk.settings)
    know_cartella(desk.db, 2, condivisioni=(grant(ente="B212", scrive=True),))
    with pytest.raises(Invalid, match="altro ente"):
        begin_upload(
            request, make_mandato(uuid4(), ente="B212", settore="anziani"), desk.db, desk.store, desk.settings
        )


def test_a_new_version_stays_of_the_second_level_and_its_versions_with_it(desk: Desk) -> None:
    first = desk.upload(PDF + b"1", settore_riservato="anziani")
    second = desk.upload(PDF + b"2", sostituisce=first.id)

    assert second.settore_riservato == "anziani"
    assert desk.list(make_mandato(MARCO), versioni_di=first.id) == ([], 0)
    assert desk.list(versioni_di=first.id)[1] == 2


@pytest.mark.parametrize("narrower", [{"privato": True}, {"settore_riservato": "anziani"}])
def test_a_shared_document_has_no_successor_that_fewer_may_read(desk: Desk, narrower: dict[str, Any]) -> None:
    first = desk.upload(PDF + b"1")
    request = make_begin(10, sostituisce=first.id, **narrower)

    with pytest.raises(Invalid, match="non può essere più riservata") as refused:
        begin_upload(request, make_mandato(GIULIA), desk.db, desk.store, desk.settings)

    assert set(refused.value.fields) == set(narrower)
    assert desk.list(make_mandato(MARCO)) == ([first.id], 1)


def test_a_second_level_document_is_not_handed_to_another_settore(desk: Desk) -> None:
    first = desk.upload(PDF + b"1", settore_riservato="anziani")
    request = make_begin(10, sostituisce=first.id, settore_riservato="minori")

    with pytest.raises(Invalid):
        begin_upload(request, make_mandato(GIULIA), desk.db, desk.store, desk.settings)


def test_a_successor_of_before_that_one_may_not_see_hides_nothing(desk: Desk) -> None:
    first = desk.upload(PDF + b"1")
    second = desk.upload(PDF + b"2", sostituisce=first.id)
    with desk.db.transaction() as tx:
        tx.session.execute(update(documenti).where(documenti.c.id == second.id).values(privato=True))

    assert desk.list(make_mandato(MARCO)) == ([first.id], 1)
    assert desk.list(make_mandato(GIULIA)) == ([second.id], 1)
    with pytest.raises(Conflict) as refused:
        desk.upload(PDF + b"3", make_mandato(MARCO), sostituisce=first.id)
    assert str(second.id) not in str(refused.value.details)


def test_private_and_second_level_at_once_is_refused(desk: Desk) -> None:
    request = make_begin(10, privato=True, settore_riservato="minori")

    with pytest.raises(Invalid) as refused:
        begin_upload(request, make_mandato(), desk.db, desk.store, desk.settings)

    assert set(refused.value.fields) == {"settore_riservato"}


def test_a_grant_opens_the_documents_for_its_time_and_its_section(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")

    assert not reaches(desk, ANNA, documento.id)
    for sequence, (shared, opened) in enumerate(
        (
            (grant(), True),
            (grant(sezioni=("diario",)), False),
            (grant(al=datetime.now(UTC) - timedelta(hours=1)), False),
            (grant(settore="adulti"), False),
            (grant(operatore_id=ANNA.operatore_id), True),
        ),
        start=2,
    ):
        know_cartella(desk.db, sequence, condivisioni=(shared,))
        assert reaches(desk, ANNA, documento.id) is opened
    with pytest.raises(NotFound):
        begin_upload(make_begin(10), ANNA, desk.db, desk.store, desk.settings)


def test_a_grant_may_hide_what_was_there_before(desk: Desk) -> None:
    before = desk.upload(PDF + b"1")
    since = datetime.now(UTC)
    know_cartella(desk.db, 2, condivisioni=(grant(dal=since, nascondi_prima=True),))
    after = desk.upload(PDF + b"2")

    older = desk.upload(PDF + b"3", data_documento=(since - timedelta(days=40)).date())
    today = desk.upload(PDF + b"4", data_documento=since.date())

    assert desk.list(ANNA) == ([today.id, after.id], 2)
    for hidden in (before, older):
        assert not reaches(desk, ANNA, hidden.id)
    assert reaches(desk, make_mandato(MARCO), before.id)


def test_what_one_uploaded_himself_a_grant_does_not_hide_from_him(desk: Desk) -> None:
    know_cartella(desk.db, 2, condivisioni=(grant(scrive=True),))
    mine = desk.upload(PDF + b"1", ANNA, data_documento=datetime(2020, 1, 1, tzinfo=UTC).date())
    know_cartella(desk.db, 3, condivisioni=(grant(dal=datetime.now(UTC), nascondi_prima=True),))

    assert desk.list(ANNA) == ([mine.id], 1)


def test_a_grant_reaches_the_case_and_not_the_second_level_documents(desk: Desk) -> None:
    reserved = desk.upload(PDF + b"1", settore_riservato="minori")
    know_cartella(desk.db, 2, condivisioni=(grant(),))

    assert not reaches(desk, ANNA, reserved.id)


def test_ones_own_household_is_as_if_it_did_not_exist_grants_and_team_included(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    know_cartella(desk.db, 2, residente_id=RESIDENTE, condivisioni=(grant(settore="minori"),))
    relative = make_mandato(GIULIA, esclusi=(RESIDENTE,))

    assert not reaches(desk, relative, documento.id)
    with pytest.raises(NotFound):
        list_stampe(ListStampe(cartella_id=CARTELLA), relative, desk.db, desk.store, desk.settings)


def test_an_emergency_opens_one_persons_documents_but_not_the_second_level(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    know_cartella(desk.db, 2, residente_id=RESIDENTE)
    opened = Emergenza(residente_id=RESIDENTE, scopi=("documenti:leggi",))
    rescuer = make_mandato(uuid4(), settore="pronto", extent=Extent.PROPRI, emergenza=opened)

    assert reaches(desk, rescuer, documento.id)
    know_cartella(desk.db, 3, residente_id=RESIDENTE, settore_riservato="minori")
    assert not reaches(desk, rescuer, documento.id)


def test_the_second_level_an_emergency_opens_is_open_to_its_sections_alone(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    know_cartella(desk.db, 2, residente_id=RESIDENTE, settore_riservato="minori")

    def in_emergency(*scopi: str) -> Mandato:
        opened = Emergenza(residente_id=RESIDENTE, scopi=("secondo_livello:leggi", *scopi))
        apart = ("secondo_livello:leggi",)
        return make_mandato(uuid4(), settore="pronto", extent=Extent.ENTE, without=apart, emergenza=opened)

    assert not reaches(desk, in_emergency(), documento.id)
    assert reaches(desk, in_emergency("documenti:leggi"), documento.id)


def test_who_stands_in_for_an_absent_colleague_gives_no_reason(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    stand_in = make_mandato(MARCO, extent=Extent.PROPRI, motivo="", in_delega_di=GIULIA)

    assert reaches(desk, stand_in, documento.id)


def test_a_case_that_is_not_ones_own_asks_why(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    curious = make_mandato(MARCO, motivo="")

    with pytest.raises(Forbidden, match="motivo_richiesto"):
        desk.list(curious)
    with pytest.raises(Forbidden, match="motivo_richiesto"):
        get_download(GetDownload(documento_id=documento.id), curious, desk.db, desk.store, desk.settings)
    with pytest.raises(Forbidden, match="motivo_richiesto"):
        list_stampe(ListStampe(cartella_id=CARTELLA), curious, desk.db, desk.store, desk.settings)
    with pytest.raises(Forbidden, match="motivo_richiesto"):
        begin_upload(make_begin(), curious, desk.db, desk.store, desk.settings)


def test_who_opened_a_case_has_it_until_somebody_is_responsible(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    opener = make_mandato(MARCO, motivo="")

    know_cartella(desk.db, 2, aperta_da=MARCO)
    assert reaches(desk, opener, documento.id)
    know_cartella(desk.db, 3, responsabile_id=GIULIA)
    with pytest.raises(Forbidden, match="motivo_richiesto"):
        desk.list(opener)


def test_a_reason_for_another_case_does_not_open_it_and_the_question_names_this_one(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    mistaken = make_mandato(MARCO).model_copy(update={"motivo_per": (uuid4(),)})

    with pytest.raises(Forbidden, match="motivo_richiesto") as asked:
        get_download(GetDownload(documento_id=documento.id), mistaken, desk.db, desk.store, desk.settings)

    assert asked.value.details == {"cartella_id": str(CARTELLA)}


def test_a_grant_in_person_and_an_emergency_have_said_why_already(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    lent = make_mandato(uuid4(), settore="anziani", motivo="")
    personal = grant(operatore_id=lent.operatore_id)
    know_cartella(desk.db, 2, residente_id=RESIDENTE, condivisioni=(personal, grant(settore="adulti")))
    opened = Emergenza(residente_id=RESIDENTE, scopi=("documenti:leggi",))
    rescuer = make_mandato(uuid4(), settore="pronto", extent=Extent.PROPRI, emergenza=opened, motivo="")

    assert reaches(desk, lent, documento.id)
    assert reaches(desk, rescuer, documento.id)
    with pytest.raises(Forbidden, match="motivo_richiesto"):
        desk.list(make_mandato(uuid4(), settore="adulti", motivo=""))


def test_a_case_out_of_reach_asks_nothing_it_is_not_there(desk: Desk) -> None:
    documento = desk.upload(PDF + b"1")
    stranger = make_mandato(MARCO, settore="anziani", motivo="")

    assert not reaches(desk, stranger, documento.id)


def test_a_case_of_whom_nobody_said_yet_is_closed_to_those_who_have_relatives(
    desk: Desk, settings: Settings
) -> None:
    documento = desk.upload(PDF + b"1")
    with psycopg.connect(settings.database_url.replace("+psycopg2", "")) as connection:
        connection.execute("UPDATE cartelle_note SET residente_id = NULL")

    assert not reaches(desk, make_mandato(GIULIA, esclusi=(RESIDENTE,)), documento.id)
