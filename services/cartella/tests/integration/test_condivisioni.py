"""Grants in the real store: what the borrower sees, when, and who may lend."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.cartella.tests.factories import (
    make_add_isee,
    make_add_voce,
    make_mandato,
    make_open,
    make_proposal,
)
from services.cartella.tests.integration.conftest import events_of
from services.cartella.tests.integration.doors import SINGLE, finds, texts, ways_in

from cartella.domain.steps import local_date
from cartella.use_cases import condivisioni, diario, fascicolo, isee, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import (
    AssignCartella,
    CartellaOut,
    CondivisioneDecisaV1,
    ExportFascicolo,
    GetCartella,
    ListCartelle,
    ListIsee,
    SetRiservatezza,
    TakeInCarico,
)
from contracts.condivisioni import (
    CondivisioneOut,
    DecideCondivisione,
    ListCondivisioni,
    RevokeCondivisione,
    StatoCondivisione,
)
from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.events import Envelope
from contracts.mandato import Extent, Mandato


@pytest.fixture
def sara(settore: str) -> Mandato:
    """Works in the settore that the case is lent to."""
    return make_mandato(settore=f"{settore}-adulti")


@pytest.fixture
def collega(sara: Mandato) -> Mandato:
    return make_mandato(settore=sara.settore)


def propose(
    caso: CartellaOut, who: Mandato, receiver: Mandato, database: MongoDatabase, **changes: Any
) -> CondivisioneOut:
    return condivisioni.propose_condivisione(make_proposal(caso.id, receiver, **changes), who, database)


def decide(
    offer: CondivisioneOut, who: Mandato, database: MongoDatabase, accetta: bool = True, **changes: Any
) -> CondivisioneOut:
    fields = {"condivisione_id": offer.id, "version": offer.version, "accetta": accetta, "motivo": "Letta"}
    return condivisioni.decide_condivisione(DecideCondivisione(**{**fields, **changes}), who, database)


def revoke(grant: CondivisioneOut, who: Mandato, database: MongoDatabase, **changes: Any) -> CondivisioneOut:
    fields = {"condivisione_id": grant.id, "version": grant.version, "motivo": "Progetto concluso"}
    return condivisioni.revoke_condivisione(RevokeCondivisione(**{**fields, **changes}), who, database)


def lend(
    caso: CartellaOut, who: Mandato, receiver: Mandato, database: MongoDatabase, **changes: Any
) -> CondivisioneOut:
    return decide(propose(caso, who, receiver, database, **changes), receiver, database)


def inbox(who: Mandato, database: MongoDatabase, **changes: Any) -> list[CondivisioneOut]:
    found = condivisioni.list_condivisioni(ListCondivisioni(**changes), who, database)
    assert found.totale == len(found.condivisioni)
    return list(found.condivisioni)


def make_past(grant: CondivisioneOut, database: MongoDatabase, **fields: Any) -> None:
    """The clock cannot be turned: the store is made to look as it will."""
    database.db.cartelle.update_one(
        {"condivisioni.id": grant.id}, {"$set": {f"condivisioni.$.{name}": at for name, at in fields.items()}}
    )


# Offering and deciding


def test_until_it_is_accepted_the_receiver_knows_the_offer_and_not_the_case(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer = propose(caso, giulia, sara, database)

    assert ways_in(caso, sara, database) == []
    (received,) = inbox(sara, database)
    assert (received.numero, received.da_settore, received.motivo) == (
        caso.numero, giulia.settore, "Progetto comune",
    )  # fmt: skip
    assert (received.id, received.sezioni, received.stato) == (
        offer.id,
        ("diario",),
        StatoCondivisione.PROPOSTA,
    )
    assert received.cartella_id is None
    assert str(caso.residente_id) not in received.model_dump_json()


def test_an_offer_is_told_without_the_case_and_without_the_person(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer = propose(caso, giulia, sara, database)

    (event,) = events_of(database, offer.id)
    assert event["type"] == "cartella.condivisione.proposta.v1"
    assert str(caso.id) not in event["envelope"]
    assert str(caso.residente_id) not in event["envelope"]
    assert len(events_of(database, caso.id)) == 1


@pytest.mark.parametrize("esito", ["accettata", "rifiutata", "ritirata"])
def test_the_end_of_the_waiting_is_told_once_to_who_made_the_offer(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut, esito: str
) -> None:
    offer = propose(caso, giulia, sara, database)
    if esito == "ritirata":
        revoke(offer, giulia, database)
    else:
        given = decide(offer, sara, database, accetta=esito == "accettata")
    if esito == "accettata":
        revoke(given, giulia, database)  # of a grant in force: nothing waited

    _, *answers = events_of(database, offer.id)

    told = [
        CondivisioneDecisaV1.model_validate(Envelope.model_validate_json(one["envelope"]).data)
        for one in answers
    ]
    assert [(one.cartella_id, one.proposta_da, one.esito) for one in told] == [
        (caso.id, giulia.operatore_id, esito)
    ]


def test_accepted_it_opens_the_sections_named_and_the_heading(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, collega: Mandato, caso: CartellaOut
) -> None:
    diario.add_voce_diario(make_add_voce(caso.id, testo="Colloquio"), giulia, database)
    accepted = lend(caso, giulia, sara, database)

    assert (accepted.cartella_id, accepted.in_vigore) == (caso.id, True)
    for who in (sara, collega):
        assert texts(caso, who, database) == ["Colloquio"]
        assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), who, database).solo_intestazione
        assert finds(caso, who, database)
        for shut in ("isee", "export", "take", "assign", "close", "mark", "share", "grants", "write"):
            with pytest.raises(NotFound):
                SINGLE[shut](caso, who, database)


def test_an_accepted_grant_is_told_to_the_others_and_a_revoked_one_is_not_there_any_more(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    revoke(lend(caso, giulia, sara, database), giulia, database)

    events = [Envelope.model_validate_json(row["envelope"]) for row in events_of(database, caso.id)]
    assert [(event.type, event.sequence) for event in events[1:]] == [
        ("cartella.cartella.condivisa.v1", 2),
        ("cartella.cartella.condivisa.v1", 3),
    ]
    assert [[grant["settore"] for grant in event.data["condivisioni"]] for event in events[1:]] == [
        [sara.settore],
        [],
    ]


def test_a_declined_offer_opens_nothing_and_keeps_its_reason(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer = propose(caso, giulia, sara, database)

    with pytest.raises(Invalid):
        decide(offer, sara, database, accetta=False, motivo=" ")
    declined = decide(offer, sara, database, accetta=False, motivo="Non la seguiamo noi")

    assert ways_in(caso, sara, database) == []
    assert (declined.stato, declined.motivo_decisione) == (StatoCondivisione.RIFIUTATA, "Non la seguiamo noi")
    with pytest.raises(Conflict):
        decide(declined, sara, database)
    assert len(events_of(database, caso.id)) == 1


def test_only_the_receiver_decides_and_not_who_proposed(
    database: MongoDatabase, giulia: Mandato, marco: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer = propose(caso, giulia, sara, database)
    both = make_mandato(settore=sara.settore, operatore_id=giulia.operatore_id)

    for who in (
        giulia,
        marco,
        make_mandato(settore="altrove"),
        make_mandato(Extent.PROPRI, settore=sara.settore),
    ):
        with pytest.raises(NotFound):
            decide(offer, who, database)
    with pytest.raises(Conflict):
        decide(offer, both, database)


def test_an_offer_to_one_person_is_his_and_his_stand_in_s(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, collega: Mandato, caso: CartellaOut
) -> None:
    stands_in = make_mandato(Extent.PROPRI, settore=sara.settore).model_copy(
        update={"in_delega_di": sara.operatore_id}
    )
    offer = propose(caso, giulia, sara, database, operatore_id=sara.operatore_id)

    assert inbox(collega, database) == []
    with pytest.raises(NotFound):
        decide(offer, collega, database)
    decide(offer, stands_in, database)
    assert [finds(caso, who, database) for who in (sara, stands_in, collega)] == [True, True, False]


def test_who_lives_with_the_person_is_offered_nothing_and_opens_nothing(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, collega: Mandato, caso: CartellaOut
) -> None:
    relative = collega.model_copy(update={"esclusi": (caso.residente_id,)})
    offer = propose(caso, giulia, sara, database)

    assert inbox(relative, database) == []
    with pytest.raises(NotFound):
        decide(offer, relative, database)
    decide(offer, sara, database)
    assert ways_in(caso, relative, database) == []
    assert inbox(relative, database) == []


# Ending


@pytest.mark.parametrize("by_receiver", [False, True])
def test_either_side_ends_it_at_once(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut, by_receiver: bool
) -> None:
    grant = lend(caso, giulia, sara, database)

    revoked = revoke(grant, sara if by_receiver else giulia, database)

    assert (revoked.stato, revoked.in_vigore) == (StatoCondivisione.REVOCATA, False)
    assert ways_in(caso, sara, database) == []
    assert [one.cartella_id for one in inbox(sara, database)] == [None]


def test_a_third_party_neither_ends_it_nor_learns_of_it(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    grant = lend(caso, giulia, sara, database)
    stranger = make_mandato(settore="altrove")
    answers = []

    for condivisione_id in (grant.id, uuid4()):
        with pytest.raises(NotFound) as refused:
            revoke(grant, stranger, database, condivisione_id=condivisione_id)
        answers.append((refused.value.code, refused.value.message, refused.value.details))

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "clock",
    [
        {"al": datetime.now(UTC) - timedelta(seconds=1)},
        {"dal": datetime.now(UTC) + timedelta(days=1)},
    ],
    ids=["over", "not begun"],
)
def test_time_alone_opens_and_ends_it(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut, clock: dict[str, datetime]
) -> None:
    grant = lend(caso, giulia, sara, database)
    assert finds(caso, sara, database)

    make_past(grant, database, **clock)

    assert ways_in(caso, sara, database) == []
    assert [(one.in_vigore, one.cartella_id) for one in inbox(sara, database)] == [(False, None)]


def test_an_offer_whose_time_is_over_is_accepted_no_more(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer = propose(caso, giulia, sara, database)
    make_past(offer, database, al=datetime.now(UTC) - timedelta(seconds=1))

    with pytest.raises(Conflict):
        decide(offer, sara, database)


def test_a_withdrawn_offer_is_history_for_its_side_and_decided_no_more(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer = propose(caso, giulia, sara, database)
    withdrawn = revoke(offer, giulia, database)

    with pytest.raises(Conflict):
        decide(withdrawn, sara, database)
    assert inbox(sara, database, in_attesa=True) == []
    (kept,) = inbox(giulia, database, cartella_id=caso.id)
    assert (kept.stato, kept.motivo_revoca) == (StatoCondivisione.REVOCATA, "Progetto concluso")


def test_the_receiver_answers_an_offer_and_does_not_withdraw_it(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    with pytest.raises(Conflict):
        revoke(propose(caso, giulia, sara, database), sara, database)


# What the borrower sees


def test_a_list_shows_of_a_borrowed_case_what_its_page_shows(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    other = presa_in_carico.open_cartella(make_open(), giulia, database)
    lend(caso, giulia, sara, database, sezioni=("presa_in_carico",))
    lend(other, giulia, sara, database, sezioni=("isee",))

    listed = presa_in_carico.list_cartelle(ListCartelle(limite=500), sara, database).cartelle

    for row in listed:
        page = presa_in_carico.get_cartella(GetCartella(cartella_id=row.id), sara, database)
        assert row == page.model_copy(update={"passaggi": ()})
    assert {row.id: row.solo_intestazione for row in listed} == {caso.id: False, other.id: True}


def test_what_came_before_stays_hidden_where_the_grant_says_so(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    diario.add_voce_diario(make_add_voce(caso.id, testo="Prima"), giulia, database)
    isee.add_isee(make_add_isee(caso.id), giulia, database)
    sezioni = ("presa_in_carico", "diario", "isee", "stampe")
    grant = lend(caso, giulia, sara, database, sezioni=sezioni, nascondi_prima=True)
    now = datetime.now(UTC)
    diario.add_voce_diario(make_add_voce(caso.id, testo="Dopo", quando=now), giulia, database)
    diario.add_voce_diario(make_add_voce(caso.id, testo="Di allora"), giulia, database)
    today = make_add_isee(
        caso.id, data_presentazione=local_date(now), protocollo_dsu=f"INPS-ISEE-{now.year}-07654321B-00"
    )
    isee.add_isee(today, giulia, database)

    assert texts(caso, sara, database) == ["Dopo"]
    assert texts(caso, sara, database, testo="a") == []
    assert len(isee.list_isee(ListIsee(cartella_id=caso.id), sara, database).isee) == 1
    shown = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), sara, database)
    assert [passaggio.tipo for passaggio in shown.passaggi] == []
    assert (shown.solo_intestazione, shown.version) == (False, 0)
    whole = fascicolo.export_fascicolo(ExportFascicolo(cartella_id=caso.id), sara, database)
    assert [voce.testo for voce in whole.voci] == ["Dopo"]
    assert len(whole.isee) == 1
    assert grant.nascondi_prima


def test_of_two_grants_the_wider_counts(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    diario.add_voce_diario(make_add_voce(caso.id, testo="Prima"), giulia, database)
    lend(caso, giulia, sara, database, nascondi_prima=True)
    assert texts(caso, sara, database) == []

    second = lend(caso, giulia, sara, database)
    assert texts(caso, sara, database) == ["Prima"]

    revoke(second, giulia, database)
    assert texts(caso, sara, database) == []


def test_an_isee_that_is_hidden_is_not_betrayed_by_the_doubt_about_its_twin(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    isee.add_isee(make_add_isee(caso.id), giulia, database)
    lend(caso, giulia, sara, database, sezioni=("isee",), scrive=True, nascondi_prima=True)

    twin = isee.add_isee(make_add_isee(caso.id), sara, database)

    assert twin.avvisi == ()
    assert isee.list_isee(ListIsee(cartella_id=caso.id), sara, database).isee == (twin,)


def test_with_the_presa_in_carico_come_the_passaggi_less_those_on_who_sees_the_case(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    lend(caso, giulia, sara, database, sezioni=("presa_in_carico",))

    shown = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), sara, database)

    assert [passaggio.tipo for passaggio in shown.passaggi] == ["apertura"]
    whole = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), giulia, database)
    assert [passaggio.tipo for passaggio in whole.passaggi] == [
        "apertura", "condivisione_proposta", "condivisione_accettata",
    ]  # fmt: skip


def test_it_is_for_writing_only_where_it_says_so_and_never_in_the_case_itself(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    reading = lend(caso, giulia, sara, database)
    with pytest.raises(NotFound):
        diario.add_voce_diario(make_add_voce(caso.id), sara, database)
    revoke(reading, giulia, database)

    lend(caso, giulia, sara, database, sezioni=("presa_in_carico", "diario"), scrive=True)

    assert diario.add_voce_diario(make_add_voce(caso.id, testo="Di Sara"), sara, database)
    with pytest.raises(NotFound):
        presa_in_carico.take_in_carico(TakeInCarico(cartella_id=caso.id, version=1), sara, database)
    request = AssignCartella(cartella_id=caso.id, version=1, settore=sara.settore, motivo="A noi")
    with pytest.raises(NotFound):
        presa_in_carico.assign_cartella(request, sara, database)


def test_the_borrower_reads_what_he_wrote_although_it_tells_of_before(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, collega: Mandato, caso: CartellaOut
) -> None:
    lend(caso, giulia, sara, database, scrive=True, nascondi_prima=True)
    diario.add_voce_diario(make_add_voce(caso.id, testo="Di Sara, di allora"), sara, database)

    assert texts(caso, sara, database) == ["Di Sara, di allora"]
    assert texts(caso, collega, database) == []


def test_private_and_second_level_entries_are_not_lent(
    database: MongoDatabase, giulia: Mandato, settore: str, sara: Mandato, caso: CartellaOut
) -> None:
    diario.add_voce_diario(make_add_voce(caso.id, testo="Privata", privata=True), giulia, database)
    request = make_add_voce(caso.id, testo="Riservata", settore_riservato=settore)
    diario.add_voce_diario(request, giulia, database)
    lend(caso, giulia, sara, database)

    assert texts(caso, sara, database) == []


def test_but_a_grant_leads_to_the_entries_of_a_second_level_that_the_role_opens_by_itself(
    database: MongoDatabase, giulia: Mandato, settore: str, sara: Mandato, caso: CartellaOut
) -> None:
    request = make_add_voce(caso.id, testo="Riservata", settore_riservato=settore)
    diario.add_voce_diario(request, giulia, database)
    own = make_mandato(Extent.PROPRI, settore=sara.settore, secondo_livello__leggi=Extent.ENTE)
    with pytest.raises(NotFound):
        texts(caso, own, database)

    lend(caso, giulia, sara, database)

    assert texts(caso, own, database) == ["Riservata"]


def test_a_second_level_case_is_lent_knowingly(
    database: MongoDatabase, giulia: Mandato, settore: str, sara: Mandato, caso: CartellaOut
) -> None:
    marked = SetRiservatezza(cartella_id=caso.id, version=1, settore_riservato=settore, motivo="Tutela")
    presa_in_carico.set_riservatezza(marked, giulia, database)
    outside = make_mandato(settore=sara.settore, secondo_livello__leggi=Extent.NESSUNO)

    lend(caso, giulia, sara, database)

    assert finds(caso, outside, database)
    shown = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), outside, database)
    assert shown.settore_riservato == ""


def test_a_role_that_has_not_the_section_gets_nothing_from_a_grant(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    lend(caso, giulia, sara, database, sezioni=("isee",))
    limited = make_mandato(settore=sara.settore, isee__leggi=Extent.NESSUNO)

    with pytest.raises(Forbidden):
        isee.list_isee(ListIsee(cartella_id=caso.id), limited, database)


# Who may lend, and how


def test_nobody_lends_what_he_cannot_use_himself(
    database: MongoDatabase, settore: str, sara: Mandato, caso: CartellaOut
) -> None:
    who = make_mandato(settore=settore, isee__leggi=Extent.NESSUNO, diario__scrivi=Extent.NESSUNO)

    with pytest.raises(Invalid):
        propose(caso, who, sara, database, sezioni=("isee",))
    with pytest.raises(Invalid):
        propose(caso, who, sara, database, scrive=True)
    assert propose(caso, who, sara, database).stato is StatoCondivisione.PROPOSTA


@pytest.mark.parametrize(("proposes", "lends"), [(Extent.SETTORE, True), (Extent.NESSUNO, False)])
def test_who_proposes_interventi_lends_a_case_to_the_office_that_pays(
    database: MongoDatabase, settore: str, sara: Mandato, caso: CartellaOut, proposes: Extent, lends: bool
) -> None:
    who = make_mandato(
        settore=settore,
        fogli__leggi=Extent.SETTORE,
        fogli__scrivi=proposes,
        liquidazioni__leggi=Extent.SETTORE,
    )
    office: dict[str, Any] = {"sezioni": ("fogli", "liquidazioni"), "scrive": True}

    if lends:
        assert propose(caso, who, sara, database, **office).scrive
    else:
        with pytest.raises(Invalid):
            propose(caso, who, sara, database, **office)


def test_a_borrower_does_not_lend_on(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    lend(caso, giulia, sara, database, sezioni=("presa_in_carico", "diario"), scrive=True)

    with pytest.raises(NotFound):
        propose(caso, sara, make_mandato(settore="terzo"), database)


NOW = datetime.now(UTC)
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "begins in the past": ({"dal": NOW - timedelta(hours=1)}, "dal"),
    "ends before it begins": ({"dal": NOW + timedelta(days=2), "al": NOW + timedelta(days=1)}, "al"),
    "already over": ({"al": NOW - timedelta(minutes=1)}, "al"),
    "longer than a year": ({"al": NOW + timedelta(days=368)}, "al"),
    "without time zone": ({"al": datetime(2030, 1, 1)}, "al"),  # noqa: DTZ001 - the very thing refused
    "unknown section": ({"sezioni": ("diario", "tutto")}, "sezioni"),
    "a section nobody shares": ({"sezioni": ("registro_accessi",)}, "sezioni"),
    "no settore": ({"settore": " "}, "settore"),
    "writing in the case itself": ({"sezioni": ("presa_in_carico",), "scrive": True}, "scrive"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=WRONG)
def test_an_offer_that_cannot_be_is_refused_at_its_field(
    database: MongoDatabase,
    giulia: Mandato,
    sara: Mandato,
    caso: CartellaOut,
    changes: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(Invalid) as refused:
        propose(caso, giulia, sara, database, **changes)

    assert field in refused.value.fields
    assert inbox(sara, database) == []


def test_an_offer_for_a_whole_year_is_the_longest(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

    offer = propose(caso, giulia, sara, database, dal=tomorrow, al=tomorrow + timedelta(days=365))

    assert (offer.dal, offer.stato) == (tomorrow, StatoCondivisione.PROPOSTA)


def test_an_offer_to_who_has_the_case_already_is_refused(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    with pytest.raises(Invalid):
        propose(caso, giulia, giulia, database)
    with pytest.raises(Invalid):
        propose(caso, giulia, giulia, database, operatore_id=giulia.operatore_id)


def test_the_same_offer_twice_waits_once(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    request = make_proposal(caso.id, sara, idempotency_key=uuid4())
    first = condivisioni.propose_condivisione(request, giulia, database)

    assert condivisioni.propose_condivisione(request, giulia, database) == first
    with pytest.raises(Conflict):
        propose(caso, giulia, sara, database)
    assert len(inbox(sara, database)) == 1


def test_deciding_and_revoking_twice_is_done_once_and_a_stale_one_is_a_conflict(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer, keys = propose(caso, giulia, sara, database), [uuid4(), uuid4()]
    accepted = decide(offer, sara, database, idempotency_key=keys[0])

    assert decide(offer, sara, database, idempotency_key=keys[0]) == accepted
    with pytest.raises(Conflict) as refused:
        revoke(offer, giulia, database)
    assert refused.value.details["attuale"] == {"version": 2, "stato": "accettata"}
    ended = revoke(accepted, giulia, database, idempotency_key=keys[1])
    assert revoke(accepted, giulia, database, idempotency_key=keys[1]) == ended
    assert len(events_of(database, caso.id)) == 3


def test_an_offer_does_not_make_an_open_form_stale_and_a_grant_does(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    offer = propose(caso, giulia, sara, database)
    taken = presa_in_carico.take_in_carico(TakeInCarico(cartella_id=caso.id, version=1), giulia, database)

    decide(offer, sara, database)

    now = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), giulia, database)
    assert (taken.version, now.version) == (2, 3)


def test_the_whole_history_is_kept_newest_first_and_pages(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    made: list[UUID] = []
    for _ in range(3):
        grant = lend(caso, giulia, sara, database)
        made.insert(0, revoke(grant, giulia, database).id)

    def page(**changes: Any) -> tuple[list[UUID], int]:
        who = sara if "cartella_id" not in changes else giulia
        found = condivisioni.list_condivisioni(ListCondivisioni(**changes), who, database)
        return [one.id for one in found.condivisioni], found.totale

    assert page(cartella_id=caso.id) == (made, 3)
    assert page(cartella_id=caso.id, limite=1, salta=1) == (made[1:2], 3)
    assert page() == (made, 3)
    assert page(limite=2, salta=2) == (made[2:], 3)
    assert page(in_attesa=True) == ([], 0)


def test_offers_of_many_cases_do_not_mix(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    other = presa_in_carico.open_cartella(make_open(), giulia, database)
    mine = lend(caso, giulia, sara, database)
    propose(other, giulia, sara, database)

    assert finds(caso, sara, database)
    assert not finds(other, sara, database)
    assert [one.cartella_id for one in inbox(sara, database)] == [None, mine.cartella_id]
    assert len(inbox(sara, database, in_attesa=True)) == 1


def test_who_does_not_see_the_case_learns_nothing_of_whom_it_is_lent_to(
    database: MongoDatabase, giulia: Mandato, sara: Mandato, caso: CartellaOut
) -> None:
    """A provider answers the offers to his settore and sees the cases he works at, no other."""
    grant = lend(caso, giulia, sara, database)
    provider = make_mandato(settore=giulia.settore, presa_in_carico__leggi=Extent.PROPRI)

    for ask in (
        lambda: condivisioni.list_condivisioni(ListCondivisioni(cartella_id=caso.id), provider, database),
        lambda: propose(caso, provider, sara, database),
        lambda: revoke(grant, provider, database),
    ):
        with pytest.raises(NotFound):
            ask()
