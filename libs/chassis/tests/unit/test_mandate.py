"""A mandate opens what it names, to whom it was given, for its time; and compiles into queries."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, Uuid
from sqlalchemy.dialects import postgresql

from chassis import mandate
from contracts.errors import Forbidden
from contracts.mandato import Extent, Mandato

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
        (Extent.PROPRI, "t.team @> "),
        (Extent.SETTORE, "t.ente = "),
        (Extent.ENTE, "t.ente IN "),
        (Extent.AMBITO, "t.ente IN "),
    ],
)
def test_extent_becomes_a_condition_of_the_query(extent: Extent, expected: str) -> None:
    mandato = make_mandato(estensioni={"diario:leggi": extent})

    condition = mandate.sql_filter(
        mandato, "diario:leggi", ente=CASES.c.ente, settore=CASES.c.settore, team=CASES.c.team
    )

    assert expected in str(condition.compile(dialect=postgresql.dialect()))


def test_table_without_teams_gives_nothing_to_own_cases_only() -> None:
    mandato = make_mandato(estensioni={"report:leggi": Extent.PROPRI})

    assert str(mandate.sql_filter(mandato, "report:leggi", ente=CASES.c.ente)) == "false"


CASE = st.fixed_dictionaries(
    {
        "ente": st.sampled_from(["F704", "B212", "M017", "H501"]),
        "settore": st.sampled_from(["minori", "adulti"]),
        "mine": st.booleans(),
    }
)


@given(st.sampled_from(list(Extent)), CASE)
def test_mongo_filter_reaches_what_the_extent_says(extent: Extent, case: dict[str, object]) -> None:
    mandato = make_mandato(estensioni={"diario:leggi": extent}, enti_provincia=("F704", "B212", "M017"))
    document = {
        "ente": case["ente"],
        "settore": case["settore"],
        "team": [mandato.operatore_id] if case["mine"] else [],
    }

    reached = matches(mandate.mongo_filter(mandato, "diario:leggi"), document)

    within = {
        Extent.NESSUNO: False,
        Extent.PROPRI: bool(case["mine"]),
        Extent.SETTORE: bool(case["mine"]) or (case["ente"], case["settore"]) == ("F704", "minori"),
        Extent.ENTE: bool(case["mine"]) or case["ente"] == "F704",
        Extent.AMBITO: bool(case["mine"]) or case["ente"] in ("F704", "B212"),
        Extent.PROVINCIA: bool(case["mine"]) or case["ente"] in ("F704", "B212", "M017"),
    }
    assert reached is within[extent]


def matches(query: dict[str, object], document: dict[str, object]) -> bool:
    """As little of MongoDB's matching as these filters use."""
    if "$or" in query:
        return any(matches(part, document) for part in query["$or"])  # type: ignore[attr-defined]
    for field, wanted in query.items():
        value = document.get(field)
        if isinstance(wanted, dict):
            if value not in wanted["$in"]:
                return False
        elif value != wanted and not (isinstance(value, list) and wanted in value):
            return False
    return True
