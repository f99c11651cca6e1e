"""What a settore's inbox shows, and to whom: each kind of alert to those who read the section it speaks of."""

from uuid import UUID, uuid4

import pytest
from services.notifiche.tests.conftest import Door
from services.notifiche.tests.factories import make_cartella_event, make_mandato
from services.notifiche.tests.integration.test_alerts import abilitato, deceduto, listed
from services.notifiche.tests.integration.test_riservatezza import addressed, emergenza, foglio, to_whom

from contracts.cartella import (
    CartellaApertaV1,
    CartellaAssegnataV1,
    CartellaRiapertaV1,
    CartellaRiservataV1,
    FattoCartella,
)
from contracts.errors import NotFound
from contracts.mandato import Extent, Mandato
from contracts.notifiche import SEZIONE_DI, AvvisoCreatoV1, ListAvvisi, MarkAvvisoLetto
from notifiche.policies import INBOX_ROLES
from notifiche.use_cases import answers
from notifiche.use_cases.cartelle import readdress_orphans

SCRIVE = {"avvisi:leggi": Extent.SETTORE, "avvisi:scrivi": Extent.SETTORE}


def reads(*scopes: str, settore: str = "minori", extent: Extent = Extent.SETTORE) -> Mandato:
    """Somebody of the settore whose role reads its inbox and, besides, these sections."""
    return make_mandato(settore=settore, estensioni=SCRIVE | dict.fromkeys(scopes, extent))


def kinds(door: Door, who: Mandato) -> set[str]:
    """What the page shows; it agrees with the numbers."""
    found = answers.list_mine(ListAvvisi(), who, door.db)
    assert found.totale == found.non_letti == len(found.avvisi)
    return {one.tipo for one in found.avvisi}


@pytest.fixture
def inbox(door: Door) -> None:
    """Nobody is responsible and nobody coordinates: a death, a foglio and an emergency lie in the inbox."""
    residente = uuid4()
    opened = make_cartella_event(residente)
    door.deliver(opened)
    door.deliver(deceduto(residente))
    door.deliver(foglio(opened.cartella_id, residente))
    door.deliver(emergenza(uuid4(), settore="minori"))


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ((), set()),
        (("presa_in_carico:leggi",), {"decesso"}),
        (("fogli:leggi",), {"foglio_da_approvare"}),
        (("emergenze:leggi",), {"emergenza_aperta"}),
        (("presa_in_carico:leggi", "fogli:leggi"), {"decesso", "foglio_da_approvare"}),
    ],
)
def test_an_inbox_shows_the_kinds_whose_section_one_reads(
    door: Door, scopes: tuple[str, ...], expected: set[str]
) -> None:
    assert kinds(door, reads(*scopes)) == expected


@pytest.mark.usefixtures("inbox")
def test_a_section_for_ones_own_cases_or_for_another_territory_opens_nothing_of_an_inbox(door: Door) -> None:
    assert kinds(door, reads("fogli:leggi", extent=Extent.PROPRI)) == set()
    assert kinds(door, reads("fogli:leggi", extent=Extent.AMBITO)) == set()
    assert kinds(door, reads("fogli:leggi", extent=Extent.ENTE)) == {"foglio_da_approvare"}


@pytest.mark.usefixtures("inbox")
def test_nobody_marks_as_read_what_the_inbox_does_not_show_him(door: Door) -> None:
    [shown] = listed(door, reads("fogli:leggi"))

    with pytest.raises(NotFound):
        answers.mark_letto(MarkAvvisoLetto(avviso_id=shown.id), reads("presa_in_carico:leggi"), door.db)


def test_what_is_addressed_to_one_person_is_his_whatever_his_role_reads(door: Door) -> None:
    giulia, residente = uuid4(), uuid4()
    door.deliver(make_cartella_event(residente, responsabile_id=giulia))
    door.deliver(deceduto(residente))

    assert [one.tipo for one in listed(door, make_mandato(giulia, estensioni=SCRIVE))] == ["decesso"]


@pytest.mark.parametrize("ruolo", sorted(INBOX_ROLES))
@pytest.mark.usefixtures("inbox")
def test_the_mails_of_an_inbox_go_to_whom_it_shows_their_kind(door: Door, ruolo: str) -> None:
    door.deliver(abilitato(uuid4(), ruolo=ruolo, email="lei@example.org"))
    expected = {
        "assistente_sociale": 2, "coordinatore": 3, "amministrativo": 1, "contabilita": 1, "segretariato": 0,
        "dirigente": 0,
    }  # fmt: skip

    assert len(to_whom(door)) == expected[ruolo]


def test_every_kind_that_is_told_has_its_section(door: Door) -> None:
    """As the source has them: a new kind without a section would be in nobody's inbox."""
    import re
    from pathlib import Path

    import notifiche.service

    source = "".join(path.read_text() for path in Path(notifiche.service.__file__).parent.rglob("*.py"))
    told = set(re.findall(r'Testo\(\s*"([a-z_]+)"', source)) | {"emergenza_aperta"}

    assert told == set(SEZIONE_DI)


# --- another case of a person whose case is hidden ----------------------------------------------------------------


@pytest.fixture
def giulia() -> UUID:
    return uuid4()


@pytest.fixture
def hidden(door: Door, giulia: UUID) -> FattoCartella:
    """A case of the second level of tutela, with somebody responsible and a colleague of another settore."""
    outside = uuid4()
    door.deliver(abilitato(giulia, settore="tutela", email="giulia@example.org"))
    door.deliver(abilitato(outside, settore="adulti", email="fuori@example.org"))
    door.deliver(abilitato(uuid4(), settore="tutela", ruolo="amministrativo", email="ufficio@example.org"))
    opened = make_cartella_event(uuid4(), settore="tutela", responsabile_id=giulia, team=(outside, giulia))
    door.deliver(opened)
    mark = CartellaRiservataV1.model_validate(opened.model_dump() | {"settore_riservato": "tutela"})
    door.deliver(mark, 2)
    return mark


def opened_beside(
    hidden: FattoCartella, event_type: type[FattoCartella] = CartellaApertaV1, **changes: object
) -> FattoCartella:
    values = {
        "settore": "adulti",
        "numero": "F704-2026-000099",
        "accanto_a": (hidden.cartella_id,),
        **changes,
    }
    return make_cartella_event(hidden.residente_id, event_type, **values)


@pytest.mark.parametrize("event_type", [CartellaApertaV1, CartellaRiapertaV1])
def test_who_follows_a_hidden_case_hears_of_another_one_of_its_person(
    door: Door, giulia: UUID, hidden: FattoCartella, event_type: type[FattoCartella]
) -> None:
    opened = opened_beside(hidden, event_type)
    envelope = door.deliver(opened)
    door.execute("DELETE FROM inbox")
    door.redeliver(envelope)

    [avviso] = listed(
        door, make_mandato(giulia, settore="tutela", estensioni=SCRIVE | {"secondo_livello:leggi": Extent.SETTORE})
    )  # fmt: skip

    assert (avviso.tipo, avviso.cartella_id) == ("altra_cartella", hidden.cartella_id)
    assert avviso.descrizione == "È stata aperta un'altra cartella per una persona che segui."
    assert to_whom(door) == ["giulia@example.org"]
    [told] = door.emitted(AvvisoCreatoV1)
    assert told["secondo_livello"] is True
    assert str(opened.cartella_id) not in str(told)


def test_who_follows_a_hidden_case_hears_of_another_one_that_comes_to_a_settore(
    door: Door, giulia: UUID, hidden: FattoCartella
) -> None:
    door.deliver(opened_beside(hidden, CartellaAssegnataV1, accanto_a=()))
    assert door.emitted(AvvisoCreatoV1) == []

    door.deliver(opened_beside(hidden, CartellaAssegnataV1))
    [avviso] = listed(
        door, make_mandato(giulia, settore="tutela", estensioni=SCRIVE | {"secondo_livello:leggi": Extent.SETTORE})
    )  # fmt: skip
    assert (avviso.tipo, avviso.cartella_id) == ("altra_cartella", hidden.cartella_id)
    assert avviso.descrizione == "Un'altra cartella di una persona che segui è passata a un altro settore."


def test_a_case_of_a_second_level_is_told_of_to_no_other(door: Door, hidden: FattoCartella) -> None:
    door.deliver(opened_beside(hidden, CartellaRiapertaV1, settore_riservato="adulti"))
    assert kinds(door, reads("presa_in_carico:leggi", "secondo_livello:leggi", settore="tutela")) == set()
    assert door.emitted(AvvisoCreatoV1) == []

    door.deliver(opened_beside(hidden, CartellaRiapertaV1, settore="tutela", settore_riservato="tutela"))
    assert len(door.emitted(AvvisoCreatoV1)) == 1


def test_nobody_else_is_told_neither_who_opened_it_nor_who_only_works_in_the_settore(
    door: Door, hidden: FattoCartella
) -> None:
    door.deliver(opened_beside(hidden))

    assert listed(door, make_mandato(settore="adulti")) == []
    assert listed(door, make_mandato(settore="tutela")) == []
    assert listed(door, make_mandato(hidden.team[0], settore="adulti")) == []


def test_with_nobody_responsible_the_inbox_of_its_second_level_has_it(door: Door) -> None:
    door.deliver(abilitato(uuid4(), settore="tutela", email="dentro@example.org"))
    door.deliver(abilitato(uuid4(), settore="tutela", ruolo="amministrativo", email="ufficio@example.org"))
    marked = make_cartella_event(uuid4(), settore="tutela", settore_riservato="tutela")
    door.deliver(marked)
    door.deliver(opened_beside(marked))

    assert addressed(door) == [(None, "tutela")]
    assert to_whom(door) == ["dentro@example.org"]
    assert kinds(door, reads("presa_in_carico:leggi", settore="tutela")) == set()
    assert kinds(door, reads("presa_in_carico:leggi", "secondo_livello:leggi", settore="tutela")) == {
        "altra_cartella"
    }


def test_an_opening_that_is_faster_than_the_mark_is_told_to_the_settore_alone(door: Door) -> None:
    outside, residente = uuid4(), uuid4()
    door.deliver(abilitato(outside, settore="adulti", email="fuori@example.org"))
    door.deliver(abilitato(uuid4(), settore="tutela", email="dentro@example.org"))
    unmarked = make_cartella_event(residente, settore="tutela", responsabile_id=outside)
    door.deliver(unmarked)

    door.deliver(opened_beside(unmarked))

    assert addressed(door) == [(None, "tutela")]
    assert to_whom(door) == ["dentro@example.org"]
    assert kinds(door, reads("presa_in_carico:leggi", settore="tutela")) == set()


def test_when_who_followed_it_has_left_the_inbox_of_the_settore_has_it(
    door: Door, giulia: UUID, hidden: FattoCartella
) -> None:
    door.deliver(opened_beside(hidden))
    door.execute("UPDATE incarichi SET al = '2026-01-31' WHERE operatore_id = :who", who=giulia)

    readdress_orphans(door.db)

    assert addressed(door) == [(None, "tutela")]
