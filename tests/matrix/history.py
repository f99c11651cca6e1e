"""What happens in a world: cases opened, written in, marked, shared, handed over; the oracle follows each step.

Every act is done by somebody whom the oracle lets do it, through the API or, where the API has no such door, by the
service's own method under his mandate; that it succeeds is the first thing proved.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from tests.matrix.loader import Seat, now
from tests.matrix.oracle import Case, Grant, Item, World
from tests.matrix.worlds import Cast
from tests.system import Json, System, eventually

SHAREABLE = ("presa_in_carico", "diario", "isee", "documenti", "stampe", "fogli", "liquidazioni")


REASON = {"X-Motivo": "Matrice"}


class RefusedError(AssertionError):
    """The system did not do what the oracle allows."""


class History:
    """`words`: texts by the id of what they stand in, to be looked for in answers."""

    def __init__(self, system: System, cast: Cast, world: World, seats: dict[str, Seat], seed: int) -> None:
        self.system = system
        self.cast = cast
        self.world = world
        self.seats = seats
        self.random = Random(seed)
        self.log: list[str] = []

    # Who

    def coordinator(self, ente: str, settore: str) -> Seat:
        return next(s for s in self.seats.values() if s.viewer.incarico.ruolo == "coordinatore"
                    and (s.viewer.incarico.ente, s.viewer.incarico.settore) == (ente, settore))  # fmt: skip

    def able(self, scope: str, case: Case, *also: str) -> list[Seat]:
        """Who may do this in the case now."""
        moment = now()
        return [seat for seat in self.seats.values()
                if self.world.reaches(seat.viewer, scope, case, moment)
                and all(self.world.holds(seat.viewer, other) for other in also)]  # fmt: skip

    def someone(self, scope: str, case: Case, *also: str) -> Seat | None:
        found = self.able(scope, case, *also)
        return self.random.choice(found) if found else None

    # Doing

    def post(self, seat: Seat, path: str, **body: Any) -> Json:
        reply = seat.http.http.post(path, json=body, headers=REASON)
        if reply.status_code >= 300:
            raise RefusedError(f"{seat.name} POST {path} {body}: {reply.status_code} {reply.text}")
        return dict(reply.json()) if reply.content else {}

    def _told(self, what: str) -> None:
        self.log.append(what)

    # Cases

    def open_case(self, residente: str | None = None, ente: str = "", settore: str = "") -> Case:
        """By the coordinator of the place, who then leaves it to the settore or to a team."""
        ente = ente or self.random.choices(self.cast.enti, (5, 4, 2, 2))[0]
        settore = settore or self.random.choice(self.cast.settori(ente))
        seat = self.coordinator(ente, settore)
        residente = residente or self._stranger(seat, ente)
        out = self.post(seat, "/cartelle", residente_id=residente, area="famiglia_minori",
                        motivo=f"Prima richiesta {(parola := _word())}", idempotency_key=str(uuid4()))  # fmt: skip
        case = Case(out["id"], residente, ente, settore, out["numero"], aperta_da=seat.id)
        self._follow(case, out)
        self._remark(case, seat, out, parola)
        self.world.cases.append(case)
        self._told(f"{case.numero} opened in {ente}/{settore} by {seat.name}")
        return case

    def _stranger(self, seat: Seat, ente: str) -> str:
        """A resident of the ente without a case; rather one who is a relative of some operator."""
        taken = {case.residente for case in self.world.cases} | set(seat.viewer.esclusi)
        rows = self.system.query(
            "anagrafe", "SELECT id::text FROM residenti WHERE ente = %s ORDER BY id", (ente,)
        )
        free = [row[0] for row in rows if row[0] not in taken]
        relatives = [one for one in free if any(one in s.viewer.esclusi for s in self.seats.values())]
        return self.random.choice(relatives if relatives and self.random.random() < 0.4 else free)

    @staticmethod
    def _follow(case: Case, out: Json) -> None:
        case.responsabile = out["responsabile_id"]
        case.team = frozenset(out["team"])
        case.settore = out["settore"]
        case.riservato = out.get("settore_riservato", "")
        case.lavoratori |= case.workers
        case.settori.add(case.settore)

    @staticmethod
    def _remark(case: Case, seat: Seat, out: Json, parola: str) -> None:
        """Why a step was taken: for whom the case itself is open, from then on where a grant hides what came before."""
        when = instant(max(step["quando"] for step in out["passaggi"]))
        case.items.append(Item("", "presa_in_carico", seat.id, when, parola=parola))

    def version(self, case: Case) -> int:
        return int(self.system.documents("cartelle").find_one({"numero": case.numero})["version"])

    def assign(self, case: Case) -> None:
        """A team of colleagues of the ente, or nobody."""
        seat = self.someone("presa_in_carico:assegna", case)
        if seat is None:
            return
        colleagues = [
            s.id for s in self.seats.values() if s.viewer.incarico.ente == seat.viewer.incarico.ente
        ]
        team = self.random.sample(colleagues, self.random.randint(0, min(2, len(colleagues))))
        responsabile = {"responsabile_id": self.random.choice(team)} if team else {}
        after = responsabile.get("responsabile_id", case.responsabile)
        if (after, frozenset([*team, *filter(None, [after])])) == (case.responsabile, case.team):
            return  # an assignment that changes nothing is refused
        out = self.post(seat, f"/cartelle/{case.id}/assegnazione", version=self.version(case), team=team,
                        motivo=f"Équipe {(parola := _word())}", **responsabile)  # fmt: skip
        self._follow(case, out)
        self._remark(case, seat, out, parola)
        self._told(f"{case.numero} to {sorted(case.workers)} by {seat.name}")

    def move(self, case: Case) -> None:
        """To the other settore of the ente."""
        seat = self.someone("presa_in_carico:assegna", case)
        others = [s for s in self.cast.settori(case.ente) if s != case.settore]
        if seat is None or not others or case.riservato:
            return
        out = self.post(seat, f"/cartelle/{case.id}/assegnazione", version=self.version(case), settore=others[0],
                        team=[], motivo=f"Passa al settore {(parola := _word())}")  # fmt: skip
        self._follow(case, out)
        self._remark(case, seat, out, parola)
        self._told(f"{case.numero} moved to {case.settore} by {seat.name}")

    def mark(self, case: Case) -> None:
        """Into the second level of its settore, or out of it."""
        able = [s for s in self.able("secondo_livello:scrivi", case, "presa_in_carico:leggi")
                if (s.viewer.incarico.ente, s.viewer.incarico.settore) == (case.ente, case.settore)
                and self.world.reaches(s.viewer, "presa_in_carico:leggi", case, now())]  # fmt: skip
        if not able:
            return
        seat, target = self.random.choice(able), "" if case.riservato else case.settore
        out = self.post(
            seat,
            f"/cartelle/{case.id}/riservatezza",
            version=self.version(case),
            settore_riservato=target,
            motivo="Tutela",
        )
        self._follow(case, out)
        self._told(f"{case.numero} second level «{case.riservato}» by {seat.name}")

    # What lies in a case

    def write(self, case: Case) -> None:
        seat = self.someone("diario:scrivi", case)
        if seat is None:
            return
        parola, privata = _word(), self.random.random() < 0.3
        riservato = ""
        if not privata and self._keeps_apart(seat, case) and self.random.random() < 0.45:
            riservato = self.random.choice(self.cast.settori(case.ente))
        request = {"tipo": "colloquio", "quando": now().isoformat(), "testo": f"Colloquio {parola}",
                   "privata": privata, "settore_riservato": riservato, "idempotency_key": str(uuid4())}  # fmt: skip
        out = self.post(seat, f"/cartelle/{case.id}/diario", **request)
        self._add(case, seat, out["id"], "diario", out["scritta_il"], parola, privata, riservato)

    def _keeps_apart(self, seat: Seat, case: Case) -> bool:
        """Whether he may write for the second level of a settore: of his own ente's, where the case is."""
        return case.ente == seat.viewer.incarico.ente and self.world.holds(
            seat.viewer, "secondo_livello:scrivi"
        )

    def add_isee(self, case: Case) -> None:
        seat = self.someone("isee:scrivi", case)
        if seat is None:
            return
        dsu = f"INPS-ISEE-2026-{uuid4().int % 10**8:08d}A-00"
        out = self.post(seat, f"/cartelle/{case.id}/isee", tipo="ordinario", protocollo_dsu=dsu, ise="9840.00",
                        data_presentazione="2026-01-15", scala="2.46", isee="4000.00")  # fmt: skip
        self._add(case, seat, out["id"], "isee", out["scritto_il"], dsu)

    def upload(self, case: Case) -> None:
        seat = self.someone("documenti:scrivi", case)
        if seat is None:
            return
        parola, privato = _word(), self.random.random() < 0.3
        headers = REASON | ({"X-Privato": "true"} if privato else {})
        riservato = ""
        if not privato and self._keeps_apart(seat, case) and self.random.random() < 0.4:
            riservato = self.random.choice(self.cast.settori(case.ente))
            headers["X-Settore-Riservato"] = riservato
        sent: list[Json] = []

        def stored() -> bool:
            reply = seat.http.upload(case.id, f"{parola}.txt", parola.encode(), **headers)
            if reply.status_code != 201:
                raise RefusedError(f"{seat.name} uploads to {case.numero}: {reply.status_code} {reply.text}")
            sent.append(reply.json())
            return True

        eventually(stored)  # documenti hears of the case by an event
        self._add(
            case,
            seat,
            sent[0]["id"],
            "documenti",
            sent[0]["caricato_il"],
            parola,
            privato,
            sent[0]["settore_riservato"],
        )

    def propose_foglio(self, case: Case) -> None:
        seat = self.someone("fogli:scrivi", case)
        if seat is None:
            return
        parola = _word()
        items = seat.http.get("/catalogo", area="famiglia_minori")["voci"]
        voce = next(item for item in items if item["prestazione_inps"].startswith("A1.04"))
        body = {"voce_istat": voce["codice"], "carattere": "periodico", "importo": "350.00", "quota_ente": "350.00",
                "dal": "2026-01-01", "motivazione": f"Serve {parola}"}  # fmt: skip
        out = eventually(lambda: self.post(seat, f"/cartelle/{case.id}/fogli", **body))
        self._add(case, seat, out["id"], "fogli", out["creato_il"], parola)

    def pay(self, case: Case) -> None:
        """A foglio decided and a month of it proposed, where somebody may."""
        fogli = [item for item in case.items if item.sezione == "fogli"]
        if not fogli:
            return
        foglio = self.random.choice(fogli)
        decider = next((s for s in self.able("fogli:approva", case) if s.id != foglio.autore), None)
        payer = self.someone("liquidazioni:scrivi", case, "fogli:leggi")
        if decider is None or payer is None:
            return
        rows = self.system.query("erogazioni", "SELECT version, stato FROM fogli WHERE id = %s", (foglio.id,))
        if rows[0][1] == "proposto":
            self.post(decider, f"/fogli/{foglio.id}/decisione", version=rows[0][0], approva=True)
        month = f"2026-{self.random.randint(1, 11):02d}"
        reply = payer.http.http.post(f"/fogli/{foglio.id}/erogazioni", json={"mese": month}, headers=REASON)
        if reply.status_code == 409:  # that month is paid already
            return
        if reply.status_code != 201:
            raise RefusedError(
                f"{payer.name} pays {foglio.id} of {case.numero}: {reply.status_code} {reply.text}"
            )
        self._add(case, payer, reply.json()["id"], "liquidazioni", now().isoformat(), "")

    def _add(
        self, case: Case, seat: Seat, item_id: str, sezione: str, when: str, parola: str,
        privato: bool = False, riservato: str = "",
    ) -> None:  # fmt: skip
        case.items.append(Item(item_id, sezione, seat.id, instant(when), privato, riservato, parola))
        marks = " ".join(word for word in ("private" if privato else "", riservato) if word)
        self._told(f"{case.numero} {sezione} {item_id} by {seat.name} {marks}")

    # Grants

    def offer(self, case: Case) -> Grant | None:
        """To another settore, here or elsewhere; or to one person there."""
        moment = now()
        ente, settore = self.random.choice([(e, s) for e in self.cast.enti for s in self.cast.settori(e)
                                            if (e, s) != (case.ente, case.settore)])  # fmt: skip
        scrive = self.random.random() < 0.4
        seats = [s for s in self.able("condivisioni:scrivi", case)
                 if self.world.by_role(s.viewer, "condivisioni:scrivi", case)
                 and self.world.by_role(s.viewer, "presa_in_carico:leggi", case)]  # fmt: skip
        if not seats:
            return None
        seat = self.random.choice(seats)
        have = [s for s in SHAREABLE if self._may_share(seat, case, s, scrive)]
        if not have:
            return None
        others = [s for s in self.seats.values() if s is not seat and s.id not in case.workers]
        people = [s for s in others
                  if (s.viewer.incarico.ente, s.viewer.incarico.settore) == (ente, settore)]  # fmt: skip
        operatore = self.random.choice(people).id if people and self.random.random() < 0.3 else None
        sezioni = self.random.sample(have, self.random.randint(1, len(have)))
        scrive = scrive and sezioni != ["presa_in_carico"]  # who follows a case is never another's to write
        same = (ente, settore, operatore)
        if any(
            (g.ente, g.settore, g.operatore) == same and g.stato in ("proposta", "accettata")
            for g in case.grants
        ):
            return None  # the system refuses the same offer twice
        request = {
            "ente": ente, "settore": settore, "operatore_id": operatore, "scrive": scrive,
            "sezioni": sezioni, "motivo": "Lavoriamo insieme",
            "al": (moment + timedelta(days=30)).isoformat(), "nascondi_prima": self.random.random() < 0.4,
            "idempotency_key": str(uuid4()),
        }  # fmt: skip
        out = self.post(seat, f"/cartelle/{case.id}/condivisioni", **request)
        grant = Grant(ente, settore, tuple(out["sezioni"]), instant(out["dal"]), instant(out["al"]), operatore,
                      out["scrive"], out["nascondi_prima"], out["stato"], out["id"], None, seat.id)  # fmt: skip
        case.grants.append(grant)
        self._told(f"{case.numero} offered to {ente}/{settore} {operatore or ''} {grant.sezioni} by {seat.name}"
                   f"{' hiding' if grant.nascondi_prima else ''}{' writing' if scrive else ''}")  # fmt: skip
        return grant

    def _may_share(self, seat: Seat, case: Case, sezione: str, scrive: bool) -> bool:
        reading = "stampe:stampa" if sezione == "stampe" else f"{sezione}:leggi"
        needed = [reading] + ([f"{sezione}:scrivi"] if scrive and sezione != "stampe" else [])
        return all(self.world.reaches(seat.viewer, scope, case, now()) for scope in needed)

    def decide(self, case: Case, grant: Grant, accepts: bool = True) -> None:
        """By the receiver: the person named, or whoever of the settore may."""
        able = [s for s in self.seats.values()
                if self.world.answers(s.viewer, "condivisioni:scrivi", grant)
                and s.id != grant.proposta_da
                and case.residente not in s.viewer.esclusi and grant.stato == "proposta"]  # fmt: skip
        if able:
            seat = self.random.choice(able)
            self._grant_step(seat, "decisione", case, grant, accetta=accepts, motivo="Va bene")

    def revoke(self, case: Case, grant: Grant) -> None:
        able = [s for s in self.able("condivisioni:scrivi", case)
                if self.world.by_role(s.viewer, "condivisioni:scrivi", case)
                and self.world.reaches(s.viewer, "presa_in_carico:leggi", case, now())]  # fmt: skip
        if able and grant.stato in ("accettata", "proposta"):
            self._grant_step(self.random.choice(able), "revoca", case, grant, motivo="Finito")

    def _grant_step(self, seat: Seat, step: str, case: Case, grant: Grant, **body: Any) -> None:
        version = 1 if grant.stato == "proposta" else 2
        out = self.post(seat, f"/condivisioni/{grant.id}/{step}", version=version, **body)
        grant.stato, grant.dal, grant.al = out["stato"], instant(out["dal"]), instant(out["al"])
        grant.revocata_il = instant(out["revocata_il"]) if out.get("revocata_il") else None
        self._told(f"{case.numero} grant to {grant.ente}/{grant.settore} {grant.stato} by {seat.name}")

    # All together

    def begin(self, cases: int) -> None:
        """A first picture: cases with something in them, some of the second level, some shared."""
        for _ in range(cases):
            case = self.open_case()
            for act, chance in (
                (self.assign, 0.7), (self.write, 0.9), (self.write, 0.8), (self.add_isee, 0.6), (self.upload, 0.8),
                (self.propose_foglio, 0.7), (self.pay, 0.7), (self.mark, 0.35), (self._share, 0.6),
                (self.write, 0.9), (self.upload, 0.5), (self.move, 0.2), (self.write, 0.3),
            ):  # fmt: skip
                if self.random.random() < chance:
                    act(case)

    def _share(self, case: Case) -> None:
        grant = self.offer(case)
        if grant is not None and self.random.random() < 0.85:
            self.decide(case, grant, self.random.random() < 0.9)

    def step(self) -> Case:
        """One more thing happens to one case."""
        case = self.random.choice(self.world.cases)
        acts: list[Callable[[Case], Any]] = [self.assign, self.write, self.mark, self._share, self.move, self.upload,
                                             self._settle_grants]  # fmt: skip
        self.random.choice(acts)(case)
        return case

    def _settle_grants(self, case: Case) -> None:
        for grant in case.grants:
            if grant.stato == "accettata":
                self.revoke(case, grant)
            elif grant.stato == "proposta":
                self.decide(case, grant)

    def settle(self) -> None:
        """Waits until every service has heard the last of every case, and every event has left."""
        told = self.system.documents("outbox").find({"type": {"$regex": "^cartella\\.cartella\\."}})
        last: dict[str, int] = {}
        for row in told:
            last[row["subject"]] = max(last.get(row["subject"], 0), row["sequence"])

        def heard() -> bool:
            return all(
                known.get(case.id, -1) >= last[case.id]
                for known in (dict(self.system.query(*question)) for question in PROJECTIONS)
                for case in self.world.cases
            )

        eventually(heard, 40)


PROJECTIONS = (
    ("documenti", "SELECT cartella_id::text, sequence FROM cartelle_note"),
    ("erogazioni", "SELECT id::text, sequence FROM cartelle"),
    ("notifiche", "SELECT cartella_id::text, sequence FROM cartelle_note"),
)
"""What the other services know of the cases, and up to which of its events."""


def _word() -> str:
    return f"parola{uuid4().hex[:12]}"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
