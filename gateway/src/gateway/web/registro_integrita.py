"""Is the access log whole? Seals to print and hold against it, verifications that go on by themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import NotFound
from gateway.accessi import verifiche
from gateway.accessi.continua import CURSOR, read_cursor
from gateway.accessi.ricerca import compare, of_the_ente, with_connection
from gateway.accessi.scarti import Scarto, list_discards
from gateway.accessi.sigilli import Connection, Sigillo, from_groups, get_seal, in_groups, last_seal
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web.forms import Form, read_form
from gateway.web.page import done, page_scope, respond
from gateway.web.registro import TABS

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
PATH = "/registro-accessi/integrita"
LATE = timedelta(minutes=5)
Reader = Annotated[Caller, Depends(of_the_ente(page_scope("registro_accessi:leggi")))]
Numero = Annotated[int, Path(ge=1, lt=2**63)]
OUTCOMES = {
    "uguale": ("ok", "L’impronta è quella del registro: fino a quel sigillo nulla è stato riscritto. Che le righe siano"
               " ancora quelle lo dice il controllo di tutto il registro."),
    "diverso": ("errore", "L’impronta non è quella del registro: conserva il foglio e avvisa subito chi gestisce il"
                " sistema. Controlla prima di averla copiata bene."),
    "assente": ("errore", "Nel registro questo sigillo non c’è: conserva il foglio e avvisa subito chi gestisce il"
                " sistema. Controlla prima di aver copiato bene il numero."),
}  # fmt: skip


@router.get(PATH)
async def show_integrita(request: Request, caller: Reader) -> Response:
    return await _integrita(request, caller, Form.of())


@dataclass(frozen=True)
class Stato:
    """What the page says of the log: newest seal, the last one verified, verifications, months discarded."""

    ultimo: Sigillo | None
    verificato: int
    verifiche: list[verifiche.VerificaOut]
    scarti: list[Scarto]

    @property
    def in_ritardo(self) -> bool:
        """Whether nobody seals: the notaio stands still."""
        return self.ultimo is not None and datetime.now(UTC) - self.ultimo.momento > LATE

    @property
    def aperta(self) -> bool:
        return any(one.stato != "finita" for one in self.verifiche)


async def _read(connection: Connection) -> Stato:
    return Stato(
        await last_seal(connection),
        await read_cursor(connection, CURSOR),
        await verifiche.newest(connection),
        await list_discards(connection),
    )


async def _integrita(request: Request, caller: Caller, form: Form, esito: str = "") -> Response:
    return await respond(
        request, caller, "pagine/registro_integrita.html", title="Integrità del registro degli accessi",
        section="accessi", status=form.status, schede=TABS, registro=await with_connection(request, _read), form=form,
        esito=OUTCOMES.get(esito),
    )  # fmt: skip


@router.post("/registro-accessi/verifiche")
async def ask_verifica(request: Request, caller: Reader) -> Response:
    await with_connection(request, lambda c: verifiche.ask(c, caller.ente, caller.operatore_id))
    return done(PATH, "verifica_chiesta")


@router.post("/registro-accessi/confronto")
async def compare_sigillo(request: Request, caller: Reader) -> Response:
    """A seal kept on paper, typed in again. The answer is shown at once: nothing is kept of the question."""
    form = await read_form(request)
    number, printed = form.get("numero").strip(), form.get("impronta")
    if not (number.isdecimal() and len(number) <= 18 and int(number) > 0):
        form.refuse("numero", "Scrivi il numero del sigillo.")
    if from_groups(printed) is None:
        form.refuse("impronta", "Sono 64 cifre o lettere dalla A alla F, a gruppi di quattro.")
    if form.failed:
        return await _integrita(request, caller, form)
    found = await with_connection(request, lambda c: compare(c, int(number), printed))
    return await _integrita(request, caller, form, found.esito)


@router.get("/registro-accessi/sigilli/{numero}")
async def show_sigillo(request: Request, numero: Numero, caller: Reader) -> Response:
    """One seal, to print and keep elsewhere."""
    found = await with_connection(request, lambda c: get_seal(c, numero))
    if found is None:
        raise NotFound("sigillo.non_trovato", "Questo sigillo non c’è.")
    return await respond(
        request, caller, "pagine/registro_sigillo.html", title=f"Sigillo {numero} del registro degli accessi",
        section="accessi", sigillo=found, gruppi=in_groups(found.hash).split("\n"), firma=found.firma.hex(),
    )  # fmt: skip


@router.get("/registro-accessi/verifiche/{verifica_id}")
async def show_verifica(request: Request, verifica_id: UUID, caller: Reader) -> Response:
    found = await with_connection(request, lambda c: verifiche.get(c, verifica_id))
    if found is None:
        raise NotFound("verifica.non_trovata", "Questo controllo non c’è.")
    return await respond(
        request, caller, "pagine/registro_verifica.html", title="Un controllo del registro degli accessi",
        section="accessi", verifica=found,
    )  # fmt: skip
