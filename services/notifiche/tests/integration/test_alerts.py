"""From events to alerts, on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.notifiche.tests.conftest import Door
from services.notifiche.tests.factories import OGGI, make_cartella_event, make_mandato

from chassis.outbox import RetryLater
from contracts.anagrafe import (
    NucleoVariatoV1,
    ResidenteDecedutoV1,
    ResidenteRegistratoV1,
    ResidenteVariatoV1,
)
from contracts.cartella import CartellaApertaV1, CartellaAssegnataV1, CartellaChiusaV1, CartellaRiapertaV1
from contracts.documenti import StampaProntaV1
from contracts.erogazioni import FoglioApprovatoV1, FoglioPropostoV1, StatoFoglio
from contracts.errors import Conflict, NotFound
from contracts.gateway import OperatoreAbilitatoV1, OperatoreRevocatoV1
from contracts.mandato import Extent, Mandato
from contracts.notifiche import (
    AvvisoConfermatoV1,
    AvvisoCreatoV1,
    AvvisoOut,
    ConfirmAvviso,
    ListAvvisi,
    MarkAvvisoLetto,
    StatoAvviso,
)
from notifiche.use_cases import answers, cartelle, registry


def deceduto(residente_id: UUID, *componenti: UUID) -> ResidenteDecedutoV1:
    return ResidenteDecedutoV1(
        residente_id=residente_id,
        ente="F704",
        componenti=(residente_id, *componenti),
        data_evento=OGGI,
        data_decesso=OGGI,
    )


def abilitato(operatore_id: UUID, **changes: Any) -> OperatoreAbilitatoV1:
    values: dict[str, Any] = {
        "operatore_id": operatore_id,
        "incarico_id": uuid4(),
        "ente": "F704",
        "settore": "minori",
        "ruolo": "assistente_sociale",
        "email": "x@example.org",
        "dal": "2026-01-01",
    }
    return OperatoreAbilitatoV1(**values | changes)


def listed(door: Door, mandato: Mandato, **request: Any) -> list[AvvisoOut]:
    return list(answers.list_mine(ListAvvisi(**request), mandato, door.db).avvisi)


@pytest.fixture
def residente_id() -> UUID:
    return uuid4()


@pytest.fixture
def giulia() -> UUID:
    return uuid4()


@pytest.fixture
def cartella_id(door: Door, residente_id: UUID, giulia: UUID) -> UUID:
    event = make_cartella_event(residente_id, responsabile_id=giulia)
    door.deliver(event)
    return event.cartella_id


def test_the_responsible_worker_of_the_dead_person_is_told(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    door.deliver(deceduto(residente_id))

    [avviso] = listed(door, make_mandato(giulia))

    assert (avviso.tipo, avviso.gravita, avviso.cartella_id) == ("decesso", "alta", cartella_id)
    assert avviso.da_confermare
    assert [row["destinatario_id"] for row in door.emitted(AvvisoCreatoV1)] == [str(giulia)]


@pytest.mark.usefixtures("cartella_id")
def test_two_deaths_in_a_family_are_two_alerts(door: Door, residente_id: UUID, giulia: UUID) -> None:
    grandmother, grandfather = uuid4(), uuid4()

    door.deliver(deceduto(grandmother, residente_id))
    door.deliver(deceduto(grandfather, residente_id))

    assert {one.residente_id for one in listed(door, make_mandato(giulia))} == {grandmother, grandfather}


@pytest.mark.usefixtures("cartella_id")
def test_the_same_event_twice_is_one_alert(door: Door, residente_id: UUID, giulia: UUID) -> None:
    envelope = door.deliver(deceduto(residente_id))
    door.redeliver(envelope)
    door.execute("DELETE FROM inbox")
    door.redeliver(envelope)

    assert len(listed(door, make_mandato(giulia))) == 1
    assert len(door.emitted(AvvisoCreatoV1)) == 1
    assert door.execute("SELECT count(*) FROM mail")[0][0] == 1


def test_one_person_in_two_cases_alerts_both(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    other = make_cartella_event(residente_id, settore="adulti", responsabile_id=giulia)
    door.deliver(other)

    door.deliver(deceduto(residente_id))

    assert {one.cartella_id for one in listed(door, make_mandato(giulia))} == {cartella_id, other.cartella_id}


def test_a_closed_case_is_not_told(door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID) -> None:
    closed = make_cartella_event(residente_id, CartellaChiusaV1, cartella_id=cartella_id, stato="chiusa")
    door.deliver(closed, sequence=2)

    door.deliver(deceduto(residente_id))

    assert listed(door, make_mandato(giulia), solo_aperti=False) == []


def test_a_fact_faster_than_its_case_is_told_when_the_case_arrives(
    door: Door, residente_id: UUID, giulia: UUID
) -> None:
    opened = datetime.now(UTC)
    door.deliver(deceduto(residente_id), time=opened + timedelta(seconds=1))

    door.deliver(make_cartella_event(residente_id, responsabile_id=giulia), time=opened)

    assert [one.tipo for one in listed(door, make_mandato(giulia))] == ["decesso"]


def test_a_fact_older_than_its_case_is_not_news(door: Door, residente_id: UUID, giulia: UUID) -> None:
    door.deliver(deceduto(residente_id), time=datetime.now(UTC) - timedelta(days=1))

    door.deliver(make_cartella_event(residente_id, responsabile_id=giulia))

    assert listed(door, make_mandato(giulia)) == []


def test_events_of_a_case_in_the_wrong_order_end_in_the_newest_state(
    door: Door, residente_id: UUID, giulia: UUID
) -> None:
    cartella_id, marco = uuid4(), uuid4()
    newest = make_cartella_event(
        residente_id, CartellaAssegnataV1, cartella_id=cartella_id, responsabile_id=giulia
    )
    oldest = make_cartella_event(
        residente_id, CartellaApertaV1, cartella_id=cartella_id, responsabile_id=marco
    )

    door.deliver(newest, sequence=3)
    door.deliver(oldest, sequence=1)
    door.deliver(deceduto(residente_id))

    assert len(listed(door, make_mandato(giulia))) == 1
    assert listed(door, make_mandato(marco, Extent.PROPRI)) == []


def test_without_an_owner_the_inbox_of_the_settore_has_it(door: Door, residente_id: UUID) -> None:
    door.deliver(make_cartella_event(residente_id, responsabile_id=None))

    door.deliver(deceduto(residente_id))

    assert len(listed(door, make_mandato())) == 1
    assert listed(door, make_mandato(settore="anziani")) == []
    assert listed(door, make_mandato(ente="B212")) == []


def test_a_worker_who_left_hands_the_alert_to_the_coordinatore(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    anna, incarico = uuid4(), abilitato(giulia)
    door.deliver(abilitato(anna, ruolo="coordinatore"))
    door.deliver(incarico)
    door.deliver(deceduto(residente_id))
    revoked = OperatoreRevocatoV1(operatore_id=giulia, incarico_id=incarico.incarico_id, data="2026-01-02")
    door.deliver(revoked, sequence=2)

    moved = cartelle.readdress_orphans(door.db)

    assert moved == 1
    assert listed(door, make_mandato(giulia)) == []
    assert [one.cartella_id for one in listed(door, make_mandato(anna))] == [cartella_id]


def test_a_revocation_that_overtakes_its_incarico_still_holds(
    door: Door, residente_id: UUID, giulia: UUID
) -> None:
    incarico = abilitato(giulia)
    revoked = OperatoreRevocatoV1(operatore_id=giulia, incarico_id=incarico.incarico_id, data="2026-01-02")
    door.deliver(revoked, sequence=2)
    door.deliver(incarico, sequence=1)

    door.deliver(make_cartella_event(residente_id, responsabile_id=giulia))
    door.deliver(deceduto(residente_id))

    assert listed(door, make_mandato(giulia, Extent.PROPRI)) == []
    assert len(listed(door, make_mandato())) == 1


def test_a_case_that_changes_hands_takes_its_open_alerts_along(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    marco = uuid4()
    door.deliver(deceduto(residente_id))
    given = make_cartella_event(
        residente_id, CartellaAssegnataV1, cartella_id=cartella_id, responsabile_id=marco
    )

    door.deliver(given, sequence=2)

    assert listed(door, make_mandato(giulia)) == []
    assert len(listed(door, make_mandato(marco))) == 1
    assert [row["destinatario_id"] for row in door.emitted(AvvisoCreatoV1)] == [str(giulia), str(marco)]


def test_a_reopened_case_hears_what_happens_from_then_on(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    closed = make_cartella_event(residente_id, CartellaChiusaV1, cartella_id=cartella_id, stato="chiusa")
    door.deliver(closed, sequence=2)
    again = make_cartella_event(
        residente_id, CartellaRiapertaV1, cartella_id=cartella_id, responsabile_id=giulia
    )
    door.deliver(again, sequence=3)

    door.deliver(deceduto(residente_id))

    assert len(listed(door, make_mandato(giulia))) == 1


# --- birth and household -----------------------------------------------------------------------------------------


def nucleo(door: Door, cartella_residente: UUID, **members: tuple[UUID, ...]) -> NucleoVariatoV1:
    everybody = tuple(one for group in members.values() for one in group)
    return NucleoVariatoV1(
        nucleo_id=uuid4(),
        ente="F704",
        componenti=(cartella_residente, *everybody),
        data_evento=OGGI,
        **members,
    )


def end_wait(door: Door) -> None:
    door.execute("UPDATE fatti_anagrafe SET valuta_dal = now() WHERE valuta_dal IS NOT NULL")
    registry.tell_waiting_nuclei(door.db)


@pytest.mark.usefixtures("cartella_id")
@pytest.mark.parametrize("first", ["person", "household"])
def test_a_birth_is_told_once_in_whatever_order_it_arrives(
    door: Door, residente_id: UUID, giulia: UUID, first: str
) -> None:
    child = uuid4()
    birth = ResidenteRegistratoV1(
        residente_id=child, ente="F704", componenti=(residente_id, child), data_evento=OGGI, motivo="nascita"
    )
    grown = nucleo(door, residente_id, entrati=(child,))
    for event in (birth, grown) if first == "person" else (grown, birth):
        door.deliver(event)

    end_wait(door)

    assert [one.tipo for one in listed(door, make_mandato(giulia))] == ["nascita"]


@pytest.mark.usefixtures("cartella_id")
def test_a_household_change_nothing_else_tells_is_told(door: Door, residente_id: UUID, giulia: UUID) -> None:
    uncle = uuid4()
    door.deliver(nucleo(door, residente_id, entrati=(uncle,)))

    end_wait(door)

    [avviso] = listed(door, make_mandato(giulia))
    assert (avviso.tipo, avviso.residente_id) == ("nucleo", uncle)


def test_a_household_change_is_told_to_the_case_the_birth_did_not_reach(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    child, father, marco = uuid4(), uuid4(), uuid4()
    door.deliver(make_cartella_event(father, responsabile_id=marco))
    birth = ResidenteRegistratoV1(
        residente_id=child, ente="F704", componenti=(residente_id, child), data_evento=OGGI, motivo="nascita"
    )
    grown = NucleoVariatoV1(
        nucleo_id=uuid4(),
        ente="F704",
        entrati=(child,),
        componenti=(residente_id, father, child),
        data_evento=OGGI,
    )
    door.deliver(birth)
    door.deliver(grown)

    end_wait(door)

    assert [one.tipo for one in listed(door, make_mandato(giulia))] == ["nascita"]
    assert [one.tipo for one in listed(door, make_mandato(marco))] == ["nucleo"]


@pytest.mark.usefixtures("cartella_id")
def test_a_household_change_waits_its_turn(door: Door, residente_id: UUID) -> None:
    door.deliver(nucleo(door, residente_id, entrati=(uuid4(),)))

    assert registry.tell_waiting_nuclei(door.db) == 0


# --- answers -----------------------------------------------------------------------------------------------------


@pytest.fixture
def avviso(door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID) -> AvvisoOut:
    door.deliver(deceduto(residente_id))
    [found] = listed(door, make_mandato(giulia), cartella_id=cartella_id)
    return found


def test_confirming_closes_the_alert_and_tells_cartella(
    door: Door, giulia: UUID, residente_id: UUID, avviso: AvvisoOut
) -> None:
    request = ConfirmAvviso(avviso_id=avviso.id, version=avviso.version, idempotency_key=uuid4())

    first = answers.confirm(request, make_mandato(giulia), door.db)
    again = answers.confirm(request, make_mandato(giulia), door.db)

    assert first == again
    assert (first.stato, first.da_confermare) == (StatoAvviso.CONFERMATO, False)
    [told] = door.emitted(AvvisoConfermatoV1)
    assert (told["esito"], told["operatore_id"], told["residente_id"]) == (
        "confermato",
        str(giulia),
        str(residente_id),
    )
    assert listed(door, make_mandato(giulia)) == []


def test_a_stale_version_gets_the_version_in_store(door: Door, giulia: UUID, avviso: AvvisoOut) -> None:
    answers.mark_letto(MarkAvvisoLetto(avviso_id=avviso.id), make_mandato(giulia), door.db)

    with pytest.raises(Conflict) as refused:
        answers.confirm(ConfirmAvviso(avviso_id=avviso.id, version=1), make_mandato(giulia), door.db)

    assert refused.value.details["attuale"]["version"] == 2


@pytest.mark.parametrize(
    "stranger",
    [make_mandato(), make_mandato(extent=Extent.PROPRI), make_mandato(ente="B212", extent=Extent.ENTE)],
    ids=["colleague", "colleague_own_only", "foreign_director"],
)
def test_an_alert_of_another_does_not_exist(door: Door, avviso: AvvisoOut, stranger: Mandato) -> None:
    with pytest.raises(NotFound):
        answers.confirm(ConfirmAvviso(avviso_id=avviso.id, version=1), stranger, door.db)

    answer = answers.list_mine(ListAvvisi(), stranger, door.db)
    assert (answer.avvisi, answer.totale, answer.non_letti) == ((), 0, 0)


@pytest.mark.usefixtures("avviso")
def test_reading_lowers_the_count_but_leaves_a_fact_to_be_confirmed(door: Door, giulia: UUID) -> None:
    mandato = make_mandato(giulia)
    [found] = listed(door, mandato)

    read = answers.mark_letto(MarkAvvisoLetto(avviso_id=found.id), mandato, door.db)

    answer = answers.list_mine(ListAvvisi(), mandato, door.db)
    assert (read.stato, answer.totale, answer.non_letti) == (StatoAvviso.LETTO, 1, 0)


def test_a_variation_carries_the_names_of_the_changed_fields(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    event = ResidenteVariatoV1(
        residente_id=residente_id,
        ente="F704",
        data_evento=OGGI,
        campi_variati=("stato_civile", "cittadinanza"),
    )
    door.deliver(event)

    [avviso] = listed(door, make_mandato(giulia), cartella_id=cartella_id)
    assert avviso.campi_variati == ("stato_civile", "cittadinanza")


# --- fogli and prints --------------------------------------------------------------------------------------------


def proposto(cartella_id: UUID, residente_id: UUID, proponente_id: UUID) -> FoglioPropostoV1:
    return FoglioPropostoV1(
        foglio_id=uuid4(),
        cartella_id=cartella_id,
        residente_id=residente_id,
        ente="F704",
        voce_istat="X",
        stato=StatoFoglio.PROPOSTO,
        data=OGGI,
        proponente_id=proponente_id,
    )


def approvato(event: FoglioPropostoV1, approvatore_id: UUID) -> FoglioApprovatoV1:
    return FoglioApprovatoV1(**event.model_dump() | {"approvatore_id": approvatore_id, "stato": "approvato"})


def test_what_waits_for_approval_goes_where_the_case_goes(door: Door) -> None:
    residente, anna = uuid4(), uuid4()
    door.deliver(abilitato(anna, ruolo="coordinatore"))
    opened = make_cartella_event(residente)
    door.deliver(opened)
    door.deliver(proposto(opened.cartella_id, residente, uuid4()))
    assert [one.tipo for one in listed(door, make_mandato(anna))] == ["foglio_da_approvare"]

    moved = opened.model_dump() | {"settore": "adulti"}
    door.deliver(CartellaAssegnataV1.model_validate(moved), 2)

    there = make_mandato(
        settore="adulti", estensioni={"avvisi:leggi": Extent.SETTORE, "fogli:leggi": Extent.SETTORE}
    )
    assert listed(door, make_mandato(anna)) == []
    assert [one.tipo for one in listed(door, there)] == ["foglio_da_approvare"]


def test_coordinatori_are_asked_and_the_decision_ends_the_asking(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    anna, bruna = uuid4(), uuid4()
    for one in (anna, bruna):
        door.deliver(abilitato(one, ruolo="coordinatore"))
    event = proposto(cartella_id, residente_id, giulia)
    door.deliver(event)
    assert [one.tipo for one in listed(door, make_mandato(bruna))] == ["foglio_da_approvare"]

    door.deliver(approvato(event, anna))

    assert listed(door, make_mandato(bruna)) == []
    [news] = listed(door, make_mandato(giulia))
    assert (news.tipo, news.titolo) == ("foglio_deciso", "Foglio amministrativo approvato")


def test_a_coordinatore_is_not_asked_to_approve_what_he_proposed(
    door: Door, residente_id: UUID, cartella_id: UUID
) -> None:
    anna = uuid4()
    door.deliver(abilitato(anna, ruolo="coordinatore"))

    door.deliver(proposto(cartella_id, residente_id, anna))

    assert [row["destinatario_id"] for row in door.emitted(AvvisoCreatoV1)] == [None]


def test_a_request_to_a_coordinatore_who_left_waits_in_the_inbox(
    door: Door, residente_id: UUID, giulia: UUID, cartella_id: UUID
) -> None:
    anna = uuid4()
    incarico = abilitato(anna, ruolo="coordinatore")
    door.deliver(incarico)
    door.deliver(proposto(cartella_id, residente_id, giulia))
    revoked = OperatoreRevocatoV1(operatore_id=anna, incarico_id=incarico.incarico_id, data="2026-01-02")
    door.deliver(revoked, sequence=2)

    cartelle.readdress_orphans(door.db)
    cartelle.readdress_orphans(door.db)

    assert [row["destinatario_id"] for row in door.emitted(AvvisoCreatoV1)] == [str(anna), None]


def test_a_decision_that_overtakes_its_proposal_waits(
    door: Door, residente_id: UUID, cartella_id: UUID
) -> None:
    with pytest.raises(RetryLater):
        door.deliver(approvato(proposto(cartella_id, residente_id, uuid4()), uuid4()))


def test_who_asked_for_a_print_hears_that_it_is_ready(door: Door, giulia: UUID, cartella_id: UUID) -> None:
    event = StampaProntaV1(
        stampa_id=uuid4(),
        cartella_id=cartella_id,
        ente="F704",
        richiedente_id=giulia,
        sha256="0" * 64,
        pagine=3,
    )
    door.deliver(event)

    [news] = listed(door, make_mandato(giulia))
    assert (news.tipo, news.da_confermare) == ("stampa_pronta", False)


def test_a_case_and_a_fact_that_arrive_together_never_miss_each_other(door: Door, giulia: UUID) -> None:
    started = datetime.now(UTC)
    people = [uuid4() for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        for person in people:
            pool.submit(door.deliver, make_cartella_event(person, responsabile_id=giulia), time=started)
            pool.submit(door.deliver, deceduto(person), time=started + timedelta(seconds=1))

    assert {one.residente_id for one in listed(door, make_mandato(giulia))} == set(people)
