"""What is typed becomes a command, or an Italian message at its field."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import uuid4

import pytest
from pydantic import Field

from contracts.base import Command, Importo
from contracts.errors import Conflict, Invalid, NotFound
from gateway.web import formats
from gateway.web.forms import Form, FormInvalid, plain_amount
from gateway.web.labels import Label, state, word


class Sample(Command):
    importo: Annotated[Importo, Field(gt=0)]
    dal: date
    motivo: Annotated[str, Field(min_length=1, max_length=20)]
    privata: bool = False
    sezioni: tuple[str, ...] = ()


def form(**typed: str) -> Form:
    return Form(values={name: [value] for name, value in typed.items()})


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("1.234,50", "1234.50"),
        ("€ 1.234", "1234"),
        ("1234.5", "1234.5"),
        ("12,3", "12.3"),
        ("1.234.567", "1234567"),
    ],
)
def test_amounts_are_read_as_italians_write_them(typed: str, plain: str) -> None:
    assert plain_amount(typed) == plain


def test_a_good_form_becomes_a_command() -> None:
    filled = form(
        importo="1.320,50", dal="2026-11-01", motivo=" affitto ", privata="1", idempotency_key=str(uuid4())
    )
    command = filled.build(Sample, money=("importo",), flags=("privata",))
    assert (command.importo, command.dal, command.motivo, command.privata) == (
        Decimal("1320.50"), date(2026, 11, 1), "affitto", True,
    )  # fmt: skip


def test_an_unticked_box_is_false_and_an_unticked_list_is_empty() -> None:
    command = form(importo="1", dal="2026-11-01", motivo="x").build(
        Sample, flags=("privata",), lists=("sezioni",)
    )
    assert command.privata is False
    assert command.sezioni == ()


def test_each_wrong_field_has_its_own_message_and_keeps_what_was_typed() -> None:
    filled = form(importo="tanto", dal="31/02/2026", motivo=" ")
    with pytest.raises(FormInvalid):
        filled.build(Sample, money=("importo",))
    assert set(filled.errors) == {"importo", "dal", "motivo"}
    assert filled.get("importo") == "tanto"
    assert filled.status == 422


def test_a_refusal_of_the_service_lands_at_the_field() -> None:
    filled = form(importo="1")
    with filled.collecting():
        raise Invalid("foglio.quote", "Le quote non tornano.", fields={"quota_ente": "Manca un centesimo."})
    assert filled.error("quota_ente") == "Manca un centesimo."
    assert filled.general == []


def test_a_refusal_without_fields_is_said_on_top() -> None:
    filled = form()
    with filled.collecting():
        raise Conflict("erogazione.deceduto", "Risulta deceduto: il pagamento è fermo.")
    assert filled.general == ["Risulta deceduto: il pagamento è fermo."]


def test_a_stale_version_is_kept_aside_with_status_409() -> None:
    filled = form(testo="mio")
    with filled.collecting():
        raise Conflict("voce.versione", "Cambiata.", details={"attuale": {"testo": "suo", "version": 2}})
    assert filled.status == 409
    assert filled.conflict is not None


def test_what_does_not_exist_is_not_a_form_error() -> None:
    with pytest.raises(NotFound), form().collecting():
        raise NotFound("cartella.non_trovata", "Non c’è.")


def test_values_look_italian() -> None:
    assert formats.euro(Decimal("1234.5")) == "€\u00a01.234,50"
    assert formats.day(date(2026, 11, 5)) == "05/11/2026"
    assert formats.month("2026-11") == "novembre 2026"
    assert formats.month("2026-13") == "2026-13"
    assert formats.size(5 * 1024 * 1024) == "5,0 MB"
    assert formats.plural(1, "caso", "casi") == "1 caso"


@pytest.mark.parametrize(
    ("born", "words"),
    [(date(2017, 11, 24), "8 anni"), (date(2017, 11, 23), "9 anni"), (date(2025, 11, 23), "1 anno"),
     (date(2026, 10, 24), "0 mesi"), (date(2026, 10, 23), "1 mese"), (None, "età non nota")],
)  # fmt: skip
def test_ages_turn_on_the_birthday(born: date | None, words: str) -> None:
    assert formats.age(born, date(2026, 11, 23)) == words


def test_a_value_without_a_label_is_shown_as_it_is() -> None:
    assert word("visita_protetta", "tipo_voce") == "Visita protetta"
    assert state("in_graduatoria", "foglio") == Label("In graduatoria")


def test_the_summary_of_errors_follows_the_page_and_not_the_command() -> None:
    filled = form(dal="", motivo="", importo="")
    filled.refuse("sezioni", "Scegli.")
    filled.refuse("importo", "Scrivi.")
    filled.refuse("dal", "Scrivi.")

    assert list(filled.in_order()) == ["dal", "importo", "sezioni"]
