"""The published language holds: grammar, additivity against the snapshots checked in, personal values marked."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import BaseModel, Field, ValidationError

from contracts import docs
from contracts.consumers import CONSUMERS, bindings, handler_of, has_consumer
from contracts.errors import ERRORS, Conflict, NotFound
from contracts.events import CATALOGUE, Envelope, Event
from contracts.mandato import Extent, Mandato
from contracts.messaggi import field_messages

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"


@pytest.mark.parametrize("name", sorted(docs.snapshots()))
def test_contract_changed_only_by_addition(name: str) -> None:
    snapshot = SNAPSHOTS / f"{name}.json"
    assert snapshot.exists(), f"new contract {name}: run ./siso contracts and commit the snapshot"

    assert (
        docs.breaking_changes(
            json.loads(snapshot.read_text()), json.loads(json.dumps(docs.snapshots()[name]))
        )
        == []
    )


def test_no_contract_disappeared() -> None:
    checked_in = {str(p.relative_to(SNAPSHOTS).with_suffix("")) for p in SNAPSHOTS.rglob("*.json")}

    assert checked_in - docs.snapshots().keys() == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: s["properties"].pop("a"), "/properties/a: is gone"),
        (
            lambda s: s["properties"]["a"].update(type="string"),
            "/properties/a/type: 'integer' became 'string'",
        ),
        (lambda s: s.update(required=["a", "b"]), "/required: b is newly required"),
        (lambda s: s["properties"]["b"]["enum"].remove("x"), "/properties/b/enum: value 'x' is gone"),
        (lambda s: s["properties"]["a"].update(maximum=3), "/properties/a/maximum: is a new constraint"),
    ],
)
def test_change_that_is_not_additive_is_named(change, expected) -> None:
    old = {"properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}, "required": ["a"]}
    new = json.loads(json.dumps(old))

    change(new)

    assert docs.breaking_changes(old, new) == [expected]


def test_new_optional_field_and_enum_value_are_additive() -> None:
    old = {"properties": {"b": {"enum": ["x"]}}}
    new = {"properties": {"b": {"enum": ["x", "z"]}, "title": {"type": "string"}}}

    assert docs.breaking_changes(old, new) == []


def test_event_type_outside_the_grammar_is_refused() -> None:
    with pytest.raises(TypeError, match="grammar"):
        type("Bad", (Event,), {"__annotations__": {}}, source="anagrafe", key="Residente.Updated")


def test_event_declared_twice_is_refused() -> None:
    with pytest.raises(TypeError, match="twice"):
        type("Again", (Event,), {"__annotations__": {}}, source="anagrafe", key="residente.deceduto.v1")


def test_each_event_names_a_subject_field_it_has() -> None:
    assert [name for name, event in CATALOGUE.items() if event.subject_field not in event.model_fields] == []


FORBIDDEN = {"codice_fiscale", "cognome", "nome", "testo", "iban", "indirizzo"}


def test_no_event_carries_an_unmarked_personal_value() -> None:
    found = {
        name: sorted(FORBIDDEN & set(event.model_fields) - set(event.personal_fields()))
        for name, event in CATALOGUE.items()
    }

    assert {name: fields for name, fields in found.items() if fields} == {}


def test_each_queue_is_bound_once_and_named_after_its_handler() -> None:
    queues = [queue for _exchange, _key, queue in bindings()]

    assert len(queues) == len(set(queues))
    assert all(
        f"{service}.{handler_of(event)}" in queues
        for service, events in CONSUMERS.items()
        for event in events
    )


def test_event_nobody_takes_is_not_mandatory() -> None:
    assert has_consumer("anagrafe.residente.deceduto.v1")
    assert not has_consumer("anagrafe.caricamento.completato.v1")
    assert not has_consumer("mai.visto.prima.v1")


def test_envelope_gives_the_typed_event_back() -> None:
    event = CATALOGUE["notifiche.avviso.letto.v1"].model_validate(
        {"avviso_id": uuid4(), "ente": "F704", "settore": "minori", "tipo": "decesso", "futuro": "ignorato"}
    )
    envelope = Envelope(
        id=uuid4(),
        source=event.source,
        type=event.type,
        subject=event.subject,
        data=event.model_dump(mode="json"),
    )

    assert Envelope.model_validate_json(envelope.model_dump_json()).event() == event


def test_error_travels_with_its_details() -> None:
    error = Conflict("cartella.cambiata", "È cambiata.", details={"attuale": {"version": 3}})

    again = ERRORS["Conflict"](*error.args)

    assert (again.code, again.details, again.status) == (
        "cartella.cambiata",
        {"attuale": {"version": 3}},
        409,
    )


def test_what_is_not_granted_reaches_nothing() -> None:
    mandato = Mandato(
        operatore_id=uuid4(),
        incarico_id=uuid4(),
        ruolo="assistente_sociale",
        ente="F704",
        settore="minori",
        estensioni={"diario:leggi": Extent.SETTORE, "report:leggi": Extent.AMBITO},
        enti_ambito=("F704", "B212"),
    )

    assert mandato.extent("isee:leggi") is Extent.NESSUNO
    assert mandato.enti("diario:leggi") == ()
    assert mandato.enti("report:leggi") == ("F704", "B212")
    with pytest.raises(Exception, match="non_abilitato"):
        mandato.require("isee:leggi")


def test_field_messages_are_italian_sentences() -> None:
    class Form(BaseModel):
        importo: int = Field(gt=0)
        nome: str

    with pytest.raises(ValidationError) as caught:
        Form.model_validate({"importo": -1})

    assert field_messages(caught.value.errors()) == {
        "importo": "Il valore deve essere maggiore di 0.",
        "nome": "Manca questo dato.",
    }


def test_not_found_says_nothing_of_why() -> None:
    assert NotFound.status == 404
