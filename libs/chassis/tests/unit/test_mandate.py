"""A mandate opens what it names, to whom it was given, for its time; and compiles into queries."""

import time
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Column, MetaData, String, Table, Uuid
from sqlalchemy.dialects import postgresql

from chassis import mandate, motivo, reach
from contracts.errors import Forbidden
from contracts.mandato import Emergenza, Extent, Mandato

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()
CASES = Table(
    "t", MetaData(), Column("ente", String), Column("settore", String), Column("team", postgresql.ARRAY(Uuid))
)


def make_mandato(**changes: object) -> Mandato:
    values = {
        "operatore_id": uuid4(),
        "incarico_id": uuid4(),
        "ruolo": "assistente_sociale",
        "ente": "F704",
        "settore": "minori",
        "estensioni": {"diario:leggi": Extent.SETTORE},
        "enti_ambito": ("F704", "B212"),
    }
    return Mandato.model_validate(values | changes)


def test_signed_mandate_comes_back_whole() -> None:
    mandato = make_mandato(motivo="richiesta del giudice")

    verified = mandate.verify(mandate.sign(mandato, ("cartella", "anagrafe"), KEY), "anagrafe", PUBLIC)

    assert verified.model_copy(update={"token": ""}) == mandato


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        mandate.sign(make_mandato(), ("documenti",), KEY),
        mandate.sign(make_mandato(), ("cartella",), KEY, timedelta(seconds=-1)),
        mandate.sign(make_mandato(), ("cartella",), Ed25519PrivateKey.generate()),
        jwt.encode({"aud": "cartella", "iss": "gateway", "sub": "x"}, KEY, algorithm="EdDSA"),
        jwt.encode(
            {"aud": "cartella", "iss": "gateway", "sub": "x", "exp": 99999999999}, "k" * 32, algorithm="HS256"
        ),
    ],
    ids=["empty", "garbage", "other audience", "expired", "other key", "no expiry", "HMAC"],
)
def test_broken_token_opens_nothing(token: str) -> None:
    with pytest.raises(Forbidden, match="non_valido"):
        mandate.verify(token, "cartella", PUBLIC)


def test_mandate_remembered_as_good_still_expires() -> None:
    token = mandate.sign(make_mandato(), ("cartella",), KEY, timedelta(seconds=1))
    mandate.verify(token, "cartella", PUBLIC)
    time.sleep(2.1)  # expiry is in whole seconds

    with pytest.raises(Forbidden):
        mandate.verify(token, "cartella", PUBLIC)


def test_mandate_remembered_as_good_opens_nothing_under_another_key() -> None:
    token = mandate.sign(make_mandato(), ("cartella",), KEY)
    mandate.verify(token, "cartella", PUBLIC)

    with pytest.raises(Forbidden):
        mandate.verify(token, "cartella", Ed25519PrivateKey.generate().public_key())
    with pytest.raises(Forbidden):
        mandate.verify(token, "documenti", PUBLIC)


def test_mandate_of_another_subject_opens_nothing() -> None:
    claims = jwt.decode(mandate.sign(make_mandato(), ("cartella",), KEY), options={"verify_signature": False})
    forged = jwt.encode(claims | {"sub": str(uuid4())}, KEY, algorithm="EdDSA")

    with pytest.raises(Forbidden):
        mandate.verify(forged, "cartella", PUBLIC)


def test_keys_are_read_from_pem_files(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s

    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(KEY.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
    public.write_bytes(PUBLIC.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))

    token = mandate.sign(make_mandato(), ("cartella",), mandate.load_private_key(private))

    assert mandate.verify(token, "cartella", mandate.load_public_key(public)).ente == "F704"


@pytest.mark.parametrize(
    ("extent", "expected"),
    [
        (Extent.NESSUNO, "false"),
        (Extent.PROPRI, "t.team && "),
        (Extent.SETTORE, "t.ente = "),
        (Extent.ENTE, "t.ente IN "),
        (Extent.AMBITO, "t.ente IN "),
    ],
)
def test_extent_becomes_a_condition_of_the_query(extent: Extent, expected: str) -> None:
    mandato = make_mandato(estensioni={"diario:leggi": extent})

    condition = reach.sql_filter(
        mandato, "diario:leggi", ente=CASES.c.ente, settore=CASES.c.settore, team=CASES.c.team
    )

    assert expected in str(condition.compile(dialect=postgresql.dialect()))


def test_table_without_teams_gives_nothing_to_own_cases_only() -> None:
    mandato = make_mandato(estensioni={"report:leggi": Extent.PROPRI})

    assert str(reach.sql_filter(mandato, "report:leggi", ente=CASES.c.ente)) == "false"


@pytest.mark.parametrize(
    ("motivo_per", "motivo_persona", "team", "asked"),
    [
        ([], "", [], True),
        ([], "", ["altro"], True),
        ([], "", ["suo"], False),
        ([], "", ["delegante"], False),
        (["caso"], "", ["altro"], False),
        (["altro caso", "caso"], "", [], False),
        (["altro caso"], "", [], True),
        ([], "persona", [], False),
        ([], "altra persona", [], True),
        (["persona"], "", [], True),
        ([], "caso", [], True),
    ],
)
def test_a_reason_opens_the_case_it_was_said_for_and_no_other(
    motivo_per: list[str], motivo_persona: str, team: list[str], asked: bool
) -> None:
    names = ("suo", "altro", "delegante", "caso", "altro caso", "persona", "altra persona")
    ids = {name: uuid4() for name in names}
    mandato = make_mandato(
        operatore_id=ids["suo"],
        in_delega_di=ids["delegante"],
        motivo="udienza" if motivo_per or motivo_persona else "",
        motivo_per=tuple(ids[name] for name in motivo_per),
        motivo_persona=ids.get(motivo_persona),
    )

    with pytest.raises(Forbidden, match="motivo_richiesto") if asked else nullcontext():
        motivo.require_motivo(mandato, ids["caso"], [ids[name] for name in team], ids["persona"])


def test_a_reason_that_names_no_case_opens_none() -> None:
    with pytest.raises(Forbidden, match="motivo_richiesto"):
        motivo.require_motivo(make_mandato(motivo="udienza"), uuid4(), [])


def test_an_id_without_a_reason_opens_nothing() -> None:
    case = uuid4()

    with pytest.raises(Forbidden, match="motivo_richiesto"):
        motivo.require_motivo(make_mandato(motivo="", motivo_per=(case,)), case, [])


@pytest.mark.parametrize("tipo", ["client", "sistema"])
def test_a_machine_has_one_purpose_for_every_case(tipo: str) -> None:
    motivo.require_motivo(make_mandato(tipo=tipo, motivo="Fascicolazione degli atti"), uuid4(), [])


def test_the_question_names_the_case() -> None:
    case = uuid4()

    with pytest.raises(Forbidden) as asked:
        motivo.require_motivo(make_mandato(motivo=""), case, [])

    assert asked.value.details == {"cartella_id": str(case)}


def test_a_scope_not_held_reaches_nothing_whatever_else_is_open() -> None:
    opened = Emergenza(residente_id=uuid4(), scopi=("documenti:leggi",))
    mandato = make_mandato(estensioni={}, emergenza=opened)

    assert str(reach.sql_filter(mandato, "diario:leggi", ente=CASES.c.ente)) == "false"
    assert reach.mongo_filter(mandato, "diario:leggi") == {"_id": {"$in": []}}


NOTAIO = Ed25519PrivateKey.generate()
SYSTEM = {
    "tipo": "sistema",
    "ruolo": "sistema",
    "estensioni": {"presa_in_carico:leggi": Extent.PROVINCIA, "secondo_livello:leggi": Extent.PROVINCIA},
}


def of_the_notaio(**changes: object) -> str:
    return mandate.sign(make_mandato(**SYSTEM | changes), ("cartella",), NOTAIO, issuer=mandate.NOTAIO)


def test_the_notaio_reads_for_the_system_under_a_key_of_his_own() -> None:
    verified = mandate.verify(of_the_notaio(), "cartella", PUBLIC, NOTAIO.public_key())

    assert (verified.tipo, *verified.estensioni) == ("sistema", *SYSTEM["estensioni"])  # type: ignore[misc]


@pytest.mark.parametrize(
    "changes",
    [
        {"tipo": "operatore"},
        {"tipo": "client"},
        {"estensioni": {"diario:scrivi": Extent.PROVINCIA}},
        {"estensioni": {"diario:leggi": Extent.PROVINCIA, "siuss:esporta": Extent.PROVINCIA}},
        {"emergenza": Emergenza(residente_id=uuid4(), scopi=("diario:scrivi",))},
    ],
    ids=["a person", "a machine", "writing", "exporting", "an emergency"],
)
def test_the_notaio_signs_for_nobody_else_and_nothing_but_reading(changes: dict[str, object]) -> None:
    with pytest.raises(Forbidden):
        mandate.verify(of_the_notaio(**changes), "cartella", PUBLIC, NOTAIO.public_key())


def test_neither_key_passes_for_the_other_and_none_is_known_by_itself() -> None:
    in_the_name_of_the_gateway = mandate.sign(make_mandato(**SYSTEM), ("cartella",), NOTAIO)
    in_the_name_of_the_notaio = mandate.sign(
        make_mandato(**SYSTEM), ("cartella",), KEY, issuer=mandate.NOTAIO
    )

    for token, known in (
        (in_the_name_of_the_gateway, NOTAIO.public_key()),
        (in_the_name_of_the_notaio, NOTAIO.public_key()),
        (of_the_notaio(), None),
    ):
        with pytest.raises(Forbidden):
            mandate.verify(token, "cartella", PUBLIC, known)
