import hashlib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest
from lxml import etree
from services.erogazioni.tests.conftest import House
from services.erogazioni.tests.factories import (
    CF_OPERATORE,
    make_codice_fiscale,
    make_mandato,
    make_residente,
)
from services.erogazioni.tests.unit.test_flusso_xml import find_xsd
from sqlalchemy import text

from contracts.erogazioni import (
    AnnulErogazione,
    Carattere,
    FlussoGeneratoV1,
    FlussoOut,
    FoglioOut,
    GenerateFlusso,
    GetFlusso,
    ListFlussi,
    PreviewSiuss,
    RecordSiuss,
    StatoRecordSiuss,
)
from contracts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from contracts.mandato import Extent
from erogazioni.adapters import FlussoValidator
from erogazioni.settings import Settings
from erogazioni.use_cases import siuss
from erogazioni.use_cases.erogazioni import annul_erogazione

NS = {"c": "http://inps.it/Casellario"}
NO_SCHEMA = FlussoValidator(Settings(siuss_xsd_file=None))


def preview(house: House, mandato=None) -> list[RecordSiuss]:
    request = PreviewSiuss(mese="2026-11")
    return list(siuss.preview_siuss(request, mandato or house.approvatore, house.db, house.anagrafe).record)


def generate(house: House, mandato=None, validator=NO_SCHEMA, **over) -> FlussoOut:
    values = {"mese": "2026-11", "cf_operatore": CF_OPERATORE, "denominazione_ente": "Comune di Monza"}
    request = GenerateFlusso(**values | over)
    return siuss.generate_flusso(request, mandato or house.approvatore, house.db, house.anagrafe, validator)


def xml_of(house: House, flusso: FlussoOut, mandato=None) -> str:
    return siuss.get_flusso(GetFlusso(flusso_id=flusso.id), mandato or house.approvatore, house.db).xml


def ready(house: House, **over):
    """A paid case with its ISEE."""
    cartella = house.open_cartella(**over)
    house.register_isee(cartella)
    return cartella, house.paid(cartella)


def test_the_flow_of_a_month_is_valid_by_the_schema_of_inps(house: House):
    ready(house)
    cartella = house.open_cartella()
    house.paid(cartella, voce_istat="G03", carattere=Carattere.OCCASIONALE)

    flusso = generate(house, validator=FlussoValidator(Settings(siuss_xsd_file=find_xsd())))

    root = etree.fromstring(xml_of(house, flusso).encode())
    etree.XMLSchema(etree.parse(find_xsd())).assertValid(root)
    assert flusso.record == len(root.findall("c:Beneficiario", NS)) == 2
    assert root.find("c:IdentificazioneFlusso", NS).get("Nome") == flusso.nome
    assert [event["sha256"] for event in house.emitted(FlussoGeneratoV1)] == [flusso.sha256]


def test_the_file_from_the_ledger_is_the_same_byte_for_byte_whatever_becomes_of_the_data(house: House):
    cartella, _ = ready(house)
    flusso = generate(house)
    sent = xml_of(house, flusso)

    house.anagrafe.residenti[cartella.residente_id] = make_residente(
        id=cartella.residente_id, cognome="Altro"
    )
    with house.db.transaction() as tx:
        tx.session.execute(text("UPDATE fogli SET numero = '2026/999999'"))

    assert xml_of(house, flusso) == sent
    assert hashlib.sha256(sent.encode()).hexdigest() == flusso.sha256


def test_a_ledger_that_was_tampered_with_is_not_given_out(house: House, erogazioni_urls):
    ready(house)
    flusso = generate(house)
    with psycopg.connect(erogazioni_urls.migrator) as connection:
        connection.execute("ALTER TABLE registro_siuss DISABLE TRIGGER USER")
        connection.execute("UPDATE registro_siuss SET frammento = frammento || ' '::bytea")
        connection.execute("ALTER TABLE registro_siuss ENABLE TRIGGER USER")

    with pytest.raises(Conflict, match=r"flusso.registro_alterato"):
        xml_of(house, flusso)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registro_siuss SET frammento = ''",
        "DELETE FROM registro_siuss",
        "UPDATE flussi SET sha256 = ''",
    ],
)
def test_the_ledger_can_not_be_rewritten_by_the_service(house: House, erogazioni_urls, statement: str):
    ready(house)
    generate(house)
    with psycopg.connect(erogazioni_urls.app) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(statement)


def test_a_payment_is_told_once(house: House):
    ready(house)
    flusso = generate(house)

    with pytest.raises(Conflict, match=r"flusso.vuoto"):
        generate(house)

    assert [(one.stato, one.flusso_nome) for one in preview(house)] == [
        (StatoRecordSiuss.INVIATO, flusso.nome)
    ]


def test_what_is_mended_later_goes_in_a_second_flow_of_the_month(house: House):
    ready(house)
    cartella = house.open_cartella()
    house.paid(cartella)
    first = generate(house)
    house.register_isee(cartella)

    second = generate(house)

    assert (first.record, second.record) == (1, 1)
    assert int(second.nome[-7:]) == int(first.nome[-7:]) + 1
    assert second.nome.startswith("F704.PS.2")


def test_two_flows_at_the_same_time_tell_each_payment_once(house: House):
    for _ in range(5):
        ready(house)

    def attempt(_: int) -> str:
        try:
            return str(generate(house).record)
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(3) as pool:
        outcomes = sorted(pool.map(attempt, range(3)))

    assert outcomes == ["5", "flusso.vuoto", "flusso.vuoto"]


def test_the_same_command_twice_gives_the_same_flow(house: House):
    ready(house)
    key = uuid4()

    assert generate(house, idempotency_key=key) == generate(house, idempotency_key=key)


def test_the_order_does_not_depend_on_who_was_paid_first(house: House):
    bases = ("VRDMRA80A41F704", "BNCMRA80A41F704", "RSSMRA80A41F704")
    for base in bases:
        ready(house, residente=make_residente(codice_fiscale=make_codice_fiscale(base)))

    root = etree.fromstring(xml_of(house, generate(house)).encode())

    codici = [one.get("CodiceFiscale") for one in root.findall("c:Beneficiario", NS)]
    assert codici == sorted(make_codice_fiscale(base) for base in bases)


def test_the_preview_names_each_anomaly_and_leaves_the_ready_ones_alone(house: House):
    ready(house)
    house.paid(house.open_cartella(residente=make_residente(codice_fiscale=None)))

    found = {one.stato: [anomalia.campo for anomalia in one.anomalie] for one in preview(house)}

    assert found == {StatoRecordSiuss.PRONTO: [], StatoRecordSiuss.DA_CORREGGERE: ["codice_fiscale", "isee"]}


def test_the_isee_the_foglio_names_is_the_one_that_goes(house: House):
    cartella = house.open_cartella()
    isee_id = house.register_isee(cartella)
    house.paid(cartella, isee_id=isee_id)
    house.paid(cartella, isee_id=uuid4())

    assert sorted(len(one.anomalie) for one in preview(house)) == [0, 1]


def test_an_item_without_an_exportable_benefit_is_not_told(house: House):
    house.paid(house.open_cartella(), voce_istat="G21")

    assert preview(house) == []


def test_a_payment_not_liquidated_is_not_told(house: House):
    house.prepare(house.approved(house.open_cartella()))

    assert preview(house) == []


def test_the_registry_is_asked_with_the_callers_mandate_for_five_hundred_at_a_time(house: House):
    ids = [uuid4() for _ in range(1001)]

    siuss.fetch_residenti(ids, make_mandato(), house.anagrafe, "list_beneficiari")

    assert house.anagrafe.batches == [500, 500, 1]
    assert house.anagrafe.tokens == {"token"}


def annul(house: House, erogazione) -> None:
    request = AnnulErogazione(erogazione_id=erogazione.id, version=erogazione.version, motivo="errore")
    annul_erogazione(request, house.proponente, house.db)


def operations(xml: str) -> list[tuple[str, str]]:
    """(TipoOperazione, ImportoMensile) of each record in the file."""
    found = etree.fromstring(xml.encode()).iterfind(".//c:PrestazioniSociali", NS)
    return [(one.get("TipoOperazione"), one.get("ImportoMensile")) for one in found]


def record_of(xml: str) -> str:
    return xml[xml.index("<Beneficiario") : xml.index("</Flusso>")]


def test_a_payment_told_and_then_annulled_is_cancelled_by_the_next_flow_with_the_bytes_that_were_sent(
    house: House,
):
    _, erogazione = ready(house)
    sent = xml_of(house, generate(house))
    annul(house, erogazione)
    assert [(one.stato, one.operazione) for one in preview(house)] == [(StatoRecordSiuss.PRONTO, "C")]

    cancellation = generate(house, validator=FlussoValidator(Settings(siuss_xsd_file=find_xsd())))

    told = xml_of(house, cancellation)
    assert record_of(told) == record_of(sent).replace('TipoOperazione="I"', 'TipoOperazione="C"')
    assert [(one.stato, one.flusso_nome) for one in preview(house)] == [
        (StatoRecordSiuss.ANNULLATO, cancellation.nome)
    ]
    with pytest.raises(Conflict, match=r"flusso.vuoto"):
        generate(house)


def test_a_payment_made_anew_goes_after_the_cancellation_of_the_old_one(house: House):
    _, erogazione = ready(house)
    generate(house)
    annul(house, erogazione)
    foglio = FoglioOut.model_construct(id=erogazione.foglio_id)
    house.liquidate(house.prepare(foglio, importo=Decimal("100.00")))

    assert operations(xml_of(house, generate(house))) == [("C", "320.00"), ("I", "100.00")]


def test_a_one_off_made_anew_in_another_month_waits_for_the_cancellation_of_the_old_one(house: House):
    cartella = house.open_cartella()
    house.register_isee(cartella)
    foglio = house.approved(cartella, carattere=Carattere.OCCASIONALE)
    october = house.liquidate(house.prepare(foglio, "2026-10"))
    generate(house, mese="2026-10")
    annul(house, october)
    house.liquidate(house.prepare(foglio, "2026-11"))

    with pytest.raises(Conflict, match=r"flusso.vuoto"):
        generate(house, mese="2026-11")

    assert generate(house, mese="2026-10").record == 1
    assert generate(house, mese="2026-11").record == 1


def test_a_payment_annulled_before_it_was_told_is_not_told(house: House):
    _, erogazione = ready(house)
    annul(house, erogazione)

    assert preview(house) == []


def test_a_flow_of_another_ente_does_not_exist(house: House):
    ready(house)
    flusso = generate(house)
    other = make_mandato(ente="B212")

    assert siuss.list_flussi(ListFlussi(), other, house.db).flussi == ()
    assert preview(house, other) == []
    with pytest.raises(NotFound):
        xml_of(house, flusso, other)
    with pytest.raises(Conflict, match=r"flusso.vuoto"):
        generate(house, other)


def test_who_sees_only_part_of_the_ente_does_not_make_its_flow(house: House):
    ready(house)

    with pytest.raises(Forbidden, match=r"flusso.estensione"):
        generate(house, make_mandato(extent=Extent.SETTORE))


@pytest.mark.parametrize("field", [{"cf_operatore": "RSS"}, {"denominazione_ente": "x" * 101}])
def test_a_wrong_head_of_the_flow_is_a_field_error(house: House, field: dict[str, str]):
    with pytest.raises(Invalid) as refusal:
        generate(house, **field)

    assert refusal.value.fields.keys() == field.keys()


def test_the_amounts_in_the_file_are_those_paid_to_the_cent(house: House):
    cartella = house.open_cartella()
    house.register_isee(cartella)
    foglio = house.approved(cartella)
    house.liquidate(house.prepare(foglio, importo=Decimal("100.01")))

    record = etree.fromstring(xml_of(house, generate(house)).encode()).find(".//c:PrestazioniSociali", NS)

    quote = [
        Decimal(record.get(name)) for name in ("ImportoQuotaEnte", "ImportoQuotaUtente", "ImportoQuotaSSN")
    ]
    assert sum(quote) == Decimal(record.get("ImportoMensile")) == Decimal("100.01")
