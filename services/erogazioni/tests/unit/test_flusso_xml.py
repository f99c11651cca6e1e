"""The file against INPS's own schema, where the reference data is beside the repository."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from services.erogazioni.tests.factories import (
    CF_OPERATORE,
    make_codice_fiscale,
    make_da_comunicare,
    make_residente,
)

from contracts.cartella import Area
from contracts.erogazioni import Carattere
from contracts.errors import Conflict
from erogazioni.adapters import FlussoValidator, assemble, write_header, write_records
from erogazioni.domain.siuss import Dsu, build_record, find_anomalie
from erogazioni.settings import Settings

XSD = "shared/data/siuss/PS_PSA_SINA201812.xsd"
NS = "{http://inps.it/Casellario}"


def find_xsd() -> Path:
    for folder in Path(__file__).resolve().parents:
        if (folder / XSD).is_file():
            return folder / XSD
    pytest.skip(f"{XSD} is not beside the repository: INPS's schema is not ours to ship")


@pytest.fixture(scope="module")
def validator() -> FlussoValidator:
    return FlussoValidator(Settings(siuss_xsd_file=find_xsd()))


def header(denominazione: str = "Comune di Prova") -> bytes:
    return write_header(
        "F704.PS.20261123.0000001",
        codice="F704",
        denominazione=denominazione,
        sede="F704",
        cf_operatore=CF_OPERATORE,
    )


def flusso(*pairs) -> list[bytes]:
    return list(assemble(header(), write_records(build_record(*pair) for pair in pairs)))


text = st.text(max_size=40)
euros = st.integers(-100, 10**9).map(lambda n: Decimal(n) / 100)
days = st.dates(date(1900, 1, 1), date(2100, 12, 31))
residenti = st.builds(
    make_residente,
    codice_fiscale=st.one_of(
        st.none(), st.just(make_codice_fiscale()), st.from_regex(r"[A-Z0-9]{11,16}"), text
    ),
    cognome=text,
    nome=text,
    sesso=st.sampled_from(["M", "F", "", "X"]),
    data_nascita=st.one_of(st.none(), days, st.just(date(1980, 1, 1))),
    luogo_nascita=st.one_of(st.just("F704"), text),
    cittadinanza=st.one_of(st.just("380"), text),
    codice_istat_comune=st.one_of(st.just("108033"), text),
)


@st.composite
def da_comunicare(draw):
    dal = draw(days)
    quote = [draw(euros) for _ in range(3)]
    return make_da_comunicare(
        area=draw(st.sampled_from(Area)),
        carattere=draw(st.sampled_from(Carattere)),
        in_carico=draw(st.booleans()),
        prestazione_inps=draw(st.one_of(st.just("A1.04"), text)),
        prestazione_nome=draw(st.one_of(st.just("Asilo nido"), text)),
        prova_mezzi=draw(st.sampled_from(["1", "2", "3", "4", "", "5"])),
        protocollo=draw(st.one_of(st.just("2026/000001"), text)),
        dal=dal,
        al=dal + timedelta(days=draw(st.integers(-3, 400))),
        importo=draw(st.one_of(st.just(sum(quote, Decimal(0))), euros)),
        quota_ente=quote[0],
        quota_beneficiario=quote[1],
        quota_ssn=quote[2],
        liquidata_il=draw(days),
        dsu=draw(st.none() | st.builds(Dsu, protocollo=text, data_presentazione=days)),
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payment=da_comunicare(), residente=residenti)
@example(payment=make_da_comunicare(), residente=make_residente(cognome="A\x00"))
@example(payment=make_da_comunicare(), residente=make_residente(cognome="\ud800"))
@example(payment=make_da_comunicare(), residente=make_residente(codice_fiscale=make_codice_fiscale() + "\n"))
def test_any_payment_is_either_valid_by_the_schema_or_has_a_named_anomaly(validator, payment, residente):
    found = find_anomalie(payment, residente, build_record(payment, residente))

    if found:
        assert all(one.campo and one.messaggio for one in found)
    else:
        validator.check(flusso((payment, residente)))


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), min_size=1, max_size=36
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cognome=names,
    nome=names,
    area=st.sampled_from(Area),
    carattere=st.sampled_from(Carattere),
    in_carico=st.booleans(),
    cents=st.integers(1, 10**10),
    first=st.dates(date(2000, 1, 1), date(2099, 12, 1)).map(lambda day: day.replace(day=1)),
)
def test_an_ordinary_payment_is_ready_and_valid_by_the_schema(
    validator, cognome, nome, area, carattere, in_carico, cents, first
):
    importo = Decimal(cents) / 100
    payment = make_da_comunicare(
        area=area, carattere=carattere, in_carico=in_carico, dal=first, al=first + timedelta(days=27),
        importo=importo, quota_ente=importo, quota_beneficiario=Decimal(0), quota_ssn=Decimal(0),
    )  # fmt: skip
    residente = make_residente(cognome=cognome, nome=nome)

    assert find_anomalie(payment, residente, build_record(payment, residente)) == ()
    validator.check(flusso((payment, residente)))


def test_the_sample_of_inps_passes_the_same_validator(validator):
    validator.check([(find_xsd().parent / "example_PS_PSA_SINA.xml").read_bytes()])


def test_a_file_against_the_schema_is_refused_with_the_fault(validator):
    broken = [
        chunk.replace(b'PresaCarico="1"', b'PresaCarico="9"')
        for chunk in flusso((make_da_comunicare(), make_residente()))
    ]

    with pytest.raises(Conflict, match=r"flusso.schema"):
        validator.check(broken)


def test_without_a_schema_file_nothing_is_refused():
    FlussoValidator(Settings(siuss_xsd_file=None)).check([b"no xml at all"])


def test_the_same_records_give_the_same_bytes():
    pairs = [(make_da_comunicare(), make_residente()) for _ in range(3)]

    assert flusso(*pairs) == flusso(*pairs)


def test_each_record_is_one_beneficiario_with_one_prestazione():
    root = etree.fromstring(b"".join(flusso(*[(make_da_comunicare(), make_residente()) for _ in range(3)])))

    assert [len(one.findall(f"{NS}PrestazioniSociali")) for one in root.findall(f"{NS}Beneficiario")] == [
        1,
        1,
        1,
    ]


def test_markup_in_a_name_stays_text():
    name = """<O'Brien & "figli">"""
    root = etree.fromstring(b"".join(flusso((make_da_comunicare(), make_residente(cognome=name)))))

    assert root.find(f"{NS}Beneficiario/{NS}Anagrafica").get("Cognome") == name


def test_an_ente_without_denomination_leaves_the_attribute_out():
    root = etree.fromstring(header(denominazione="") + b"</Flusso>")

    assert "Denominazione" not in root.find(f"{NS}IdentificazioneFlusso/{NS}Ente").attrib
