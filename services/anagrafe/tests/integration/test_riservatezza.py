"""Protected addresses and adoptions: what nobody may find, through any door; who may, and the nights go on."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.anagrafe.tests.factories import GIORNO_2, GIORNO_3, make_file, make_riga
from services.anagrafe.tests.integration.conftest import Registry

from anagrafe.use_cases import (
    get_residente,
    get_residenti,
    list_beneficiari,
    list_righe_rifiutate,
    list_variazioni,
    list_vincoli,
    revoke_vincolo,
    search_residenti,
    set_vincolo,
)
from anagrafe.use_cases.vincoli import today
from contracts.anagrafe import (
    GetResidente,
    GetResidenti,
    ListBeneficiari,
    ListRigheRifiutate,
    ListVariazioni,
    ListVincoli,
    ResidenteRiservatoV1,
    RevokeVincolo,
    SearchResidenti,
    SetVincolo,
    TipoVincolo,
    VincoloOut,
)
from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.mandato import Extent, Mandato

CODICE = "RSSMRA85T10F205R"
SECRET = "Via Segreta"
OTHERS = tuple(make_riga(id_anagrafe=f"B{i}", cognome="Verdi", id_nucleo=f"NB{i}") for i in range(10))
MakeMandato = Callable[..., Mandato]


@pytest.fixture
def ordinary(make_mandato: MakeMandato) -> Mandato:
    return make_mandato()


@pytest.fixture
def coordinatore(make_mandato: MakeMandato) -> Mandato:
    """One who lays and reads vincoli."""
    found = make_mandato()
    more = {"riservatezza:leggi": Extent.ENTE, "riservatezza:scrivi": Extent.ENTE}
    return found.model_copy(update={"estensioni": {**found.estensioni, **more}})


def protect(
    registry: Registry,
    mandato: Mandato,
    who: str,
    tipo: TipoVincolo = TipoVincolo.INDIRIZZO_PROTETTO,
    **changes: Any,
) -> VincoloOut:
    values: dict[str, Any] = {
        "residente_id": registry.id_of(who), "tipo": tipo, "dal": date(2026, 10, 2), "atto": "Decreto n. 12/2026",
        "motivo": "Richiesta del centro antiviolenza",
    }  # fmt: skip
    return set_vincolo(SetVincolo(**values | changes), mandato, registry.db)


def everything(registry: Registry, mandato: Mandato, *texts: str) -> str:
    """All that a mandate can read of everybody: searches, pages, households, histories, reports, INPS."""
    seen: list[str] = []
    for text in texts or ("rossi", "verdi", CODICE, "RSSMRA85", "10/12/1985", "bianchi", "mario", "neri"):
        seen.append(
            search_residenti(SearchResidenti(testo=text, limite=50), mandato, registry.db).model_dump_json()
        )
    ids = tuple(row[0] for row in registry.rows("SELECT id FROM residenti"))
    seen.append(get_residenti(GetResidenti(residenti_id=ids), mandato, registry.db).model_dump_json())
    exporter = mandato.model_copy(update={"estensioni": {"siuss:esporta": Extent.ENTE}})
    beneficiari = list_beneficiari(ListBeneficiari(residenti_id=ids), exporter, registry.db)
    seen.append(
        "".join(one.model_dump_json(include={"via", "civico", "indirizzo"}) for one in beneficiari.residenti)
    )
    for one in ids:
        for door in (
            lambda one=one: get_residente(GetResidente(residente_id=one), mandato, registry.db),
            lambda one=one: list_variazioni(ListVariazioni(residente_id=one), mandato, registry.db),
        ):
            try:
                seen.append(door().model_dump_json())
            except NotFound:
                continue
    for (load,) in registry.rows("SELECT id FROM caricamenti WHERE ente = %s", mandato.ente):
        request = ListRigheRifiutate(caricamento_id=load)
        seen.append(list_righe_rifiutate(request, mandato, registry.db).model_dump_json())
    return "".join(seen)


# --- protected address -------------------------------------------------------------------------------------------

WIFE = {"id_anagrafe": "A2", "nome": "Anna", "sesso": "F", "id_nucleo": "NX", "codice_via": "SX9"}
SHELTER = {"indirizzo": SECRET, "civico": "77bis", "lat": "45.123456", "lon": "9.654321"}
HIDDEN = (SECRET, "77bis", "45.123456", "9.654321", "SX9")


@pytest.fixture
def shelter(registry: Registry, tmp_path: Path) -> None:
    """A man, and his wife who left with their son for a secret place; a wrong line about her too."""
    family = (make_riga(), make_riga(**WIFE | {"id_nucleo": "N1", "relazione": "2"}))
    son = make_riga(id_anagrafe="A3", nome="Luca", id_nucleo="N1", relazione="3", data_nascita="2015-01-01")
    registry.load(make_file(tmp_path, *family, son, *OTHERS))
    moved = (make_riga(**WIFE, **SHELTER), make_riga(id_anagrafe="A3", nome="Luca", id_nucleo="NX", relazione="3",
             data_nascita="2015-01-01", codice_via="SX9", **SHELTER))  # fmt: skip
    registry.load(make_file(tmp_path, make_riga(), *moved, *OTHERS, giorno=GIORNO_2))
    wrong = make_riga(**WIFE, **SHELTER | {"civico": "77bis" * 9, "lat": "45.123456x"})
    registry.load(make_file(tmp_path, make_riga(), wrong, moved[1], *OTHERS, giorno=GIORNO_3))


def test_without_a_vincolo_the_address_is_read(registry: Registry, shelter: None, ordinary: Mandato) -> None:
    seen = everything(registry, ordinary)

    assert SECRET in seen
    assert "SX9" in seen


def test_a_protected_address_is_in_no_answer_hers_or_her_sons(
    registry: Registry, shelter: None, ordinary: Mandato, coordinatore: Mandato
) -> None:
    protect(registry, coordinatore, "A2")

    seen = everything(registry, ordinary)
    assert [part for part in HIDDEN if part in seen] == []
    for who in ("A2", "A3"):
        person = get_residente(GetResidente(residente_id=registry.id_of(who)), ordinary, registry.db)
        assert (person.via, person.civico, person.indirizzo_protetto) == ("indirizzo protetto", "", True)
        assert (person.indirizzo.comune_nome, person.indirizzo.lat) == ("Monza", None)
    husband = get_residente(GetResidente(residente_id=registry.id_of("A1")), ordinary, registry.db)
    assert (husband.via, husband.indirizzo_protetto) == ("Via Roma", False)


def test_who_may_read_vincoli_reads_the_address(
    registry: Registry, shelter: None, coordinatore: Mandato
) -> None:
    protect(registry, coordinatore, "A2")

    person = get_residente(GetResidente(residente_id=registry.id_of("A2")), coordinatore, registry.db)

    assert (person.via, person.civico, person.indirizzo_protetto) == (SECRET, "77bis", False)


def test_to_read_vincoli_in_another_ente_opens_nothing_here(
    registry: Registry, shelter: None, coordinatore: Mandato
) -> None:
    protect(registry, coordinatore, "A2")
    estensioni = {
        "anagrafe:leggi": Extent.PROVINCIA,
        "riservatezza:leggi": Extent.ENTE,
        "caricamenti:leggi": Extent.ENTE,
    }
    foreigner = coordinatore.model_copy(
        update={"ente": "B212", "estensioni": estensioni, "enti_provincia": ("B212", "F704")}
    )

    person = get_residente(GetResidente(residente_id=registry.id_of("A2")), foreigner, registry.db)

    assert person.indirizzo_protetto


def test_the_nights_go_on_and_what_they_say_names_nobody_else(
    registry: Registry, shelter: None, coordinatore: Mandato, ordinary: Mandato, tmp_path: Path
) -> None:
    protect(registry, coordinatore, "A2")
    registry.rows("DELETE FROM outbox")
    wife = make_riga(**WIFE | {"id_nucleo": "NY"}, **SHELTER | {"civico": "88ter"})
    son = make_riga(id_anagrafe="A3", nome="Luca", id_nucleo="NX", relazione="1", data_nascita="2015-01-01",
                    codice_via="SX9", **SHELTER)  # fmt: skip

    registry.load(make_file(tmp_path, make_riga(), wife, son, *OTHERS, giorno=GIORNO_3 + timedelta(days=1)))

    (moved,) = registry.events("residente.trasferito")
    anna = str(registry.id_of("A2"))
    assert (moved.data["residente_id"], moved.data["riservato"]) == (anna, True)
    assert moved.data["componenti"] == [anna]
    assert all(anna not in event.data["usciti"] for event in registry.events("nucleo.variato"))
    assert all(e.event().model_dump(mode="json") == e.data for e in registry.events())
    assert "88ter" not in everything(registry, ordinary, "rossi")
    assert registry.rows("SELECT civico FROM residenti WHERE id_anagrafe = 'A2'") == [("88ter",)]


def test_an_address_is_protected_from_its_day_to_its_last(
    registry: Registry, shelter: None, coordinatore: Mandato, ordinary: Mandato
) -> None:
    def shown() -> bool:
        person = get_residente(GetResidente(residente_id=registry.id_of("A2")), ordinary, registry.db)
        return not person.indirizzo_protetto

    for changes, expected in (
        ({"dal": today() + timedelta(days=2)}, True),
        ({"dal": date(2020, 1, 1), "al": date(2020, 12, 31)}, True),
        ({"dal": date(2020, 1, 1), "al": today() + timedelta(days=2)}, False),
    ):
        laid = protect(registry, coordinatore, "A2", **changes)
        assert (shown(), laid.in_vigore) == (expected, not expected)
        revoke_vincolo(
            RevokeVincolo(vincolo_id=laid.id, version=1, motivo="prova"), coordinatore, registry.db
        )
        assert shown()


# --- adoption ----------------------------------------------------------------------------------------------------

OLD = {
    "id_anagrafe": "C1",
    "cognome": "Neri",
    "nome": "Ciro",
    "data_nascita": "2019-03-04",
    "luogo_nascita": "F839",
}
NEW = OLD | {"cognome": "Bianchi", "relazione": "80", "id_nucleo": "NZ", "indirizzo": "Via Nuova"}
MOTHER = make_riga(id_anagrafe="C0", cognome="Neri", nome="Teresa", sesso="F", id_nucleo="N9")
FATHER = make_riga(id_anagrafe="D0", cognome="Bianchi", nome="Ugo", id_nucleo="NZ")


@pytest.fixture
def adopted(registry: Registry, tmp_path: Path, coordinatore: Mandato) -> None:
    """A child of one family becomes, on the second day, the child of another; same record of the registry."""
    child = make_riga(**OLD | {"id_nucleo": "N9", "relazione": "3", "indirizzo": "Via Vecchia"})
    registry.load(make_file(tmp_path, MOTHER, child, FATHER, *OTHERS))
    between = make_riga(**OLD | {"id_nucleo": "NZ", "relazione": "80", "indirizzo": "Via Nuova"})
    registry.load(make_file(tmp_path, MOTHER, between, FATHER, *OTHERS, giorno=GIORNO_2))
    registry.load(make_file(tmp_path, MOTHER, make_riga(**NEW), FATHER, *OTHERS, giorno=GIORNO_3))
    protect(registry, coordinatore, "C1", TipoVincolo.ADOZIONE, dal=date(2026, 10, 2))


def test_an_adopted_child_has_no_past_no_other_name_and_is_a_child_like_any(
    registry: Registry, adopted: None, ordinary: Mandato
) -> None:
    child = get_residente(GetResidente(residente_id=registry.id_of("C1")), ordinary, registry.db)

    assert (child.cognome, child.via, child.indirizzo_protetto) == ("Bianchi", "Via Nuova", False)
    me = next(m for m in child.nucleo if m.id == child.id)
    assert (me.relazione, me.relazione_nome) == ("3", "Figlio/Figlia")
    assert list_variazioni(ListVariazioni(residente_id=child.id), ordinary, registry.db).variazioni == ()


def test_who_may_read_vincoli_finds_the_past(
    registry: Registry, adopted: None, coordinatore: Mandato
) -> None:
    request = ListVariazioni(residente_id=registry.id_of("C1"))
    changes = list_variazioni(request, coordinatore, registry.db).variazioni

    assert ("cognome", "Neri", "Bianchi") in {(v.campo, v.prima, v.dopo) for v in changes}


def test_no_answer_joins_the_child_and_the_family_of_origin(
    registry: Registry, adopted: None, ordinary: Mandato
) -> None:
    child = registry.id_of("C1")
    of_the_child = [
        get_residente(GetResidente(residente_id=child), ordinary, registry.db).model_dump_json(),
        list_variazioni(ListVariazioni(residente_id=child), ordinary, registry.db).model_dump_json(),
        search_residenti(SearchResidenti(testo="bianchi"), ordinary, registry.db).model_dump_json(),
    ]
    origin = registry.rows("SELECT nucleo_id::text FROM residenti WHERE id_anagrafe = 'C0'")[0][0]
    for word in ("Neri", "Via Vecchia", origin, "Adottato", '"80"'):
        assert word not in "".join(of_the_child)
    mother = get_residente(GetResidente(residente_id=registry.id_of("C0")), ordinary, registry.db)
    assert str(child) not in mother.model_dump_json()
    found = search_residenti(SearchResidenti(testo="neri"), ordinary, registry.db)
    assert [one.nome for one in found.residenti] == ["Teresa"]


def test_what_changes_after_the_adoption_is_history_again(
    registry: Registry, adopted: None, ordinary: Mandato, tmp_path: Path
) -> None:
    later = make_riga(**NEW | {"civico": "5"})
    registry.load(make_file(tmp_path, MOTHER, later, FATHER, *OTHERS, giorno=GIORNO_3 + timedelta(days=1)))

    request = ListVariazioni(residente_id=registry.id_of("C1"))
    changes = list_variazioni(request, ordinary, registry.db).variazioni

    assert [(v.campo, v.prima, v.dopo) for v in changes] == [("civico", "1", "5")]


def test_an_adopted_child_who_left_the_ente_under_the_old_name_was_never_there(
    registry: Registry, tmp_path: Path, coordinatore: Mandato, ordinary: Mandato
) -> None:
    registry.load(make_file(tmp_path, MOTHER, make_riga(**OLD | {"id_nucleo": "N9"}), *OTHERS))
    arrived = make_riga(**NEW | {"data_iscrizione": "2026-10-01"})
    registry.load(make_file(tmp_path, FATHER, arrived, ente="B212", giorno=GIORNO_2))
    elsewhere = coordinatore.model_copy(update={"ente": "B212"})
    protect(registry, elsewhere, "C1", TipoVincolo.ADOZIONE)
    child = registry.id_of("C1")

    with pytest.raises(NotFound):
        get_residente(GetResidente(residente_id=child), ordinary, registry.db)
    with pytest.raises(NotFound):
        list_variazioni(ListVariazioni(residente_id=child), ordinary, registry.db)
    assert str(child) not in everything(registry, ordinary)


def test_the_record_of_before_an_adoption_does_not_exist(
    registry: Registry, tmp_path: Path, coordinatore: Mandato, ordinary: Mandato
) -> None:
    """The registry made a new record for the child: the old one is hidden, and nothing joins the two."""
    old = OLD | {"codice_fiscale": CODICE, "data_nascita": "1985-12-10", "luogo_nascita": "F205", "cognome": "Rossi",
                 "nome": "Mario", "id_nucleo": "N9", "relazione": "3"}  # fmt: skip
    registry.load(make_file(tmp_path, MOTHER, make_riga(**old), FATHER, *OTHERS))
    new = make_riga(
        **old | {"id_anagrafe": "E1", "cognome": "Bianchi", "id_nucleo": "NZ", "codice_fiscale": ""}
    )
    registry.load(make_file(tmp_path, MOTHER, new, FATHER, *OTHERS, giorno=GIORNO_2))
    before, after = registry.id_of("C1"), registry.id_of("E1")
    protect(registry, coordinatore, "C1", TipoVincolo.IDENTITA_ORIGINARIA)
    protect(registry, coordinatore, "E1", TipoVincolo.ADOZIONE)

    seen = everything(registry, ordinary)
    assert str(before) not in seen
    assert "Rossi" not in seen
    with pytest.raises(NotFound):
        get_residente(GetResidente(residente_id=before), ordinary, registry.db)
    assert get_residente(GetResidente(residente_id=after), ordinary, registry.db).cognome == "Bianchi"
    assert get_residente(GetResidente(residente_id=before), coordinatore, registry.db).cognome == "Rossi"
    joined = registry.rows(
        "SELECT count(*) FROM vincoli_riservatezza v WHERE v::text LIKE %s", f"%{before}%{after}%"
    )
    assert joined == [(0,)]


def test_a_household_change_of_an_adopted_child_tells_neither_family_of_the_other(
    registry: Registry, adopted: None, tmp_path: Path
) -> None:
    registry.rows("DELETE FROM outbox")
    back = make_riga(**NEW | {"id_nucleo": "NB1", "relazione": "3"})

    registry.load(make_file(tmp_path, MOTHER, back, FATHER, *OTHERS, giorno=GIORNO_3 + timedelta(days=1)))

    child, father = str(registry.id_of("C1")), str(registry.id_of("D0"))
    assert not [e for e in registry.events() if child in str(e.data) and father in str(e.data)]


# --- laying and taking away --------------------------------------------------------------------------------------


@pytest.fixture
def people(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, make_riga(), *OTHERS))
    registry.rows("DELETE FROM outbox")


def test_a_vincolo_is_laid_listed_and_taken_away_and_stays_in_the_history(
    registry: Registry, people: None, coordinatore: Mandato
) -> None:
    laid = protect(registry, coordinatore, "A1")
    request = RevokeVincolo(vincolo_id=laid.id, version=laid.version, motivo="Il pericolo è cessato")
    revoked = revoke_vincolo(request, coordinatore, registry.db)

    assert (laid.in_vigore, revoked.in_vigore) == (True, False)
    assert revoke_vincolo(request, coordinatore, registry.db) == revoked
    found = list_vincoli(ListVincoli(residente_id=registry.id_of("A1")), coordinatore, registry.db).vincoli
    assert found == (revoked,)
    events = [e.event() for e in registry.events("riservato")]
    assert [type(e) for e in events] == [ResidenteRiservatoV1] * 2
    assert [e.data["riservato"] for e in registry.events("riservato")] == [True, False]
    again = protect(registry, coordinatore, "A1")
    assert again.id != laid.id
    everywhere = list_vincoli(ListVincoli(), coordinatore, registry.db)
    standing = list_vincoli(ListVincoli(solo_in_vigore=True), coordinatore, registry.db)
    assert ([one.id for one in everywhere.vincoli], everywhere.totale) == ([again.id, laid.id], 2)
    assert ([one.id for one in standing.vincoli], standing.totale) == ([again.id], 1)


def test_the_same_command_twice_lays_one_and_a_second_of_its_kind_is_refused(
    registry: Registry, people: None, coordinatore: Mandato
) -> None:
    key = uuid4()
    first = protect(registry, coordinatore, "A1", idempotency_key=key)

    assert protect(registry, coordinatore, "A1", idempotency_key=key) == first
    with pytest.raises(Conflict, match="gia_presente"):
        protect(registry, coordinatore, "A1")
    assert protect(registry, coordinatore, "A1", TipoVincolo.ADOZIONE).tipo is TipoVincolo.ADOZIONE


def test_a_stale_version_or_a_second_revocation_is_refused(
    registry: Registry, people: None, coordinatore: Mandato
) -> None:
    laid = protect(registry, coordinatore, "A1")
    with pytest.raises(Conflict, match="versione"):
        revoke_vincolo(RevokeVincolo(vincolo_id=laid.id, version=9, motivo="x"), coordinatore, registry.db)
    revoke_vincolo(RevokeVincolo(vincolo_id=laid.id, version=1, motivo="x"), coordinatore, registry.db)
    with pytest.raises(Conflict, match="gia_revocato"):
        revoke_vincolo(RevokeVincolo(vincolo_id=laid.id, version=1, motivo="y"), coordinatore, registry.db)


@pytest.mark.parametrize(
    ("tipo", "changes", "field"),
    [
        (TipoVincolo.INDIRIZZO_PROTETTO, {"al": date(2026, 1, 1)}, "al"),
        (TipoVincolo.ADOZIONE, {"al": date(2030, 1, 1)}, "al"),
        (TipoVincolo.ADOZIONE, {"dal": date(2999, 1, 1)}, "dal"),
        (TipoVincolo.IDENTITA_ORIGINARIA, {"dal": date(2999, 1, 1)}, "dal"),
    ],
)
def test_dates_that_make_no_sense_are_refused_at_their_field(
    registry: Registry,
    people: None,
    coordinatore: Mandato,
    tipo: TipoVincolo,
    changes: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(Invalid) as refused:
        protect(registry, coordinatore, "A1", tipo, **changes)

    assert set(refused.value.fields) == {field}


def test_who_may_not_write_or_reach_the_person_lays_nothing(
    registry: Registry, people: None, ordinary: Mandato, coordinatore: Mandato
) -> None:
    me: UUID = registry.id_of("A1")
    laid = protect(registry, coordinatore, "A1")
    elsewhere = coordinatore.model_copy(update={"ente": "B212"})
    relative = coordinatore.model_copy(update={"esclusi": (me,)})

    with pytest.raises(Forbidden):
        protect(registry, ordinary, "A1")
    with pytest.raises(Forbidden):
        list_vincoli(ListVincoli(residente_id=me), ordinary, registry.db)
    for outsider in (elsewhere, relative):
        with pytest.raises(NotFound):
            protect(registry, outsider, "A1", TipoVincolo.ADOZIONE)
        with pytest.raises(NotFound):
            revoke_vincolo(RevokeVincolo(vincolo_id=laid.id, version=1, motivo="x"), outsider, registry.db)
        for request in (ListVincoli(residente_id=me), ListVincoli()):
            found = list_vincoli(request, outsider, registry.db)
            assert (found.vincoli, found.totale) == ((), 0)
