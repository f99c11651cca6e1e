"""What a printed case file says, and what it leaves out."""

import json
from typing import Any
from uuid import UUID

from services.documenti.tests.factories import (
    WHEN,
    make_documento_out,
    make_erogazione,
    make_fascicolo,
    make_foglio,
    make_mandato,
    make_request_stampa,
    make_voce,
)

from documenti.domain.fascicolo import Materiale, compose
from documenti.domain.formats import datetime_text, euro_text, size_text

ALL = ("presa_in_carico", "diario", "isee")


def content(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"fascicolo": make_fascicolo(), "sezioni": ALL}
    return compose(make_request_stampa(), make_mandato(motivo=""), Materiale(**{**values, **changes}), WHEN)


def titles(printed: dict[str, Any]) -> list[str]:
    return [sezione["titolo"] for sezione in printed["sezioni"]]


def test_a_section_that_may_not_be_read_is_not_even_a_title() -> None:
    assert titles(content(sezioni=("presa_in_carico",))) == ["Presa in carico"]


def test_an_empty_section_says_so() -> None:
    printed = content(documenti=())

    assert printed["sezioni"][-1]["blocchi"] == [
        {"tipo": "frase", "testo": "Nessun elemento in questa sezione."}
    ]


def test_all_sections_in_the_order_of_the_case() -> None:
    printed = content(
        fogli=(make_foglio(),), erogazioni=(make_erogazione(),), documenti=(make_documento_out(),)
    )

    assert titles(printed) == [
        "Presa in carico",
        "Diario",
        "ISEE",
        "Fogli amministrativi",
        "Erogazioni",
        "Documenti",
    ]
    assert "1.320,50 €" in json.dumps(printed, ensure_ascii=False)


def test_the_cover_says_who_when_and_why() -> None:
    righe = dict(content()["stampa"]["righe"])

    assert righe["Stampata da"] == "Giulia Bianchi"
    assert righe["Data e ora"] == "23/11/2026, ore 15:05"
    assert righe["Motivo"] == "Consultazione del caso in carico"
    assert righe["Sezioni comprese"] == "Presa in carico, Diario, ISEE"


def test_an_unknown_operator_is_not_given_a_name() -> None:
    stranger = UUID("12345678-0000-7000-8000-000000000000")

    printed = content(
        fascicolo=make_fascicolo(voci=0).model_copy(update={"voci": (make_voce(autore_id=stranger),)})
    )

    assert "operatore 12345678" in json.dumps(printed)


def test_private_and_annulled_entries_are_marked() -> None:
    voci = (make_voce(privata=True), make_voce(annullata=True, motivo_annullamento="doppia"))

    printed = content(fascicolo=make_fascicolo().model_copy(update={"voci": voci}))

    private, annulled = printed["sezioni"][1]["blocchi"]
    assert "privata" in private["avviso"]
    assert "doppia" in annulled["avviso"]


def test_money_sizes_and_hours_are_written_the_italian_way() -> None:
    erogazione = make_erogazione()

    assert euro_text(erogazione.importo * 1000) == "1.320.500,00 €"
    assert (size_text(5_300_000), size_text(900)) == ("5,3 MB", "0,9 kB")
    assert datetime_text(WHEN.replace(month=7)) == "23/07/2026, ore 16:05"
