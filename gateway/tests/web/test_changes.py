"""Forms: what a change asks of the services, and what the page does when it is refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import web_world as w

from contracts.cartella import TipoVoce
from contracts.errors import Conflict, Invalid
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
CASO = f"/casi/{w.CASO}"


def last(services: FakeServices, method: str) -> object:
    return next(call.request for call in reversed(services.calls) if call.method == method)


def typed_entry(**changes: str) -> dict[str, str]:
    return {
        "tipo": "telefonata", "quando": "2026-11-20T10:15", "testo": "Chiamata la scuola.",
        "idempotency_key": str(uuid4()), **changes,
    }  # fmt: skip


def test_a_diary_entry_is_written_and_the_draft_forgotten(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.add_voce_diario", w.ENTRY)
    giulia = browser("giulia.bianchi")
    answer = giulia.post(f"{CASO}/diario", data=typed_entry(privata="1"))
    assert answer.status_code == 303
    command = last(services, "add_voce_diario")
    assert command.tipo is TipoVoce.TELEFONATA  # type: ignore[attr-defined]
    assert command.privata is True  # type: ignore[attr-defined]
    assert command.quando == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)  # type: ignore[attr-defined]
    page = giulia.get(answer.headers["location"]).text
    assert "Voce di diario registrata." in page
    assert f'data-bozza-tolta="diario:{w.CASO}"' in page


def test_a_refused_entry_keeps_what_was_typed_and_links_to_the_field(browser: SignIn) -> None:
    answer = browser("giulia.bianchi").post(
        f"{CASO}/diario", data=typed_entry(testo=" ", con_chi="la <nonna>")
    )
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert '<a href="#testo">Che cosa è successo: ' in answer.text
    assert 'aria-describedby="testo-errore"' in answer.text
    assert 'value="la &lt;nonna&gt;"' in answer.text
    assert 'value="2026-11-20T10:15"' in answer.text
    assert "<title>Errore: " in answer.text


def test_a_stale_entry_shows_both_versions_and_can_be_sent_again(
    browser: SignIn, services: FakeServices
) -> None:
    now = {
        "version": 5, "testo": "Testo di un’altra finestra", "con_chi": "", "tipo": "telefonata",
        "quando": "2026-11-20T09:15:00Z",
    }  # fmt: skip
    services.answer(
        "cartella.rectify_voce_diario", Conflict("voce.versione", "Cambiata.", details={"attuale": now})
    )
    sent = typed_entry(testo="Il mio testo", version="2")
    answer = browser("giulia.bianchi").post(f"{CASO}/diario/{w.VOCE}", data=sent)
    assert answer.status_code == 409
    assert "Testo di un’altra finestra" in answer.text
    assert "Il mio testo" in answer.text
    assert 'name="version" value="5"' in answer.text
    assert answer.text.count("20/11/2026, 10:15") == 2
    assert "<mark>20/11/2026" not in answer.text


def test_the_coherence_of_an_isee_is_the_service_s_word_at_the_field(
    browser: SignIn, services: FakeServices
) -> None:
    refusal = Invalid("isee.protocollo", "No.", fields={"protocollo_dsu": "Non è un protocollo DSU."})
    services.answer("cartella.add_isee", refusal)
    typed = {
        "tipo": "ordinario", "protocollo_dsu": "inps-1", "data_presentazione": "2026-02-03", "ise": "15.800,00",
        "scala": "2,46", "isee": "6.422,76",
    }  # fmt: skip
    answer = browser("giulia.bianchi").post(f"{CASO}/isee", data=typed)
    assert answer.status_code == 422
    assert "Non è un protocollo DSU." in answer.text
    assert 'value="15.800,00"' in answer.text
    command = last(services, "add_isee")
    assert command.ise == Decimal("15800.00")  # type: ignore[attr-defined]
    assert command.protocollo_dsu == "INPS-1"  # type: ignore[attr-defined]


def test_a_foglio_is_proposed_with_amounts_to_the_cent(browser: SignIn, services: FakeServices) -> None:
    services.answer("erogazioni.propose_foglio", w.PROPOSED)
    typed = {
        "voce_istat": "B5", "area": "famiglia_minori", "carattere": "periodico", "importo": "320,00",
        "quota_ente": "300,01", "quota_beneficiario": "19,99", "dal": "2026-11-01", "motivazione": "Affitto",
    }  # fmt: skip
    answer = browser("giulia.bianchi").post(f"{CASO}/interventi/nuovo", data=typed)
    assert answer.status_code == 303
    command = last(services, "propose_foglio")
    assert (command.quota_ente, command.quota_beneficiario) == (Decimal("300.01"), Decimal("19.99"))  # type: ignore[attr-defined]


def test_a_refused_foglio_stays_in_its_step_of_the_wizard(browser: SignIn) -> None:
    typed = {"voce_istat": "B5", "area": "famiglia_minori", "importo": "", "motivazione": "Affitto"}
    answer = browser("giulia.bianchi").post(f"{CASO}/interventi/nuovo", data=typed)
    assert answer.status_code == 422
    assert "ISTAT B5" in answer.text
    assert "Affitto</textarea>" in answer.text


def test_a_refusal_of_a_foglio_wants_a_reason(browser: SignIn, services: FakeServices) -> None:
    anna = browser("anna.ferrari")
    answer = anna.post(f"/interventi/{w.PROPOSED.id}/decidi", data={"version": "1", "esito": "respingi"})
    assert answer.status_code == 422
    assert not [call for call in services.calls if call.method == "decide_foglio"]


def test_approving_and_passing_to_the_next_opens_the_next(browser: SignIn, services: FakeServices) -> None:
    services.answer("erogazioni.decide_foglio", w.FOGLIO_OUT)
    anna = browser("anna.ferrari")
    answer = anna.post(
        f"/interventi/{w.PROPOSED.id}/decidi", data={"version": "1", "esito": "approva_e_prossimo"}
    )
    assert answer.headers["location"].startswith(f"/interventi/{w.FOGLIO}")


def test_a_payment_to_a_dead_person_is_refused_with_the_reason(
    browser: SignIn, services: FakeServices
) -> None:
    refusal = Conflict(
        "erogazione.deceduto", "Luca Rossi risulta deceduto il 21/11/2026: il pagamento è fermo."
    )
    services.answer("erogazioni.propose_erogazione", refusal)
    answer = browser("paolo.neri").post(f"/interventi/{w.FOGLIO}/pagamento", data={"mese": "2026-12"})
    assert answer.status_code == 422
    assert "risulta deceduto il 21/11/2026" in answer.text


def test_liquidating_comes_back_where_the_button_was(browser: SignIn, services: FakeServices) -> None:
    services.answer("erogazioni.liquidate_erogazione", w.PAID)
    sent = {"version": "1", "poi": "/pagamenti?vista=da_liquidare&mese=2026-11"}
    answer = browser("carla.russo").post(f"/pagamenti/{w.EROGAZIONE}/liquida", data=sent)
    assert answer.headers["location"] == "/pagamenti?vista=da_liquidare&mese=2026-11&fatto=liquidata"


def test_an_alert_is_disputed_only_with_a_reason(browser: SignIn, services: FakeServices) -> None:
    services.answer("notifiche.confirm_avviso", w.DEATH)
    giulia = browser("giulia.bianchi")
    empty = giulia.post(f"/avvisi/{w.AVVISO}/conferma", data={"version": "1", "contesta": "1"})
    assert empty.status_code == 422
    confirmed = giulia.post(f"/avvisi/{w.AVVISO}/conferma", data={"version": "1", "poi": CASO})
    assert confirmed.headers["location"] == f"{CASO}?fatto=avviso_confermato"


def test_the_flow_is_signed_by_who_generates_it(browser: SignIn, services: FakeServices) -> None:
    services.answer("erogazioni.generate_flusso", w.FLOW)
    browser("paolo.neri").post("/siuss", data={"mese": "2026-11", "idempotency_key": str(uuid4())})
    command = last(services, "generate_flusso")
    assert command.cf_operatore == "NREPLA79H30B212U"  # type: ignore[attr-defined]
    assert command.denominazione_ente == "Comune di Monza"  # type: ignore[attr-defined]


def test_refused_rows_are_a_csv_no_spreadsheet_takes_for_a_formula(browser: SignIn) -> None:
    answer = browser("paolo.neri").get(f"/notte/{w.CARICAMENTO}/rifiutate.csv")
    assert answer.content.startswith(b"\xef\xbb\xbfriga;colonna;valore;motivo\r\n")
    assert ";'=31/02/2026;" in answer.text


def test_a_change_without_the_page_s_token_is_refused(browser: SignIn) -> None:
    giulia = browser("giulia.bianchi")
    giulia.csrf = "0" * 128
    assert giulia.post(f"{CASO}/diario", data=typed_entry()).status_code == 403


def test_an_upload_without_a_file_says_so_at_the_field(browser: SignIn) -> None:
    answer = browser("giulia.bianchi").post(
        f"{CASO}/documenti", data={"tipo": "relazione"}, files={"file": ("", b"")}
    )
    assert answer.status_code == 422
    assert "Scegli il file da caricare." in answer.text
    assert '<a href="#file">' in answer.text


def test_the_form_that_annuls_a_payment_is_logged_as_a_reading_of_its_case(
    browser: SignIn, query: Callable[..., list[dict[str, Any]]]
) -> None:
    paolo = browser("paolo.neri")

    answer = paolo.get(f"/pagamenti/{w.EROGAZIONE}/annulla?foglio={w.FOGLIO}")

    logged = "SELECT cartella_id, residente_id FROM accessi WHERE session_id = %s AND rotta LIKE '%%/annulla'"
    assert answer.status_code == 200
    assert query(logged, paolo.session_id) == [{"cartella_id": w.CASO, "residente_id": w.LUCA}]
