"""A case that is not one's own asks why, once a day, on pages and on the API; the access log keeps the reason."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from contracts import cartella as c
from contracts.erogazioni import FoglioOut
from contracts.errors import Forbidden, NotFound
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
Query = Callable[..., list[dict[str, Any]]]
ASKS = Forbidden("accesso.motivo_richiesto", "Questo caso non è tra i tuoi: per aprirlo scrivi il motivo.")


FOGLIO = FoglioOut.model_validate(
    {
        "id": uuid4(), "numero": "2026/000007", "cartella_id": uuid4(), "residente_id": uuid4(), "ente": "F704",
        "voce_istat": "G13", "voce_nome": "Contributo", "prestazione_inps": "A1.04", "carattere": "periodico",
        "importo": "320.00", "quota_ente": "320.00", "quota_beneficiario": "0.00", "quota_ssn": "0.00",
        "dal": "2026-01-01", "al": None, "isee_id": None, "fondo": "", "motivazione": "Reddito insufficiente",
        "stato": "proposto", "proponente_id": uuid4(), "approvatore_id": None, "deciso_il": None,
        "motivo_decisione": "", "version": 1, "creato_il": "2026-11-20T10:00:00Z",
    }
)  # fmt: skip


def require_motivo(services: FakeServices, case: UUID) -> None:
    """What `chassis.motivo.require_motivo` does about a colleague's case."""
    mandato = services.calls[-1].mandato
    purpose = mandato.get("tipo") == "client"
    if not mandato.get("motivo") or not (purpose or str(case) in mandato.get("motivo_per", ())):
        raise Forbidden(ASKS.code, ASKS.message, details={"cartella_id": str(case)})


class Cartella:
    """A service that asks why, as cartella does: without a reason for this case in the mandate, nothing."""

    def __init__(self, services: FakeServices) -> None:
        self.services = services
        self.diario = c.VociDiarioOut(voci=(), totale=0)
        services.answer("cartella.list_voci_diario", self.answer)

    def answer(self, request: Any) -> c.VociDiarioOut:
        require_motivo(self.services, request.cartella_id)
        return self.diario


@pytest.fixture(autouse=True)
def cartella(services: FakeServices) -> Cartella:
    return Cartella(services)


@pytest.fixture
def case() -> UUID:
    return uuid4()


def diary(who: Browser, case: UUID, **kwargs: Any) -> Any:
    return who.get(f"/api/v1/cartelle/{case}/diario", **kwargs)


def asked(services: FakeServices) -> int:
    return sum(call.method == "list_voci_diario" for call in services.calls)


def reasons(query: Query, case: UUID) -> list[str]:
    rows = query("SELECT motivo FROM accessi WHERE cartella_id = %s ORDER BY quando", case)
    return [row["motivo"] for row in rows]


def test_without_a_reason_nothing_comes_back(browser: SignIn, case: UUID) -> None:
    answer = diary(browser("giulia.bianchi"), case)

    assert (answer.status_code, answer.json()["code"]) == (403, "accesso.motivo_richiesto")


def test_a_reason_given_serves_for_the_day_and_stands_in_the_log(
    browser: SignIn, case: UUID, query: Query
) -> None:
    giulia = browser("giulia.bianchi")
    said = giulia.post(f"/api/v1/cartelle/{case}/motivo", json={"scelta": "sostituzione"})

    first, second = diary(giulia, case), diary(browser("giulia.bianchi"), case)

    assert (said.status_code, first.status_code, second.status_code) == (204, 200, 200)
    assert reasons(query, case) == ["Sostituzione di un collega"] * 3


def test_a_reason_is_for_one_case_and_one_person(browser: SignIn, case: UUID) -> None:
    giulia = browser("giulia.bianchi")
    giulia.post(f"/api/v1/cartelle/{case}/motivo", json={"scelta": "segretariato"})

    assert diary(giulia, uuid4()).status_code == 403
    assert diary(browser("marco.verdi"), case).status_code == 403


def test_the_reason_of_yesterday_does_not_serve_today(
    browser: SignIn, case: UUID, settings: Any, app: FastAPI
) -> None:
    import psycopg

    giulia = browser("giulia.bianchi")
    giulia.post(f"/api/v1/cartelle/{case}/motivo", json={"scelta": "segretariato"})
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE motivi_accesso SET giorno = giorno - 1 WHERE cartella_id = %s", (case,))
    app.state.gateway.motivi.known.clear()

    assert diary(giulia, case).status_code == 403


def test_another_process_finds_the_reason_in_the_store(
    browser: SignIn, case: UUID, app: FastAPI, services: FakeServices
) -> None:
    giulia = browser("giulia.bianchi")
    giulia.post(f"/api/v1/cartelle/{case}/motivo", json={"scelta": "segretariato"})
    app.state.gateway.motivi.known.clear()
    services.calls.clear()

    statuses = [diary(giulia, case).status_code, diary(giulia, case).status_code]

    assert statuses == [200, 200]
    assert asked(services) == 3  # refused once, told why, then told at once


def test_a_header_gives_the_reason_and_is_remembered_when_the_call_succeeds(
    browser: SignIn, case: UUID, query: Query
) -> None:
    giulia = browser("giulia.bianchi")

    first = diary(giulia, case, headers={"X-Motivo": "richiesta%20del%20coordinatore%20di%20oggi"})

    assert (first.status_code, diary(giulia, case).status_code) == (200, 200)
    assert reasons(query, case) == ["richiesta del coordinatore di oggi"] * 2


def test_a_header_is_forgotten_when_the_call_fails(
    browser: SignIn, case: UUID, services: FakeServices, cartella: Cartella
) -> None:
    giulia = browser("giulia.bianchi")
    services.answer("cartella.list_voci_diario", NotFound("cartella.non_trovata", "Non c'è."))
    assert diary(giulia, case, headers={"X-Motivo": "sostituzione"}).status_code == 404
    services.answer("cartella.list_voci_diario", cartella.answer)

    assert diary(giulia, case).status_code == 403


def test_a_header_speaks_of_the_case_the_request_names_and_of_no_other(
    browser: SignIn, case: UUID, services: FakeServices
) -> None:
    """An answer from another case than the address names (a foglio, say) is explained by itself."""
    other = uuid4()

    def foglio(request: Any) -> Any:
        require_motivo(services, other)

    services.answer("cartella.list_voci_diario", foglio)

    answer = diary(browser("giulia.bianchi"), case, headers={"X-Motivo": "sostituzione"})

    assert answer.json()["details"] == {"cartella_id": str(other)}


# --- what is asked for by an id of its own, of a case the address does not name -----------------------------------


@pytest.fixture
def foglio(services: FakeServices, case: UUID) -> str:
    """The address of a foglio of a colleague's case."""

    def get_foglio(request: Any) -> FoglioOut:
        require_motivo(services, case)
        return FOGLIO.model_copy(update={"id": request.foglio_id, "cartella_id": case})

    services.answer("erogazioni.get_foglio", get_foglio)
    return f"/fogli/{uuid4()}"


def test_the_refusal_names_the_case_to_explain(
    browser: SignIn, case: UUID, foglio: str, query: Query
) -> None:
    giulia = browser("giulia.bianchi")

    refused = giulia.get(f"/api/v1{foglio}").json()
    giulia.post(
        f"/api/v1/cartelle/{refused['details']['cartella_id']}/motivo", json={"scelta": "sostituzione"}
    )

    assert refused["code"] == "accesso.motivo_richiesto"
    assert giulia.get(f"/api/v1{foglio}").status_code == 200
    assert reasons(query, case) == ["", "Sostituzione di un collega", "Sostituzione di un collega"]


def test_the_reason_written_today_for_the_case_opens_what_is_in_it(
    browser: SignIn, case: UUID, foglio: str
) -> None:
    giulia = browser("giulia.bianchi")
    giulia.post(f"/api/v1/cartelle/{uuid4()}/motivo", json={"scelta": "sostituzione"})
    before = giulia.get(f"/api/v1{foglio}").status_code
    giulia.post(f"/api/v1/cartelle/{case}/motivo", json={"scelta": "sostituzione"})

    assert (before, giulia.get(f"/api/v1{foglio}").status_code) == (403, 200)


def test_a_header_speaks_of_the_case_that_was_found_and_is_remembered_for_it(
    browser: SignIn, case: UUID, foglio: str, query: Query
) -> None:
    giulia = browser("giulia.bianchi")

    answer = giulia.get(f"/api/v1{foglio}", headers={"X-Motivo": "sostituzione"})

    assert (answer.status_code, diary(giulia, case).status_code) == (200, 200)
    assert reasons(query, case) == ["Sostituzione di un collega"] * 2


def test_a_page_of_it_asks_why_and_leads_back(browser: SignIn, case: UUID, foglio: str) -> None:
    page = foglio.replace("/fogli/", "/interventi/")

    answer = browser("giulia.bianchi").get(page)

    assert answer.status_code == 403
    assert f'action="/casi/{case}/motivo"' in answer.text
    assert f'name="ritorno" value="{page}"' in answer.text


@pytest.mark.parametrize("header", ["", ".", "  x  ", "%20%20%20%20%20%20"])
def test_a_header_that_says_nothing_is_refused(browser: SignIn, case: UUID, header: str) -> None:
    answer = diary(browser("giulia.bianchi"), case, headers={"X-Motivo": header})

    assert (answer.status_code, answer.json()["code"]) == (400, "accesso.motivo_mancante")


@pytest.mark.parametrize(
    "body",
    [
        {"scelta": "altro"}, {"scelta": "altro", "testo": "boh"}, {"scelta": "altro", "testo": " " * 40},
        {"scelta": "curiosita", "testo": "mi serve saperlo"}, {}, {"scelta": "altro", "testo": "x" * 600},
    ],
)  # fmt: skip
def test_a_reason_that_is_none_is_refused(browser: SignIn, case: UUID, body: dict[str, str]) -> None:
    giulia = browser("giulia.bianchi")

    assert giulia.post(f"/api/v1/cartelle/{case}/motivo", json=body).status_code in (400, 422)
    assert diary(giulia, case).status_code == 403


def test_giving_a_reason_says_nothing_of_whether_the_case_exists(
    browser: SignIn, services: FakeServices
) -> None:
    services.calls.clear()

    answer = browser("giulia.bianchi").post(f"/api/v1/cartelle/{uuid4()}/motivo", json={"scelta": "autorita"})

    assert answer.status_code == 204
    assert services.calls == []


# --- pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pages(services: FakeServices) -> None:
    """The head of a case, once a reason was given."""

    def get_cartella(request: c.GetCartella) -> c.CartellaOut:
        require_motivo(services, request.cartella_id)
        raise NotFound("cartella.non_trovata", "Non c'è.")

    services.answer("cartella.get_cartella", get_cartella)


def test_a_page_asks_why_instead_of_refusing(browser: SignIn, case: UUID, pages: None) -> None:
    answer = browser("giulia.bianchi").get(f"/casi/{case}/diario?pagina=2")

    assert answer.status_code == 403
    assert "Perché apri questo caso?" in answer.text
    assert f'action="/casi/{case}/motivo"' in answer.text
    assert f'name="ritorno" value="/casi/{case}/diario?pagina=2"' in answer.text


def test_the_answer_leads_back_to_the_page_that_was_asked_for(
    browser: SignIn, case: UUID, pages: None, query: Query
) -> None:
    giulia = browser("giulia.bianchi")
    form = {"scelta": "altro", "testo": "La scuola ha chiamato adesso", "ritorno": f"/casi/{case}/diario"}

    answer = giulia.post(f"/casi/{case}/motivo", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/casi/{case}/diario")
    assert giulia.get(f"/casi/{case}/diario").status_code == 404  # asked no more: the fake has no such case
    assert reasons(query, case) == ["La scuola ha chiamato adesso"] * 2


def test_an_answer_that_says_nothing_is_shown_at_its_field(browser: SignIn, case: UUID) -> None:
    giulia = browser("giulia.bianchi")

    none = giulia.post(f"/casi/{case}/motivo", data={"ritorno": "/casi"})
    short = giulia.post(f"/casi/{case}/motivo", data={"scelta": "altro", "testo": "boh"})

    assert (none.status_code, short.status_code) == (422, 422)
    assert "Scegli perché apri questo caso." in none.text
    assert "Scrivi in poche parole perché lo apri" in short.text


def test_the_answer_never_leads_to_another_site(browser: SignIn, case: UUID) -> None:
    form = {"scelta": "segretariato", "ritorno": "//evil.example/casi"}

    assert browser("giulia.bianchi").post(f"/casi/{case}/motivo", data=form).headers["location"] == "/"


def test_a_change_that_is_asked_why_goes_back_to_the_page_it_came_from(
    browser: SignIn, case: UUID, pages: None, services: FakeServices
) -> None:
    services.answer("cartella.add_voce_diario", ASKS)
    giulia = browser("giulia.bianchi")
    here = f"http://siso.test/casi/{case}/diario"
    form = {"tipo": "nota", "quando": "2026-11-20T10:00", "testo": "Una nota"}

    ours = giulia.post(f"/casi/{case}/diario", data=form, headers={"Referer": here})
    foreign = giulia.post(f"/casi/{case}/diario", data=form, headers={"Referer": "http://evil.example/x"})

    assert f'name="ritorno" value="/casi/{case}/diario"' in ours.text
    assert "rimasto in bozza" in ours.text
    assert f'name="ritorno" value="/casi/{case}"' in foreign.text


def test_a_part_of_a_page_asks_by_leading_to_the_question(browser: SignIn, case: UUID, pages: None) -> None:
    answer = browser("giulia.bianchi").get(
        f"/casi/{case}/diario",
        headers={"HX-Request": "true", "HX-Current-URL": f"http://siso.test/casi/{case}"},
    )

    assert answer.headers["hx-redirect"] == f"/casi/{case}/motivo?ritorno=/casi/{case}"
    assert browser("giulia.bianchi").get(answer.headers["hx-redirect"]).status_code == 200


def test_a_case_out_of_sight_stays_out_of_sight_with_or_without_a_reason(
    browser: SignIn, case: UUID, services: FakeServices
) -> None:
    services.answer("cartella.get_cartella", NotFound("cartella.non_trovata", "Non c'è."))
    giulia = browser("giulia.bianchi")
    before = giulia.get(f"/casi/{case}")

    giulia.post(f"/api/v1/cartelle/{case}/motivo", json={"scelta": "autorita"})

    assert (before.status_code, giulia.get(f"/casi/{case}").status_code) == (404, 404)
    assert "Perché apri questo caso?" not in before.text
