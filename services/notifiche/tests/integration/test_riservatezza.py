"""Whom an alert reaches when the case is of a second level, of one's own household, or of a protected person."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.notifiche.tests.conftest import Door
from services.notifiche.tests.factories import OGGI, make_cartella_event, make_mandato
from services.notifiche.tests.integration.test_alerts import abilitato, deceduto, listed

from contracts.anagrafe import NucleoVariatoV1, ResidenteRiservatoV1, ResidenteTrasferitoV1
from contracts.cartella import CartellaRiservataV1, CondivisionePropostaV1
from contracts.erogazioni import FoglioPropostoV1, StatoFoglio
from contracts.errors import NotFound
from contracts.gateway import (
    AccessoAnomaloV1,
    EmergenzaApertaV1,
    EmergenzaRivistaV1,
    RapportoAnomaliePreparatoV1,
)
from contracts.mandato import Emergenza, Extent
from contracts.notifiche import AvvisoCreatoV1, ConfirmAvviso, MarkAvvisoLetto
from notifiche.policies import InboxReaders
from notifiche.projections import mail_addresses
from notifiche.repository import MailRepository
from notifiche.use_cases import answers, registry
from notifiche.use_cases.making import today

AVVISI = {
    "avvisi:leggi": Extent.SETTORE,
    "avvisi:scrivi": Extent.SETTORE,
    "presa_in_carico:leggi": Extent.SETTORE,
    "fogli:leggi": Extent.SETTORE,
}
TUTELA = {**AVVISI, "secondo_livello:leggi": Extent.SETTORE}
NOW = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)


def to_whom(door: Door) -> list[str]:
    """Addresses of the mails due now."""
    with door.db.transaction() as tx:
        return sorted(
            one
            for mail in MailRepository(tx).claim(50)
            for one in mail_addresses(mail, InboxReaders(), today(), tx)
        )


def addressed(door: Door) -> list[tuple[UUID | None, str]]:
    return [
        tuple(row) for row in door.execute("SELECT destinatario_id, settore FROM avvisi ORDER BY creato_il")
    ]


# --- offers ------------------------------------------------------------------------------------------------------


def test_an_offered_case_is_told_of_to_the_settore_it_is_offered_to_however_far_another_reaches(
    door: Door,
) -> None:
    door.deliver(
        CondivisionePropostaV1(
            condivisione_id=uuid4(), numero="F704-2026-000009", da_ente="F704", da_settore="tutela",
            proposta_da=uuid4(), ente="F704", settore="minori", data=OGGI,
        )
    )  # fmt: skip

    there = listed(door, make_mandato(extent=Extent.ENTE, settore="minori"))
    elsewhere = listed(door, make_mandato(extent=Extent.ENTE, settore="adulti"))

    assert ([one.cartella_numero for one in there], elsewhere) == (["F704-2026-000009"], [])


# --- second level ------------------------------------------------------------------------------------------------


def test_an_alert_of_a_second_level_case_goes_to_people_of_that_settore_alone(door: Door) -> None:
    outside, inside, residente = uuid4(), uuid4(), uuid4()
    door.deliver(abilitato(outside, settore="adulti"))
    door.deliver(abilitato(inside, settore="tutela"))
    door.deliver(
        make_cartella_event(residente, responsabile_id=outside, team=(inside,), settore_riservato="tutela")
    )

    door.deliver(deceduto(residente))

    assert addressed(door) == [(inside, "tutela")]


def test_its_inbox_is_that_settores_and_an_unknown_worker_is_not_trusted(door: Door) -> None:
    residente = uuid4()
    door.deliver(abilitato(uuid4(), ruolo="coordinatore", email="minori@example.org"))
    door.deliver(abilitato(uuid4(), settore="tutela", email="tutela@example.org"))
    door.deliver(make_cartella_event(residente, responsabile_id=uuid4(), settore_riservato="tutela"))

    door.deliver(deceduto(residente))

    assert addressed(door) == [(None, "tutela")]
    assert to_whom(door) == ["tutela@example.org"]
    assert listed(door, make_mandato(settore="minori")) == []
    assert len(listed(door, make_mandato(settore="tutela", estensioni=TUTELA))) == 1
    assert listed(door, make_mandato(settore="tutela")) == [], "the settore alone is not the second level"


def test_the_gateway_is_told_whom_an_alert_is_about_and_whose_case_it_is_in(door: Door) -> None:
    residente, other = uuid4(), uuid4()
    door.deliver(make_cartella_event(residente))

    door.deliver(deceduto(other, residente))

    assert [set(row["residenti"]) for row in door.emitted(AvvisoCreatoV1)] == [{str(residente), str(other)}]


def test_a_case_that_enters_the_second_level_takes_its_alerts_with_it(door: Door) -> None:
    giulia, coordinatore, residente = uuid4(), uuid4(), uuid4()
    door.deliver(abilitato(giulia))
    door.deliver(abilitato(coordinatore, ruolo="coordinatore"))
    opened = make_cartella_event(residente, responsabile_id=giulia)
    door.deliver(opened)
    door.deliver(deceduto(residente))
    door.deliver(foglio(opened.cartella_id, residente))
    assert {who for who, _ in addressed(door)} == {giulia, coordinatore}

    reserved = opened.model_dump() | {"settore_riservato": "tutela"}
    door.deliver(CartellaRiservataV1.model_validate(reserved), 2)

    assert addressed(door) == [(None, "tutela"), (None, "tutela")]
    for who in (giulia, coordinatore):
        assert listed(door, make_mandato(who)) == []
    found = listed(door, make_mandato(settore="tutela", estensioni=TUTELA))
    assert {one.tipo for one in found} == {"decesso", "foglio_da_approvare"}


def foglio(cartella_id: UUID, residente_id: UUID) -> FoglioPropostoV1:
    return FoglioPropostoV1(
        foglio_id=uuid4(), numero="2026/7", cartella_id=cartella_id, residente_id=residente_id, ente="F704",
        voce_istat="G13", importo="100.00", dal=OGGI, stato=StatoFoglio.PROPOSTO, data=OGGI, proponente_id=uuid4(),
    )  # fmt: skip


# --- own household -----------------------------------------------------------------------------------------------


@pytest.fixture
def relative(door: Door) -> tuple[UUID, UUID]:
    """(operator, a person he lives with), known from the mandate with which he read his alerts once."""
    operatore, residente = uuid4(), uuid4()
    door.deliver(abilitato(operatore, email="relative@example.org"))
    answers.list_mine(answers.ListAvvisi(), make_mandato(operatore, esclusi=(residente,)), door.db)
    return operatore, residente


def test_who_lives_with_a_person_gets_no_alert_of_him_the_coordinatore_does(
    door: Door, relative: tuple[UUID, UUID]
) -> None:
    operatore, residente = relative
    coordinatore, colleague = uuid4(), uuid4()
    door.deliver(abilitato(coordinatore, ruolo="coordinatore", email="coordinatore@example.org"))
    door.deliver(make_cartella_event(residente, responsabile_id=operatore, team=(colleague,)))

    door.deliver(deceduto(residente))

    assert addressed(door) == [(coordinatore, "minori")]
    assert to_whom(door) == ["coordinatore@example.org"]


def test_nor_does_he_find_it_in_the_inbox_nor_its_mail(door: Door, relative: tuple[UUID, UUID]) -> None:
    operatore, residente = relative
    door.deliver(abilitato(uuid4(), email="colleague@example.org"))
    event = make_cartella_event(residente)
    door.deliver(event)
    door.deliver(deceduto(residente))
    (avviso,) = listed(door, make_mandato())
    himself = make_mandato(operatore, esclusi=(residente,))

    assert to_whom(door) == ["colleague@example.org"]
    assert answers.list_mine(answers.ListAvvisi(), himself, door.db).non_letti == 0
    with pytest.raises(NotFound):
        answers.mark_letto(MarkAvvisoLetto(avviso_id=avviso.id), himself, door.db)
    with pytest.raises(NotFound):
        answers.confirm(ConfirmAvviso(avviso_id=avviso.id, version=1), himself, door.db)


def test_an_alert_about_a_relative_in_somebody_elses_case_is_hidden_too(
    door: Door, relative: tuple[UUID, UUID]
) -> None:
    operatore, residente = relative
    other = uuid4()
    door.deliver(make_cartella_event(other, responsabile_id=operatore))

    door.deliver(deceduto(residente, other))

    assert addressed(door) == [(None, "minori")]
    assert listed(door, make_mandato(operatore, esclusi=(residente,))) == []


def test_alerts_already_his_go_to_somebody_else_when_his_household_is_learned(door: Door) -> None:
    giulia, coordinatore, residente = uuid4(), uuid4(), uuid4()
    door.deliver(abilitato(coordinatore, ruolo="coordinatore"))
    opened = make_cartella_event(residente, responsabile_id=giulia)
    door.deliver(opened)
    door.deliver(deceduto(residente))
    assert addressed(door) == [(giulia, "minori")]

    assert listed(door, make_mandato(giulia, esclusi=(residente,))) == []

    assert addressed(door) == [(coordinatore, "minori")]
    assert door.emitted(AvvisoCreatoV1)[-1]["destinatario_id"] == str(coordinatore)


def test_a_coordinatore_who_lives_with_the_person_is_not_asked_to_approve(door: Door) -> None:
    coordinatore, residente = uuid4(), uuid4()
    door.deliver(abilitato(coordinatore, ruolo="coordinatore"))
    answers.list_mine(answers.ListAvvisi(), make_mandato(coordinatore, esclusi=(residente,)), door.db)
    opened = make_cartella_event(residente)
    door.deliver(opened)

    door.deliver(foglio(opened.cartella_id, residente))

    assert addressed(door) == [(None, "minori")]


def test_who_stands_in_finds_the_alerts_of_the_absent(door: Door) -> None:
    giulia, residente = uuid4(), uuid4()
    door.deliver(make_cartella_event(residente, responsabile_id=giulia, settore="anziani"))
    door.deliver(deceduto(residente))

    assert len(listed(door, make_mandato(in_delega_di=giulia))) == 1
    assert listed(door, make_mandato()) == []


# --- protected persons -------------------------------------------------------------------------------------------


def moved(residente_id: UUID, *componenti: UUID, riservato: bool) -> ResidenteTrasferitoV1:
    return ResidenteTrasferitoV1(
        residente_id=residente_id, ente="F704", componenti=(residente_id, *componenti), data_evento=OGGI,
        motivo="cambio_indirizzo", riservato=riservato,
    )  # fmt: skip


@pytest.mark.parametrize("riservato", [True, False])
def test_where_a_protected_person_went_is_told_in_her_own_case_alone(door: Door, riservato: bool) -> None:
    protected, husband = uuid4(), uuid4()
    hers, his = make_cartella_event(protected), make_cartella_event(husband)
    door.deliver(hers)
    door.deliver(his)

    door.deliver(moved(protected, husband, riservato=riservato))

    cases = {one.cartella_id for one in listed(door, make_mandato())}
    assert cases == ({hers.cartella_id} if riservato else {hers.cartella_id, his.cartella_id})


def test_that_a_protected_person_died_is_told_without_naming_her(door: Door) -> None:
    protected, husband = uuid4(), uuid4()
    door.deliver(make_cartella_event(husband))

    door.deliver(deceduto(protected, husband).model_copy(update={"riservato": True}))

    (avviso,) = listed(door, make_mandato())
    assert (avviso.tipo, avviso.residente_id) == ("decesso", husband)
    assert str(protected) not in avviso.model_dump_json()


def test_a_household_that_a_protected_person_left_or_joined_says_nothing_of_him(door: Door) -> None:
    child, origin = uuid4(), uuid4()
    door.deliver(make_cartella_event(origin))
    event = NucleoVariatoV1(
        nucleo_id=uuid4(),
        ente="F704",
        usciti=(child,),
        componenti=(origin,),
        data_evento=OGGI,
        riservati=(child,),
    )

    door.deliver(event, time=datetime.now(UTC))
    door.execute("UPDATE fatti_anagrafe SET valuta_dal = now() - interval '1 second'")
    registry.tell_waiting_nuclei(door.db)

    assert listed(door, make_mandato()) == []


def test_what_was_said_before_of_a_person_now_protected_names_him_no_more(door: Door) -> None:
    child, origin = uuid4(), uuid4()
    own = make_cartella_event(child)
    door.deliver(own)
    door.deliver(make_cartella_event(origin))
    door.deliver(moved(child, origin, riservato=False))

    door.deliver(ResidenteRiservatoV1(residente_id=child, ente="F704", riservato=True))

    found = {one.cartella_id == own.cartella_id: one.residente_id for one in listed(door, make_mandato())}
    assert found == {True: child, False: origin}


# --- break-the-glass ---------------------------------------------------------------------------------------------


def emergenza(operatore_id: UUID, **changes: Any) -> EmergenzaApertaV1:
    values: dict[str, Any] = {
        "emergenza_id": uuid4(), "operatore_id": operatore_id, "ruolo": "pronto_intervento", "ente": "F704",
        "settore": "pronto", "residente_id": uuid4(), "aperta_il": NOW, "scade_il": NOW + timedelta(hours=1),
    }  # fmt: skip
    return EmergenzaApertaV1(**values | changes)


def test_an_emergency_is_told_to_the_coordinatori_of_the_settore_and_to_the_dpo(door: Door) -> None:
    here, elsewhere, rpd, himself = (uuid4() for _ in range(4))
    door.deliver(abilitato(here, settore="pronto", ruolo="coordinatore", email="c@example.org"))
    door.deliver(abilitato(elsewhere, settore="adulti", ruolo="coordinatore"))
    door.deliver(abilitato(rpd, settore="direzione", ruolo="rpd", email="rpd@example.org"))
    door.deliver(abilitato(himself, settore="pronto", ruolo="coordinatore"))

    event = emergenza(himself)
    door.deliver(event)

    assert {who for who, _ in addressed(door)} == {here, rpd}
    assert to_whom(door) == ["c@example.org", "rpd@example.org"]
    (avviso,) = listed(door, make_mandato(here, settore="pronto"))
    assert (avviso.tipo, avviso.riferimento_id, avviso.gravita) == (
        "emergenza_aperta",
        event.emergenza_id,
        "alta",
    )
    assert "23/11/2026 alle 10:05" in avviso.descrizione
    for hidden in (event.residente_id, event.operatore_id):
        assert str(hidden) not in avviso.model_dump_json()


def test_without_a_coordinatore_there_those_of_the_ente_are_told_and_never_a_relative(door: Door) -> None:
    relative, other = uuid4(), uuid4()
    event = emergenza(uuid4())
    door.deliver(abilitato(relative, settore="adulti", ruolo="coordinatore"))
    door.deliver(abilitato(other, settore="anziani", ruolo="coordinatore"))
    answers.list_mine(answers.ListAvvisi(), make_mandato(relative, esclusi=(event.residente_id,)), door.db)

    door.deliver(event)

    assert [who for who, _ in addressed(door)] == [other]


def test_it_is_said_again_until_somebody_signs_and_then_no_more(door: Door) -> None:
    rpd = uuid4()
    door.deliver(abilitato(rpd, settore="direzione", ruolo="rpd"))
    event = emergenza(uuid4())
    door.deliver(event)
    door.deliver(event.model_copy(update={"sollecito": 1}))
    (again,) = listed(door, make_mandato(rpd))
    assert "sollecito n. 1" in again.descrizione

    door.deliver(
        EmergenzaRivistaV1(
            emergenza_id=event.emergenza_id, operatore_id=event.operatore_id, revisore_id=rpd, ente="F704",
            esito="giustificata", rivista_il=NOW,
        )
    )  # fmt: skip

    assert listed(door, make_mandato(rpd)) == []


def test_an_emergency_mandate_reads_no_alerts_of_the_person(door: Door) -> None:
    residente = uuid4()
    door.deliver(make_cartella_event(residente))
    door.deliver(deceduto(residente))
    opened = Emergenza(residente_id=residente, scopi=("diario:leggi",))

    assert listed(door, make_mandato(settore="pronto", emergenza=opened)) == []


# --- odd readings ------------------------------------------------------------------------------------------------


def test_an_odd_reading_is_told_to_the_dpo_without_saying_whose(door: Door) -> None:
    rpd, himself = uuid4(), uuid4()
    door.deliver(abilitato(rpd, settore="direzione", ruolo="rpd", email="rpd@example.org"))
    door.deliver(abilitato(himself, settore="direzione", ruolo="rpd"))
    event = AccessoAnomaloV1(
        anomalia_id=uuid4(), regola="stesso_cognome", ente="F704", operatore_id=himself, ruolo="rpd",
        settore="direzione", righe=3, dal=NOW, al=NOW,
    )  # fmt: skip

    door.deliver(event)

    assert [who for who, _ in addressed(door)] == [rpd]
    assert to_whom(door) == ["rpd@example.org"]
    (avviso,) = listed(door, make_mandato(rpd))
    assert (
        avviso.descrizione == "Una regola ha trovato 3 accessi: persone con lo stesso cognome di chi legge."
    )
    assert str(himself) not in avviso.model_dump_json()


def test_the_week_is_told_to_the_dpo_of_that_ente(door: Door) -> None:
    rpd = uuid4()
    door.deliver(abilitato(rpd, settore="direzione", ruolo="rpd", email="rpd@example.org"))
    door.deliver(abilitato(uuid4(), ente="B212", ruolo="rpd"))

    door.deliver(
        RapportoAnomaliePreparatoV1(
            rapporto_id=uuid4(),
            ente="F704",
            dal="2026-11-16",
            al="2026-11-22",
            nuove=2,
            aperte=1,
            per_regola={},
        )
    )

    assert [who for who, _ in addressed(door)] == [rpd]
    (avviso,) = listed(door, make_mandato(rpd))
    assert "nuove 2, ancora da guardare 1" in avviso.descrizione
