"""The PS_PSA_SINA file of INPS: written record by record with lxml, put together again from the ledger's bytes.

`header + record + … + FOOTER` is the file. Each record's bytes are kept in the ledger as they were sent, so
that the same file comes out for ever, whatever becomes of the registry, the catalogue or this module.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, Protocol

from lxml import etree

from contracts.base import Message
from contracts.errors import Conflict
from erogazioni.domain.siuss import RecordPs
from erogazioni.policies import NAMESPACE
from erogazioni.settings import Settings

FOOTER = b"</Flusso>"


class ServiceClient(Protocol):
    """Another service, asked with the caller's own mandate."""

    def call(self, method: str, request: Message, token: str) -> Any: ...


def write_header(nome: str, *, codice: str, denominazione: str, sede: str, cf_operatore: str) -> bytes:
    """Declaration, root, `IdentificazioneFlusso`. `sede`: Belfiore code of the ente's legal seat."""
    ente = {"Codice": codice, "Denominazione": denominazione, "Indirizzo": sede, "CFOperatore": cf_operatore}
    sink = BytesIO()
    with etree.xmlfile(sink, encoding="UTF-8") as document:
        document.write_declaration()
        with document.element(_tag("Flusso"), nsmap={None: NAMESPACE}):
            with document.element(_tag("IdentificazioneFlusso"), {"Nome": nome}):
                _empty(document, "Ente", {name: value for name, value in ente.items() if value})
            document.flush()
            return sink.getvalue()


def write_records(records: Iterable[RecordPs]) -> Iterator[bytes]:
    """Bytes of each `Beneficiario`, one at a time: memory does not grow with their number."""
    sink = BytesIO()
    with etree.xmlfile(sink, encoding="UTF-8") as document:
        with document.element(_tag("Flusso"), nsmap={None: NAMESPACE}):
            _take(document, sink)
            for record in records:
                with document.element(_tag("Beneficiario"), record.beneficiario):
                    _empty(document, "Anagrafica", record.anagrafica)
                    _empty(document, "Indirizzo", record.indirizzo)
                    _empty(document, "PrestazioniSociali", record.prestazione)
                yield _take(document, sink)


def write_cancellation(frammento: bytes) -> bytes:
    """The record as it was sent, with TipoOperazione C: INPS finds it by the same key fields (WaaS.Comuni, issue 9)."""
    cancelled = frammento.replace(b' TipoOperazione="I"', b' TipoOperazione="C"')
    if cancelled == frammento:
        raise ValueError("not the bytes of an insertion")
    return cancelled


def assemble(header: bytes, frammenti: Iterable[bytes]) -> Iterator[bytes]:
    """The file, piece by piece."""
    yield header
    yield from frammenti
    yield FOOTER


class FlussoValidator:
    """INPS's own schema, where the ente has fetched it (it may not be shipped); otherwise our checks stand alone."""

    def __init__(self, settings: Settings) -> None:
        self._schema = (
            etree.XMLSchema(etree.parse(settings.siuss_xsd_file)) if settings.siuss_xsd_file else None
        )

    def check(self, chunks: Iterable[bytes]) -> None:
        """Validates a whole file while it streams by; Conflict names the first fault."""
        if self._schema is None:
            return
        parser = etree.XMLPullParser(events=("end",), schema=self._schema)
        try:
            for chunk in chunks:
                parser.feed(chunk)
                for _, element in parser.read_events():
                    _forget(element)
            parser.close()
        except etree.XMLSyntaxError as error:
            raise Conflict("flusso.schema", f"Il flusso non rispetta lo schema INPS: {error.msg}") from error


def _forget(element: Any) -> None:
    """Frees a finished record and those before it."""
    if element.tag == _tag("Beneficiario"):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _empty(document: Any, name: str, attributes: dict[str, str]) -> None:
    with document.element(_tag(name), attributes):
        pass


def _take(document: Any, sink: BytesIO) -> bytes:
    document.flush()
    taken = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return taken


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
