"""The diary's rules, without a store."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from services.cartella.tests.factories import NOW, make_add_voce, make_step

from cartella.domain import diario
from cartella.domain.diario import VoceDiario
from cartella.domain.steps import Step
from contracts.cartella import RectifyVoceDiario, TipoVoce
from contracts.errors import Conflict, Forbidden, Invalid


def written(step: Step | None = None, **changes: Any) -> VoceDiario:
    return diario.write_voce(make_add_voce(**changes), "F704", step or make_step())


def rectification(voce: VoceDiario, **changes: Any) -> RectifyVoceDiario:
    fields = {
        "cartella_id": voce.cartella_id,
        "voce_id": voce.id,
        "version": voce.version,
        "tipo": TipoVoce.TELEFONATA,
        "quando": voce.quando,
        "testo": "Testo corretto.",
        "motivo": "Nome sbagliato",
    }
    return RectifyVoceDiario(**{**fields, **changes})


def test_a_private_entry_names_its_one_reader() -> None:
    step = make_step()

    assert written(step, privata=True).privata_di == step.operatore_id
    assert written(step).privata_di is None


def test_an_entry_may_not_tell_of_the_future() -> None:
    with pytest.raises(Invalid) as refused:
        written(quando=NOW + timedelta(hours=1))

    assert "quando" in refused.value.fields


def test_an_entry_without_time_zone_is_refused() -> None:
    with pytest.raises(Invalid):
        written(quando=datetime(2026, 11, 20, 10, 0))  # noqa: DTZ001 - the very thing refused


@pytest.mark.parametrize("year", [1, 1899])
def test_an_entry_of_another_century_is_refused(year: int) -> None:
    with pytest.raises(Invalid) as refused:
        written(quando=datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=1))))

    assert "quando" in refused.value.fields


def test_an_entry_of_blanks_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        written(testo="   \n ")

    assert "testo" in refused.value.fields


def test_instants_are_kept_as_the_store_will_give_them_back() -> None:
    voce = written(quando=datetime.fromisoformat("2026-11-20T15:00:00.123456+01:00"))

    assert voce.quando == datetime(2026, 11, 20, 14, 0, 0, 123000, tzinfo=UTC)
    assert voce.quando.tzinfo is UTC


def test_rectifying_keeps_what_was_written_before() -> None:
    step = make_step()
    voce = written(step)

    after = diario.rectify(
        voce, rectification(voce), make_step(operatore_id=step.operatore_id, motivo="Errore")
    )

    assert (after.version, after.testo, after.tipo) == (2, "Testo corretto.", TipoVoce.TELEFONATA)
    assert [(old.version, old.testo, old.con_chi, old.motivo) for old in after.versioni] == [
        (1, voce.testo, "madre", "Errore")
    ]


def test_only_the_author_rectifies() -> None:
    voce = written()

    with pytest.raises(Forbidden):
        diario.rectify(voce, rectification(voce), make_step(operatore_id=uuid4()))


def test_a_stale_rectification_is_answered_with_the_present_text() -> None:
    step = make_step()
    voce = written(step)
    changed = diario.rectify(voce, rectification(voce), step)

    with pytest.raises(Conflict) as refused:
        diario.rectify(changed, rectification(voce), step)

    assert refused.value.details["attuale"]["testo"] == "Testo corretto."


def test_an_annulled_entry_keeps_its_text_and_is_not_changed_again() -> None:
    step = make_step(motivo="Caso sbagliato")
    annulled = diario.annul(written(step), 1, step)

    assert (annulled.annullata, annulled.motivo_annullamento) == (True, "Caso sbagliato")
    assert annulled.testo
    with pytest.raises(Conflict):
        diario.annul(annulled, 2, step)
