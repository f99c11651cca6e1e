"""Second level and grants on the pages: who is offered what, what is sent to cartella, what a part of a case shows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import web_world as w

from contracts.cartella import CondivisioneAttiva
from contracts.condivisioni import AccessoOut, CondivisioniOut, RegolaAccesso, StatoCondivisione, TipoRegola
from contracts.errors import Conflict, Invalid, NotFound
from contracts.notifiche import AvvisiOut
from gateway.testing import Browser, FakeServices
from gateway.web.condivisioni import state_of

SignIn = Callable[[str], Browser]
CASO = f"/casi/{w.CASO}"
OFFER = f"/condivisioni/{w.CONDIVISIONE.id}"
RUNNING = w.CONDIVISIONE.model_copy(
    update={"stato": StatoCondivisione.ACCETTATA, "in_vigore": True, "cartella_id": w.CASO, "version": 2}
)
MARKED = w.CARTELLA.model_copy(update={"settore_riservato": "minori"})
SECRET = w.ENTRY.model_copy(update={"id": w.known("riservata"), "settore_riservato": "minori"})


def last(services: FakeServices, method: str) -> Any:
    return next(call.request for call in reversed(services.calls) if call.method == method)


def asked(services: FakeServices, method: str) -> bool:
    return any(call.method == method for call in services.calls)


def typed_offer(**changes: Any) -> dict[str, Any]:
    soon = datetime.now(UTC).date() + timedelta(days=30)
    return {
        "destinatario": "B212|minori", "sezioni_condivise": ["diario", "isee"], "al": soon.isoformat(),
        "motivo": "Progetto comune", "idempotency_key": str(uuid4()), **changes,
    }  # fmt: skip


# Offering


def test_an_offer_says_to_whom_what_until_when_and_why(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.propose_condivisione", w.CONDIVISIONE)
    giulia = browser("giulia.bianchi")

    answer = giulia.post(f"{CASO}/condivisioni", data=typed_offer(nascondi_prima="1"))

    assert answer.status_code == 303, answer.text[:800]
    command = last(services, "propose_condivisione")
    assert (command.ente, command.settore, command.operatore_id) == ("B212", "minori", None)
    assert (command.sezioni, command.scrive, command.nascondi_prima) == (("diario", "isee"), False, True)
    assert command.dal is None
    assert command.al.hour in (22, 23)  # the end of that day, on the clock of Rome
    assert "Proposta inviata" in giulia.get(answer.headers["location"]).text


def test_its_mandate_says_which_sections_the_person_may_use(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.propose_condivisione", w.CONDIVISIONE)
    browser("giulia.bianchi").post(f"{CASO}/condivisioni", data=typed_offer())

    mandato = next(call.mandato for call in services.calls if call.method == "propose_condivisione")

    assert {"condivisioni:scrivi", "diario:leggi", "isee:leggi", "stampe:stampa"} <= set(
        mandato["estensioni"]
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"destinatario": ""}, "destinatario"),
        ({"destinatario": "F704|inventato"}, "destinatario"),
        ({"operatore_id": str(w.GIULIA)}, "operatore_id"),
        ({"sezioni_condivise": []}, "sezioni_condivise"),
        ({"al": ""}, "al"),
        ({"motivo": " "}, "motivo"),
    ],
    ids=["nobody", "no such settore", "of another settore", "nothing", "no end", "no reason"],
)
def test_an_offer_that_is_not_whole_goes_nowhere_and_says_why_at_the_field(
    browser: SignIn, services: FakeServices, changes: dict[str, Any], field: str
) -> None:
    answer = browser("giulia.bianchi").post(f"{CASO}/condivisioni", data=typed_offer(**changes))

    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}"' in answer.text
    assert not asked(services, "propose_condivisione")


def test_what_cartella_refuses_stands_at_the_field_of_the_page(
    browser: SignIn, services: FakeServices
) -> None:
    refusal = Invalid("condivisione.sezioni", "No.", fields={"sezioni": "Non le puoi usare tu."})
    services.answer("cartella.propose_condivisione", refusal)

    answer = browser("giulia.bianchi").post(f"{CASO}/condivisioni", data=typed_offer())

    assert answer.status_code == 422
    assert '<a href="#sezioni_condivise">Che cosa può vedere: Non le puoi usare tu.' in answer.text


def test_who_may_only_read_grants_has_no_form(browser: SignIn) -> None:
    html = browser("elena.riva").get(f"{CASO}/condivisioni")

    assert html.status_code == 403


# Answering and ending


@pytest.mark.parametrize(("esito", "accepted"), [("accetta", True), ("rifiuta", False)])
def test_an_offer_is_answered_with_one_button(
    browser: SignIn, services: FakeServices, esito: str, accepted: bool
) -> None:
    services.answer("cartella.decide_condivisione", RUNNING)

    answer = browser("giulia.bianchi").post(
        f"{OFFER}/decidi", data={"version": "1", "esito": esito, "motivo": "Va bene"}
    )

    assert answer.status_code == 303
    command = last(services, "decide_condivisione")
    assert (command.accetta, command.version, command.motivo) == (accepted, 1, "Va bene")


def test_before_it_is_accepted_the_page_of_an_offer_has_no_way_into_the_case(browser: SignIn) -> None:
    html = browser("giulia.bianchi").get(OFFER).text

    assert "2026/001042" in html
    assert str(w.CASO) not in html
    assert "Luca" not in html
    assert "ROSSI" not in html


def test_while_it_runs_it_leads_to_the_case_and_can_be_ended(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.list_condivisioni", CondivisioniOut(condivisioni=(RUNNING,), totale=1))
    services.answer("cartella.revoke_condivisione", RUNNING)
    giulia = browser("giulia.bianchi")

    assert f'href="{CASO}"' in giulia.get(OFFER).text
    assert giulia.post(f"{OFFER}/revoca", data={"version": "2", "motivo": " "}).status_code == 422
    ended = giulia.post(f"{OFFER}/revoca", data={"version": "2", "motivo": "Finito"})
    assert (ended.status_code, last(services, "revoke_condivisione").motivo) == (303, "Finito")
    of_case = giulia.post(f"{CASO}{OFFER}/revoca", data={"version": "2", "motivo": "Finito"})
    assert of_case.headers["location"].startswith(f"{CASO}/condivisioni?")


def test_two_who_answer_at_once_see_both_versions(browser: SignIn, services: FakeServices) -> None:
    stale = Conflict(
        "condivisione.versione", "Superata.", details={"attuale": {"version": 2, "stato": "revocata"}}
    )
    services.answer("cartella.decide_condivisione", stale)

    answer = browser("giulia.bianchi").post(f"{OFFER}/decidi", data={"version": "1", "esito": "accetta"})

    assert answer.status_code == 409
    assert "revocata" in answer.text


def test_an_offer_that_is_not_among_mine_is_not_there(browser: SignIn, services: FakeServices) -> None:
    giulia = browser("giulia.bianchi")

    assert giulia.get(f"/condivisioni/{uuid4()}").status_code == 404
    assert giulia.get(f"{CASO}/condivisioni/{uuid4()}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "proposta"),
        ({"stato": StatoCondivisione.ACCETTATA, "in_vigore": True}, "accettata"),
        ({"stato": StatoCondivisione.ACCETTATA, "dal": datetime(2100, 1, 1, tzinfo=UTC)}, "futura"),
        ({"stato": StatoCondivisione.ACCETTATA}, "scaduta"),
        ({"stato": StatoCondivisione.REVOCATA}, "revocata"),
    ],
)
def test_an_accepted_grant_is_to_come_running_or_over(changes: dict[str, Any], state: str) -> None:
    past = {"dal": datetime(2020, 1, 1, tzinfo=UTC), "al": datetime(2020, 2, 1, tzinfo=UTC)}

    assert state_of(w.CONDIVISIONE.model_copy(update=past | changes)) == state


def test_what_is_of_one_case_is_not_reached_under_the_name_of_another(
    browser: SignIn, services: FakeServices
) -> None:
    services.answer("cartella.revoke_condivisione", RUNNING)
    services.answer(
        "cartella.list_condivisioni",
        lambda asked: CondivisioniOut(
            condivisioni=(RUNNING,) if asked.cartella_id in (None, w.CASO) else (), totale=1
        ),
    )
    services.answer(
        "cartella.get_cartella", lambda asked: w.CARTELLA.model_copy(update={"id": asked.cartella_id})
    )
    giulia, other = browser("giulia.bianchi"), f"/casi/{uuid4()}"

    ended = giulia.post(f"{other}{OFFER}/revoca", data={"version": "2", "motivo": "Finito"})

    assert ended.status_code == 404
    assert not [call for call in services.calls if call.method == "revoke_condivisione"]
    for page in (f"stampa/{w.STAMPA}", f"stampa/{w.STAMPA}/pdf", f"interventi/{w.FOGLIO}"):
        assert giulia.get(f"{other}/{page}").status_code == 404, page


# What is only partly open


def partly(services: FakeServices, *sezioni: str, entries: bool = False) -> None:
    """The case as one sees it by a grant of these sections, or for entries of his second level."""
    shown = w.CARTELLA.model_copy(
        update={"version": 0, "solo_intestazione": True, "team": (), "passaggi": (), "settore": "anziani"}
    )
    grant = CondivisioneAttiva(
        ente="F704", settore="minori", sezioni=sezioni, dal=w.at(1), al=datetime(2100, 1, 1, tzinfo=UTC)
    )
    kind = TipoRegola.VOCE_RISERVATA if entries else TipoRegola.CONDIVISIONE
    why = AccessoOut(
        cartella_id=w.CASO, ente="F704", settore="anziani", propria=False,
        regole=(RegolaAccesso(tipo=kind, sezioni=sezioni),), condivisioni=() if entries else (grant,),
    )  # fmt: skip
    services.answer("cartella.get_cartella", shown)
    services.answer("cartella.explain_accesso", why)


def tabs(html: str) -> list[str]:
    (nav,) = re.findall(r'<nav class="schede".*?</nav>', html, re.DOTALL)
    return re.findall(r'href="[^"]*?/casi/[^/"]+/?([a-z]*)"', nav)


def test_a_borrower_is_shown_the_tabs_that_are_open_and_until_when(
    browser: SignIn, services: FakeServices
) -> None:
    partly(services, "diario", "isee")

    html = browser("giulia.bianchi").get(CASO).text

    assert tabs(html) == ["", "diario", "isee", "famiglia"]
    assert "condivisa fino al" in html
    assert "Prendi in carico" not in html
    assert "Secondo livello" not in html


def test_who_reads_entries_of_his_second_level_is_shown_the_diary(
    browser: SignIn, services: FakeServices
) -> None:
    partly(services, "diario", entries=True)

    html = browser("giulia.bianchi").get(CASO).text

    assert tabs(html) == ["", "diario", "famiglia"]
    assert "secondo livello del tuo settore" in html


@pytest.mark.parametrize("page", ["", "/diario", "/documenti"])
def test_who_sees_the_case_by_a_document_is_shown_the_documents_on_every_page_of_it(
    browser: SignIn, services: FakeServices, page: str
) -> None:
    partly(services, "documenti", entries=True)

    browser("giulia.bianchi").get(f"{CASO}{page}")

    (asked,) = [call for call in services.calls if call.method == "explain_accesso"]
    assert "documenti:leggi" in asked.mandato["estensioni"]


@pytest.mark.parametrize("page", ["accessi", "carico", "condivisioni"])
def test_who_else_reads_the_case_is_not_for_who_sees_a_part_of_it(
    browser: SignIn, services: FakeServices, page: str
) -> None:
    partly(services, "diario")

    assert browser("giulia.bianchi").get(f"{CASO}/{page}").status_code == 404


# The second level


def test_a_case_is_put_in_the_second_level_with_a_reason(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.set_riservatezza", MARKED)
    giulia = browser("giulia.bianchi")
    typed = {"version": "3", "settore_riservato": "minori"}

    refused = giulia.post(f"{CASO}/carico/secondo-livello", data=typed)
    done = giulia.post(f"{CASO}/carico/secondo-livello", data={**typed, "motivo_riservatezza": "Tutela"})

    assert (refused.status_code, done.status_code) == (422, 303)
    command = last(services, "set_riservatezza")
    assert (command.settore_riservato, command.motivo, command.version) == ("minori", "Tutela", 3)


def test_a_case_of_the_second_level_says_so_and_can_be_taken_out(
    browser: SignIn, services: FakeServices
) -> None:
    services.answer("cartella.get_cartella", MARKED)
    services.answer("cartella.set_riservatezza", w.CARTELLA)
    giulia = browser("giulia.bianchi")

    html = giulia.get(f"{CASO}/carico").text
    typed = {"version": "3", "settore_riservato": "", "motivo_riservatezza": "Cessata"}
    giulia.post(f"{CASO}/carico/secondo-livello", data=typed)

    assert "Secondo livello: solo Minori" in html
    assert "Togli dal secondo livello" in html
    assert last(services, "set_riservatezza").settore_riservato == ""


def test_another_settore_has_no_say_in_it(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.get_cartella", w.CARTELLA.model_copy(update={"settore": "anziani"}))

    assert "carico/secondo-livello" not in browser("giulia.bianchi").get(f"{CASO}/carico").text


@pytest.mark.parametrize(("choice", "sent"), [("nuovo", "adulti"), ("nessuno", ""), ("", None)])
def test_who_moves_a_second_level_case_decides_on_its_mark(
    browser: SignIn, services: FakeServices, choice: str, sent: str | None
) -> None:
    services.answer("cartella.get_cartella", MARKED)
    services.answer("cartella.assign_cartella", MARKED)
    typed = {"version": "3", "settore": "adulti", "settore_riservato": choice, "motivo_assegna": "Passaggio"}

    browser("anna.ferrari").post(f"{CASO}/carico/assegna", data=typed)

    assert last(services, "assign_cartella").settore_riservato == sent


def test_an_entry_says_who_reads_it(browser: SignIn, services: FakeServices) -> None:
    colleague = SECRET.model_copy(update={"id": w.known("altrui"), "autore_id": w.MARCO})
    found = w.ANSWERS["cartella.list_voci_diario"].model_copy(  # type: ignore[union-attr]
        update={"voci": (w.ENTRY, w.PRIVATE, SECRET, colleague), "totale": 4}
    )
    services.answer("cartella.list_voci_diario", found)

    html = " ".join(browser("giulia.bianchi").get(f"{CASO}/diario").text.split())

    assert "la leggono: tu e chi può leggere il diario di questo caso" in html
    assert "la leggi solo tu" in html
    assert "la leggono: tu e chi lavora nel settore Minori col secondo livello" in html
    assert "la leggono: chi lavora nel settore Minori col secondo livello, e chi l’ha scritta" in html
    assert "Secondo livello: Minori" in html


def test_an_entry_is_written_for_a_settore_of_the_ente(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.add_voce_diario", SECRET)
    typed = {
        "tipo": "nota", "quando": "2026-11-20T10:15", "testo": "x", "settore_riservato": "minori",
        "idempotency_key": str(uuid4()),
    }  # fmt: skip
    giulia = browser("giulia.bianchi")

    assert giulia.post(f"{CASO}/diario", data=typed).status_code == 303
    assert last(services, "add_voce_diario").settore_riservato == "minori"
    wrong = giulia.post(f"{CASO}/diario", data=typed | {"settore_riservato": "inventato"})
    assert wrong.status_code == 422
    assert 'href="#settore_riservato"' in wrong.text


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ({"riservatezza_scelta": "1", "settore_riservato": "minori"}, "minori"),
        ({"riservatezza_scelta": "1", "settore_riservato": ""}, ""),
        ({}, None),
    ],
    ids=["marked", "taken out", "a form without the choice"],
)
def test_a_rectification_changes_the_mark_only_where_it_was_asked(
    browser: SignIn, services: FakeServices, typed: dict[str, str], sent: str | None
) -> None:
    services.answer("cartella.rectify_voce_diario", w.ENTRY)
    fields = {"version": "2", "tipo": "nota", "quando": "2026-11-20T10:15", "testo": "x"}

    browser("giulia.bianchi").post(f"{CASO}/diario/{w.VOCE}", data=fields | typed)

    assert last(services, "rectify_voce_diario").settore_riservato == sent


# The API


def test_the_api_offers_lists_decides_and_revokes(browser: SignIn, services: FakeServices) -> None:
    for method in ("propose", "decide", "revoke"):
        services.answer(f"cartella.{method}_condivisione", w.CONDIVISIONE)
    giulia, api = browser("giulia.bianchi"), f"/api/v1/cartelle/{w.CASO}/condivisioni"
    offer = {
        "ente": "B212", "settore": "minori", "sezioni": ["diario"], "al": "2026-12-31T23:00:00Z", "motivo": "Progetto",
    }  # fmt: skip

    assert giulia.post(api, json=offer).status_code == 201
    assert giulia.post(api, json=offer | {"settore": "inventato"}).status_code == 400
    assert giulia.get(api).json()["totale"] == 1
    assert last(services, "list_condivisioni").cartella_id == w.CASO
    assert giulia.get("/api/v1/condivisioni?in_attesa=true").status_code == 200
    assert last(services, "list_condivisioni").in_attesa is True
    one = f"/api/v1/condivisioni/{w.CONDIVISIONE.id}"
    assert giulia.post(f"{one}/decisione", json={"version": 1, "accetta": True}).status_code == 200
    assert giulia.post(f"{one}/revoca", json={"version": 1, "motivo": "Basta"}).status_code == 200
    assert last(services, "revoke_condivisione").condivisione_id == w.CONDIVISIONE.id


def test_the_api_marks_a_case_and_what_is_not_there_stays_so(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.set_riservatezza", NotFound("cartella.non_trovata", "Caso non trovato."))

    answer = browser("giulia.bianchi").post(
        f"/api/v1/cartelle/{w.CASO}/riservatezza",
        json={"version": 1, "settore_riservato": "minori", "motivo": "Tutela"},
    )

    assert answer.status_code == 404


def test_the_alert_of_an_offer_opens_the_offer(browser: SignIn, services: FakeServices) -> None:
    alert = w.DEATH.model_copy(
        update={
            "tipo": "condivisione_proposta", "riferimento_id": w.CONDIVISIONE.id, "cartella_id": None,
            "residente_id": None, "da_confermare": False,
        }
    )  # fmt: skip
    services.answer("notifiche.list_avvisi", AvvisiOut(avvisi=(alert,), totale=1, non_letti=1))

    assert f'href="{OFFER}"' in browser("giulia.bianchi").get("/").text


# Paying in a case of the second level


def office(**changes: Any) -> Any:
    fields = {
        "cartella_id": w.CASO, "settore": "amministrativo", "sezioni": ("fogli", "liquidazioni"), "scrive": True,
    }  # fmt: skip
    return w.CONDIVISIONE.model_copy(update=fields | changes)


def foglio_page(services: FakeServices, browser: SignIn, *grants: Any, marked: bool = True) -> str:
    services.answer("cartella.get_cartella", MARKED if marked else w.CARTELLA)
    services.answer("cartella.list_condivisioni", CondivisioniOut(condivisioni=grants, totale=len(grants)))
    answer = browser("giulia.bianchi").get(f"{CASO}/interventi/{w.FOGLIO}")
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


@pytest.mark.parametrize(
    "path", [f"{CASO}/interventi/{w.FOGLIO}", f"{CASO}/interventi/nuovo?area=famiglia_minori&voce=B5"]
)
def test_what_is_proposed_in_a_case_of_the_second_level_says_who_must_be_lent_it(
    browser: SignIn, services: FakeServices, path: str
) -> None:
    services.answer("cartella.get_cartella", MARKED)
    services.answer("cartella.list_condivisioni", CondivisioniOut(condivisioni=(), totale=0))
    giulia = browser("giulia.bianchi")

    html = giulia.get(path).text
    link = re.search(r'href="([^"]+)">condividi il caso con il settore Amministrativo', html)
    assert link is not None
    form = giulia.get(link[1].replace("&amp;", "&")).text

    assert '<option value="F704|amministrativo" selected>' in form
    assert form.count(" checked>") == 3  # Interventi, Pagamenti, "può anche scrivere"
    assert "Per pagare gli interventi di questo caso" in form


@pytest.mark.parametrize(
    ("grants", "words"),
    [
        ((), "condividi il caso con il settore Amministrativo"),
        ((office(),), "proposta inviata, manca la risposta"),
        ((office(stato=StatoCondivisione.ACCETTATA, in_vigore=True),), ""),
        ((office(stato=StatoCondivisione.ACCETTATA, scrive=False),), "condividi il caso con"),
        ((office(stato=StatoCondivisione.REVOCATA),), "condividi il caso con"),
        ((office(stato=StatoCondivisione.ACCETTATA, al=w.at(1)),), "condividi il caso con"),
    ],
    ids=["nobody", "asked", "lent", "for reading alone", "taken back", "over"],
)
def test_an_office_is_asked_for_once(
    browser: SignIn, services: FakeServices, grants: tuple[Any, ...], words: str
) -> None:
    html = foglio_page(services, browser, *grants)

    assert ("Per pagarlo serve una condivisione" in html) is bool(words)
    assert words in html


def test_an_ordinary_case_is_paid_without_any_grant(browser: SignIn, services: FakeServices) -> None:
    assert "Per pagarlo serve" not in foglio_page(services, browser, marked=False)


def test_an_address_cannot_fill_the_form_that_lends_a_case_with_its_own_words(browser: SignIn) -> None:
    html = browser("giulia.bianchi").get(f"{CASO}/condivisioni?per=pagamenti&a=x&motivo=Chiama+subito").text

    assert "Chiama subito" not in html


@pytest.mark.parametrize(("who", "opens"), [("giulia.bianchi", True), ("paolo.neri", False)])
def test_who_works_in_a_part_of_a_case_alone_is_not_led_to_the_case(
    browser: SignIn, services: FakeServices, who: str, opens: bool
) -> None:
    lent = office(stato=StatoCondivisione.ACCETTATA, in_vigore=True)
    services.answer("cartella.list_condivisioni", CondivisioniOut(condivisioni=(lent,), totale=1))
    reader = browser(who)

    for path in ("/condivisioni?quali=tutte", f"/condivisioni/{lent.id}"):
        assert (f'href="{CASO}"' in reader.get(path).text) is opens
    assert (
        'href="/interventi">Vai agli interventi' in reader.get(f"/condivisioni/{lent.id}").text
    ) is not opens
