"""Who gets an alert, what it says, how it is decided."""

from datetime import date
from uuid import uuid4

import pytest
from services.notifiche.tests.factories import OGGI, make_cartella_nota, make_fatto, make_incarico

from contracts.errors import Conflict, Invalid
from contracts.notifiche import StatoAvviso
from notifiche import domain
from notifiche.domain import TipoFatto
from notifiche.use_cases.mail import mail_delay, mail_text


def test_the_responsible_worker_comes_first() -> None:
    responsabile, colleague = uuid4(), uuid4()
    cartella = make_cartella_nota(responsabile_id=responsabile, team=(colleague,))

    assert domain.choose_destinatario(cartella, [], OGGI) == responsabile


def test_a_worker_who_left_is_passed_over_for_the_team() -> None:
    gone, colleague = uuid4(), uuid4()
    cartella = make_cartella_nota(responsabile_id=gone, team=(colleague,))
    incarichi = [make_incarico(gone, al=date(2026, 11, 22)), make_incarico(colleague)]

    assert domain.choose_destinatario(cartella, incarichi, OGGI) == colleague


def test_the_last_day_of_an_incarico_still_counts() -> None:
    leaving = uuid4()
    cartella = make_cartella_nota(responsabile_id=leaving)

    assert domain.choose_destinatario(cartella, [make_incarico(leaving, al=OGGI)], OGGI) == leaving


def test_without_worker_and_team_the_coordinatore_of_that_settore_gets_it() -> None:
    here, elsewhere = uuid4(), uuid4()
    incarichi = [
        make_incarico(elsewhere, ruolo="coordinatore", settore="anziani"),
        make_incarico(here, ruolo="coordinatore"),
    ]

    assert domain.choose_destinatario(make_cartella_nota(), incarichi, OGGI) == here


def test_when_nobody_is_left_the_inbox_of_the_settore_has_it() -> None:
    assert domain.choose_destinatario(make_cartella_nota(), [make_incarico(uuid4())], OGGI) is None


@pytest.mark.parametrize(
    ("fatto", "tipo", "words"),
    [
        (make_fatto(), "decesso", "deceduta in data 22/11/2026"),
        (make_fatto(TipoFatto.DECESSO_ANNULLATO), "variazione", "in vita"),
        (make_fatto(TipoFatto.TRASFERITO, motivo="cambio_indirizzo"), "trasferimento", "indirizzo"),
        (make_fatto(TipoFatto.TRASFERITO, motivo="emigrazione"), "trasferimento", "fuori dal comune"),
        (make_fatto(TipoFatto.TRASFERITO, motivo="mai_visto"), "trasferimento", "trasferita"),
        (make_fatto(TipoFatto.REGISTRATO, motivo="nascita"), "nascita", "nata"),
        (make_fatto(TipoFatto.REGISTRATO, motivo="immigrazione"), "trasferimento", "iscritta"),
        (make_fatto(TipoFatto.VARIATO, campi_variati=("stato_civile",)), "variazione", "stato civile"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fact_has_its_words(fatto: domain.FattoAnagrafe, tipo: str, words: str) -> None:
    testo = domain.describe(fatto, make_cartella_nota())

    assert testo.tipo == tipo
    assert words in testo.descrizione


def test_the_text_says_whether_it_is_the_followed_person_or_a_relative() -> None:
    fatto = make_fatto()

    assert (
        "persona seguita"
        in domain.describe(fatto, make_cartella_nota(residente_id=fatto.residente_id)).descrizione
    )
    assert "nucleo familiare" in domain.describe(fatto, make_cartella_nota()).descrizione


def test_a_birth_explains_the_household_that_grew() -> None:
    child = uuid4()
    nucleo = make_fatto(TipoFatto.NUCLEO, residente_id=None, residenti=(child,), entrati=(child,))
    birth = make_fatto(TipoFatto.REGISTRATO, residente_id=child, motivo="nascita")

    assert domain.untold_members(nucleo, [birth]) == []


def test_a_member_nobody_told_of_is_never_lost() -> None:
    child, uncle = uuid4(), uuid4()
    nucleo = make_fatto(TipoFatto.NUCLEO, residente_id=None, residenti=(child, uncle), entrati=(child, uncle))
    birth = make_fatto(TipoFatto.REGISTRATO, residente_id=child, motivo="nascita")

    assert domain.untold_members(nucleo, [birth]) == [uncle]
    assert "una persona in ingresso" in domain.describe_nucleo(nucleo, [uncle]).descrizione


def test_a_change_of_name_does_not_explain_who_left() -> None:
    aunt = uuid4()
    nucleo = make_fatto(TipoFatto.NUCLEO, residente_id=None, residenti=(aunt,), usciti=(aunt,))
    renamed = make_fatto(TipoFatto.VARIATO, residente_id=aunt, campi_variati=("cognome",))

    assert domain.untold_members(nucleo, [renamed]) == [aunt]


def test_a_death_explains_who_left_but_not_who_came() -> None:
    person = uuid4()
    death = make_fatto(residente_id=person)

    left = make_fatto(TipoFatto.NUCLEO, residente_id=None, residenti=(person,), usciti=(person,))
    came = make_fatto(TipoFatto.NUCLEO, residente_id=None, residenti=(person,), entrati=(person,))

    assert domain.untold_members(left, [death]) == []
    assert domain.untold_members(came, [death]) == [person]


@pytest.mark.parametrize("stato", [StatoAvviso.NUOVO, StatoAvviso.LETTO])
def test_an_open_alert_can_be_confirmed_or_disputed(stato: StatoAvviso) -> None:
    confirmed = domain.decide(stato, conferma_richiesta=True, contesta=False, motivo="")
    disputed = domain.decide(stato, conferma_richiesta=True, contesta=True, motivo="È viva")

    assert (confirmed, disputed) == (StatoAvviso.CONFERMATO, StatoAvviso.CONTESTATO)


def test_an_alert_is_decided_once() -> None:
    with pytest.raises(Conflict):
        domain.decide(StatoAvviso.CONFERMATO, conferma_richiesta=True, contesta=False, motivo="")


def test_disputing_wants_a_reason() -> None:
    with pytest.raises(Invalid) as refused:
        domain.decide(StatoAvviso.NUOVO, conferma_richiesta=True, contesta=True, motivo="  ")

    assert "motivo" in refused.value.fields


def test_news_is_not_confirmed() -> None:
    with pytest.raises(Invalid):
        domain.decide(StatoAvviso.NUOVO, conferma_richiesta=False, contesta=False, motivo="")


def test_the_mail_says_where_to_look_and_nothing_about_whom() -> None:
    subject, body = mail_text(
        "decesso", "Decesso", "F704-2026-000012", "https://x.example/avvisi", inbox=False
    )

    assert subject == "Variazione anagrafica: caso n. F704-2026-000012"
    assert body.startswith("Variazione anagrafica (decesso) su un caso a te affidato: n. F704-2026-000012.")
    assert "Apri: https://x.example/avvisi" in body


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (3, 8), (9, 512), (10, 600), (5000, 600)])
def test_a_mail_server_that_is_away_is_asked_less_and_less_often(attempts: int, seconds: float) -> None:
    assert mail_delay(attempts) == seconds
