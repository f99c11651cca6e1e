"""The second level in the real store: a case or an entry that for others does not exist."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from services.cartella.tests.factories import make_add_voce, make_mandato
from services.cartella.tests.integration.conftest import events_of, together
from services.cartella.tests.integration.doors import SINGLE, finds, texts, ways_in

from cartella.use_cases import diario, fascicolo, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import (
    AnnulVoceDiario,
    AssignCartella,
    CartellaOut,
    CloseCartella,
    ExportFascicolo,
    GetCartella,
    GetVoceDiario,
    ListVociDiario,
    RectifyVoceDiario,
    SetRiservatezza,
    VoceDiarioOut,
)
from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.events import Envelope
from contracts.mandato import Emergenza, Extent, Mandato

SECRET = "Segnalazione riservata dell'équipe"


def mark(
    caso: CartellaOut, who: Mandato, database: MongoDatabase, settore: str | None = None, **changes: Any
) -> CartellaOut:
    fields = {
        "cartella_id": caso.id,
        "version": caso.version,
        "settore_riservato": who.settore if settore is None else settore,
        "motivo": "Tutela",
    }
    return presa_in_carico.set_riservatezza(SetRiservatezza(**{**fields, **changes}), who, database)


@pytest.fixture
def riservato(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> CartellaOut:
    return mark(caso, giulia, database)


OUTSIDERS: dict[str, dict[str, Any]] = {
    "role of the whole ente": {"extent": Extent.ENTE, "settore": "altro"},
    "whole ente, without second level": {"extent": Extent.ENTE, "secondo_livello__leggi": Extent.NESSUNO},
    "colleague without second level": {"secondo_livello__leggi": Extent.NESSUNO},
    "another settore": {"settore": "altro"},
    "same settore of another ente": {"ente": "B212"},
}


@pytest.mark.parametrize("outsider", OUTSIDERS.values(), ids=OUTSIDERS)
def test_a_second_level_case_does_not_exist_outside_its_settore(
    database: MongoDatabase, settore: str, riservato: CartellaOut, outsider: dict[str, Any]
) -> None:
    fields = {"settore": settore, "secondo_livello__leggi": Extent.SETTORE, **outsider}
    who = make_mandato(fields.pop("extent", Extent.SETTORE), **fields)

    assert ways_in(riservato, who, database) == []


@pytest.mark.parametrize("door", SINGLE)
def test_the_answer_is_the_one_for_a_case_that_never_was(
    database: MongoDatabase, riservato: CartellaOut, door: str
) -> None:
    who = make_mandato(settore="altro", motivo="")
    answers = []

    for caso in (riservato, riservato.model_copy(update={"id": uuid4()})):
        with pytest.raises(NotFound) as refused:
            SINGLE[door](caso, who, database)
        answers.append((refused.value.code, refused.value.message, refused.value.details))

    assert answers[0] == answers[1]


def test_its_settore_and_its_team_go_on_seeing_it(
    database: MongoDatabase, giulia: Mandato, marco: Mandato, riservato: CartellaOut
) -> None:
    assert finds(riservato, giulia, database)
    assert presa_in_carico.get_cartella(GetCartella(cartella_id=riservato.id), marco, database) == riservato
    assert riservato.settore_riservato == giulia.settore


def test_the_mark_is_history_and_is_told_to_the_others(
    database: MongoDatabase, giulia: Mandato, riservato: CartellaOut
) -> None:
    cleared = mark(riservato, giulia, database, settore="")

    assert [passaggio.tipo for passaggio in cleared.passaggi] == [
        "apertura",
        "secondo_livello",
        "fine_secondo_livello",
    ]
    events = [Envelope.model_validate_json(row["envelope"]) for row in events_of(database, riservato.id)]
    assert [(event.type, event.data["settore_riservato"]) for event in events[1:]] == [
        ("cartella.cartella.riservata.v1", giulia.settore),
        ("cartella.cartella.riservata.v1", ""),
    ]


def test_every_later_event_says_that_the_case_is_of_the_second_level(
    database: MongoDatabase, giulia: Mandato, riservato: CartellaOut
) -> None:
    presa_in_carico.close_cartella(
        CloseCartella(cartella_id=riservato.id, version=2, motivo="Fine"), giulia, database
    )

    last = Envelope.model_validate_json(events_of(database, riservato.id)[-1]["envelope"])
    assert last.data["settore_riservato"] == giulia.settore


def test_a_stale_mark_is_a_conflict_and_the_same_command_twice_is_done_once(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    key = uuid4()
    first = mark(caso, giulia, database, idempotency_key=key)

    assert mark(caso, giulia, database, idempotency_key=key) == first
    with pytest.raises(Conflict):
        mark(caso, giulia, database, settore="", version=1)


def test_nobody_marks_for_a_settore_he_does_not_work_in(
    database: MongoDatabase, giulia: Mandato, settore: str, caso: CartellaOut
) -> None:
    director = make_mandato(Extent.ENTE, settore="direzione")

    with pytest.raises(Invalid):
        mark(caso, giulia, database, settore="altro")
    with pytest.raises(Invalid):
        mark(caso, director, database)
    with pytest.raises(Forbidden):
        mark(caso, director, database, settore=settore)


def test_only_its_settore_takes_it_out_again(
    database: MongoDatabase, settore: str, riservato: CartellaOut
) -> None:
    director = make_mandato(Extent.ENTE, settore="direzione")

    with pytest.raises(Forbidden):
        mark(riservato, director, database, settore="")


def test_a_second_level_case_does_not_move_with_its_mark_forgotten(
    database: MongoDatabase, giulia: Mandato, riservato: CartellaOut
) -> None:
    moving = {"cartella_id": riservato.id, "version": 2, "settore": "adulti", "motivo": "Maggiore età"}

    with pytest.raises(Invalid) as refused:
        presa_in_carico.assign_cartella(AssignCartella(**moving), giulia, database)
    with pytest.raises(Invalid):
        presa_in_carico.assign_cartella(
            AssignCartella(**moving, settore_riservato=giulia.settore), giulia, database
        )
    renamed = presa_in_carico.assign_cartella(
        AssignCartella(**moving, settore_riservato="adulti"), giulia, database
    )

    assert "settore_riservato" in refused.value.fields
    assert (renamed.settore, renamed.settore_riservato) == ("adulti", "adulti")


def test_it_moves_with_its_mark_cleared_by_who_may_clear_it(
    database: MongoDatabase, settore: str, giulia: Mandato, riservato: CartellaOut
) -> None:
    moving = AssignCartella(
        cartella_id=riservato.id, version=2, settore="adulti", settore_riservato="", motivo="Passaggio"
    )
    without = make_mandato(settore=settore, secondo_livello__scrivi=Extent.NESSUNO)

    with pytest.raises(Forbidden):
        presa_in_carico.assign_cartella(moving, without, database)
    assert presa_in_carico.assign_cartella(moving, giulia, database).settore_riservato == ""


def test_break_the_glass_opens_the_second_level_only_where_the_policy_names_it(
    database: MongoDatabase, riservato: CartellaOut
) -> None:
    def in_emergency(*scopi: str) -> Mandato:
        who = make_mandato(Extent.PROPRI, settore="pronto", motivo="")
        opened = Emergenza(residente_id=riservato.residente_id, scopi=scopi)
        return who.model_copy(update={"emergenza": opened})

    leggi = "presa_in_carico:leggi"
    assert not finds(riservato, in_emergency(leggi), database)
    assert finds(riservato, in_emergency(leggi, "secondo_livello:leggi"), database)


def test_break_the_glass_opens_the_second_level_to_no_section_but_its_own(
    database: MongoDatabase, riservato: CartellaOut
) -> None:
    opened = Emergenza(
        residente_id=riservato.residente_id, scopi=("presa_in_carico:leggi", "secondo_livello:leggi")
    )
    who = make_mandato(Extent.ENTE, settore="pronto", secondo_livello__leggi=Extent.NESSUNO)
    who = who.model_copy(update={"emergenza": opened})

    with pytest.raises(NotFound):
        diario.list_voci_diario(ListVociDiario(cartella_id=riservato.id), who, database)


# Entries


@pytest.fixture
def adulti(settore: str) -> Mandato:
    """Works in another settore of the ente, on another part of the same people."""
    return make_mandato(settore=f"{settore}-adulti")


@pytest.fixture
def psicologa(database: MongoDatabase, giulia: Mandato, adulti: Mandato, caso: CartellaOut) -> Mandato:
    """Of the other settore, in the team of the case."""
    who = make_mandato(Extent.PROPRI, settore=adulti.settore, secondo_livello__leggi=Extent.SETTORE)
    request = AssignCartella(
        cartella_id=caso.id, version=1, team=(*caso.team, who.operatore_id), motivo="Équipe"
    )
    presa_in_carico.assign_cartella(request, giulia, database)
    return who


@pytest.fixture
def riservata(
    database: MongoDatabase, psicologa: Mandato, adulti: Mandato, giulia: Mandato, caso: CartellaOut
) -> VoceDiarioOut:
    """Of the second level of the other settore, beside an ordinary entry and a private one of the same author."""
    diario.add_voce_diario(make_add_voce(caso.id, testo="Ordinaria"), giulia, database)
    diario.add_voce_diario(make_add_voce(caso.id, testo="Privata", privata=True), psicologa, database)
    request = make_add_voce(caso.id, testo=SECRET, settore_riservato=adulti.settore)
    return diario.add_voce_diario(request, psicologa, database)


def test_an_entry_of_the_second_level_is_read_by_its_settore_alone(
    database: MongoDatabase,
    caso: CartellaOut,
    riservata: VoceDiarioOut,
    giulia: Mandato,
    marco: Mandato,
    adulti: Mandato,
) -> None:
    for who in (giulia, marco):
        assert texts(caso, who, database) == ["Ordinaria"]
        assert texts(caso, who, database, testo="équipe") == []
        with pytest.raises(NotFound):
            diario.get_voce_diario(GetVoceDiario(cartella_id=caso.id, voce_id=riservata.id), who, database)
    assert texts(caso, adulti, database) == [SECRET]


def test_that_settore_sees_the_heading_of_the_case_and_nothing_else_of_it(
    database: MongoDatabase, caso: CartellaOut, riservata: VoceDiarioOut, adulti: Mandato
) -> None:
    shown = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), adulti, database)

    assert (shown.numero, shown.solo_intestazione) == (caso.numero, True)
    assert (shown.team, shown.passaggi, shown.version) == ((), (), 0)
    assert finds(caso, adulti, database)
    assert set(ways_in(caso, adulti, database)) <= {
        "get", "explain", "diary", "list all", "list person", "list people", "list number", "list counter",
        "list state", "list beyond",
    }  # fmt: skip


@pytest.mark.parametrize(
    "outsider",
    [
        {"secondo_livello__leggi": Extent.NESSUNO},
        {"extent": Extent.PROPRI, "secondo_livello__leggi": Extent.SETTORE},
        {"ente": "B212"},
    ],
    ids=["no second level", "a role for its own cases alone", "same settore elsewhere"],
)
def test_the_heading_is_not_for_everybody_of_that_settore(
    database: MongoDatabase,
    caso: CartellaOut,
    riservata: VoceDiarioOut,
    adulti: Mandato,
    outsider: dict[str, Any],
) -> None:
    extent = outsider.pop("extent", Extent.SETTORE)
    who = make_mandato(extent, **{"settore": adulti.settore, **outsider})

    assert ways_in(caso, who, database) == []


@pytest.mark.parametrize("extent", [Extent.AMBITO, Extent.PROVINCIA])
def test_a_role_for_a_territory_of_which_its_ente_is_no_part_is_led_to_nothing(
    database: MongoDatabase, caso: CartellaOut, riservata: VoceDiarioOut, adulti: Mandato, extent: Extent
) -> None:
    who = make_mandato(extent, settore=adulti.settore, secondo_livello__leggi=Extent.SETTORE)

    assert ways_in(caso, who, database) == []


def test_a_role_for_the_whole_ente_reads_it_only_with_the_second_level_of_the_ente(
    database: MongoDatabase, caso: CartellaOut, riservata: VoceDiarioOut
) -> None:
    plain = make_mandato(Extent.ENTE, settore="x", secondo_livello__leggi=Extent.SETTORE)
    wide = make_mandato(Extent.ENTE, settore="x")

    assert texts(caso, plain, database) == ["Ordinaria"]
    assert set(texts(caso, wide, database)) == {SECRET, "Ordinaria"}


def test_its_author_reads_it_from_whatever_settore_while_he_has_the_case(
    database: MongoDatabase, caso: CartellaOut, giulia: Mandato, adulti: Mandato
) -> None:
    request = make_add_voce(caso.id, testo=SECRET, settore_riservato=adulti.settore)
    diario.add_voce_diario(request, giulia, database)

    assert texts(caso, giulia, database) == [SECRET]
    moved = make_mandato(settore="altrove", operatore_id=giulia.operatore_id)
    database.db.cartelle.update_one({"_id": caso.id}, {"$set": {"team": []}})
    with pytest.raises(NotFound):
        texts(caso, moved, database)


def test_it_is_in_no_export_of_others(
    database: MongoDatabase, caso: CartellaOut, riservata: VoceDiarioOut, giulia: Mandato, psicologa: Mandato
) -> None:
    request = ExportFascicolo(cartella_id=caso.id)

    assert SECRET not in fascicolo.export_fascicolo(request, giulia, database).model_dump_json()
    assert SECRET in fascicolo.export_fascicolo(request, psicologa, database).model_dump_json()


def test_nothing_is_told_of_it(
    database: MongoDatabase, caso: CartellaOut, riservata: VoceDiarioOut, psicologa: Mandato
) -> None:
    diario.rectify_voce_diario(rectification(riservata), psicologa, database)

    assert events_of(database, riservata.id) == []


def rectification(voce: VoceDiarioOut, **changes: Any) -> RectifyVoceDiario:
    fields = {
        "cartella_id": voce.cartella_id, "voce_id": voce.id, "version": voce.version, "tipo": voce.tipo,
        "quando": voce.quando, "testo": "Corretta", "motivo": "Errore",
    }  # fmt: skip
    return RectifyVoceDiario(**{**fields, **changes})


def test_a_rectification_that_says_nothing_of_the_mark_leaves_it(
    database: MongoDatabase, caso: CartellaOut, riservata: VoceDiarioOut, psicologa: Mandato, giulia: Mandato
) -> None:
    after = diario.rectify_voce_diario(rectification(riservata), psicologa, database)

    assert after.settore_riservato == psicologa.settore
    assert "Corretta" not in texts(caso, giulia, database)


def test_out_of_the_second_level_it_takes_the_heading_and_keeps_its_earlier_text(
    database: MongoDatabase,
    caso: CartellaOut,
    riservata: VoceDiarioOut,
    psicologa: Mandato,
    giulia: Mandato,
    adulti: Mandato,
) -> None:
    diario.rectify_voce_diario(rectification(riservata, settore_riservato=""), psicologa, database)

    assert not finds(caso, adulti, database)
    read = diario.get_voce_diario(GetVoceDiario(cartella_id=caso.id, voce_id=riservata.id), giulia, database)
    assert (read.testo, read.versioni) == ("Corretta", ())
    own = diario.get_voce_diario(
        GetVoceDiario(cartella_id=caso.id, voce_id=riservata.id), psicologa, database
    )
    assert [old.testo for old in own.versioni] == [SECRET]


def test_only_who_may_mark_marks_an_entry_and_never_a_private_one(
    database: MongoDatabase, settore: str, caso: CartellaOut, giulia: Mandato
) -> None:
    without = make_mandato(settore=settore, secondo_livello__scrivi=Extent.NESSUNO)
    stranger = make_mandato(Extent.PROVINCIA, ente="B212").model_copy(update={"enti_provincia": ("F704",)})
    request = make_add_voce(caso.id, settore_riservato=settore)

    with pytest.raises(Forbidden):
        diario.add_voce_diario(request, without, database)
    with pytest.raises(Invalid):
        diario.add_voce_diario(request, stranger, database)
    with pytest.raises(Invalid):
        diario.add_voce_diario(request.model_copy(update={"privata": True}), giulia, database)


CHANGES: dict[str, Callable[[VoceDiarioOut, Mandato, MongoDatabase], Any]] = {
    "rectify": lambda voce, who, db: diario.rectify_voce_diario(rectification(voce), who, db),
    "annul": lambda voce, who, db: diario.annul_voce_diario(
        AnnulVoceDiario(cartella_id=voce.cartella_id, voce_id=voce.id, version=1, motivo="x"), who, db
    ),
}


@pytest.mark.parametrize("act", CHANGES)
def test_who_writes_without_reading_is_answered_as_for_an_entry_that_never_was(
    database: MongoDatabase, settore: str, caso: CartellaOut, giulia: Mandato, act: str
) -> None:
    voce = diario.add_voce_diario(make_add_voce(caso.id), giulia, database)
    answers = []

    for who in (
        make_mandato(settore=settore, diario__leggi=Extent.PROPRI),
        make_mandato(settore=settore, diario__leggi=Extent.NESSUNO),
    ):
        for known in (voce, voce.model_copy(update={"id": uuid4()})):
            with pytest.raises(NotFound) as refused:
                CHANGES[act](known, who, database)
            answers.append((refused.value.code, refused.value.message, refused.value.details))

    assert len(set(map(str, answers))) == 1


def test_who_writes_without_reading_still_rectifies_what_he_wrote(
    database: MongoDatabase, settore: str, caso: CartellaOut
) -> None:
    who = make_mandato(settore=settore, diario__leggi=Extent.NESSUNO)
    voce = diario.add_voce_diario(make_add_voce(caso.id), who, database)

    assert diario.rectify_voce_diario(rectification(voce), who, database).testo == "Corretta"


def test_it_does_not_shift_the_pages_nor_the_numbers_of_others(
    database: MongoDatabase, caso: CartellaOut, riservata: VoceDiarioOut, giulia: Mandato
) -> None:
    found = diario.list_voci_diario(ListVociDiario(cartella_id=caso.id, limite=1, salta=0), giulia, database)

    assert ([voce.testo for voce in found.voci], found.totale) == (["Ordinaria"], 1)


def test_of_two_who_mark_and_unmark_at_once_neither_is_forgotten(
    database: MongoDatabase, caso: CartellaOut, giulia: Mandato, adulti: Mandato
) -> None:
    """One takes the last entry out of a second level while the other writes a new one into it."""
    for _ in range(5):
        marked = make_add_voce(caso.id, settore_riservato=adulti.settore)
        first = diario.add_voce_diario(marked, giulia, database)
        cleared = rectification(first, settore_riservato="")
        together(
            lambda: diario.add_voce_diario(marked, giulia, database),  # noqa: B023 - done within the turn
            lambda: diario.rectify_voce_diario(cleared, giulia, database),  # noqa: B023
        )

        stored = database.db.cartelle.find_one({"_id": caso.id})
        assert stored is not None
        assert stored["settori_voci"] == [adulti.settore]
        for voce in database.db.voci_diario.find({"settore_riservato": adulti.settore}):
            request = GetVoceDiario(cartella_id=caso.id, voce_id=voce["_id"])
            again = diario.get_voce_diario(request, giulia, database)
            diario.rectify_voce_diario(rectification(again, settore_riservato=""), giulia, database)
        assert not finds(caso, adulti, database)
