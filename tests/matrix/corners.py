"""A case in which every rule bites: something private, a grant that hides what was before it, one that has run out."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.matrix import changes
from tests.matrix.campaign import Played
from tests.matrix.history import REASON, instant
from tests.matrix.loader import now
from tests.matrix.oracle import Case, Grant

LENT = ["presa_in_carico", "diario", "documenti", "fogli"]


def make(played: Played, seconds: int = 6) -> Case:
    """The case, once the grant of so many seconds is over."""
    history, enti = played.history, played.cast.enti
    case = history.open_case(ente=enti[0])
    history.write(case)
    history.propose_foglio(case)
    _private_document(played, case)
    _lend(played, case, enti[3], timedelta(days=30), hides=True)
    short = _lend(played, case, enti[2], timedelta(seconds=seconds), hides=False)
    history.settle()
    changes.run_out(short)
    return case


def _private_document(played: Played, case: Case) -> None:
    owner, parola = played.history.coordinator(case.ente, case.settore), f"parola{uuid4().hex[:12]}"
    headers = REASON | {"X-Privato": "true"}
    reply = owner.http.upload(case.id, f"{parola}.txt", parola.encode(), **headers).raise_for_status().json()
    played.history._add(case, owner, reply["id"], "documenti", reply["caricato_il"], parola, privato=True)


def _lend(played: Played, case: Case, ente: str, lasts: timedelta, hides: bool) -> Grant:
    history = played.history
    owner, receiver = history.coordinator(case.ente, case.settore), history.coordinator(ente, "minori")
    out = history.post(
        owner, f"/cartelle/{case.id}/condivisioni", ente=ente, settore="minori", sezioni=LENT, nascondi_prima=hides,
        al=(now() + lasts).isoformat(), motivo="Per prova", idempotency_key=str(uuid4()),
    )  # fmt: skip
    grant = Grant(ente, "minori", tuple(out["sezioni"]), instant(out["dal"]), instant(out["al"]),
                  nascondi_prima=hides, id=out["id"])  # fmt: skip
    case.grants.append(grant)
    decided = history.post(
        receiver, f"/condivisioni/{grant.id}/decisione", version=1, accetta=True, motivo="Sì"
    )
    grant.stato, grant.dal, grant.al = decided["stato"], instant(decided["dal"]), instant(decided["al"])
    return grant
