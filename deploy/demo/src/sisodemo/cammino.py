"""The walk of the main job: eleven steps as different people, over HTTP, each with what it expects to see."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sisodemo.famiglie_scelte import Scelta
from sisodemo.persona import Persona, WalkFailed

Seen = dict[str, Any]


@dataclass
class Cammino:
    """What the steps share. People sign in when first needed; `caso` keeps what earlier steps made;
    `idp_url` is the test identity provider, empty where there is none."""

    base_url: str
    mailbox_url: str
    city: Path
    rng: Random
    caso: dict[str, Any] = field(default_factory=dict)
    idp_url: str = ""
    scelte: list[Scelta] = field(default_factory=list)
    _persone: dict[str, Persona] = field(default_factory=dict)

    def come(self, identita: str) -> Persona:
        """A test identity, signed in."""
        if identita not in self._persone:
            self._persone[identita] = Persona(self.base_url, identita)
        return self._persone[identita]

    @property
    def cartella_id(self) -> str:
        return str(self.caso["cartelle"][0]["id"])

    def url(self, rest: str = "") -> str:
        """Path of the first case."""
        return f"/cartelle/{self.cartella_id}{rest}"


Passo = tuple[str, Callable[[Cammino], Seen]]


def walk(cammino: Cammino, passi: list[Passo], said: Callable[[int, str, bool], None]) -> dict[str, Any]:
    """Walks the steps until one fails; the result that goes to standard output."""
    started, results = time.perf_counter(), []
    for number, (nome, passo) in enumerate(passi, start=1):
        began = time.perf_counter()
        result: dict[str, Any] = {"n": number, "nome": nome, "ok": True}
        try:
            result["visto"] = passo(cammino)
        except WalkFailed as failure:
            result |= {"ok": False, "errore": str(failure)}
        except (
            Exception
        ) as error:  # a defect of the walk or of an answer: told, not thrown, so that the JSON is whole
            result |= {"ok": False, "errore": f"{type(error).__name__}: {error}"[:1000]}
        result["secondi"] = round(time.perf_counter() - began, 2)
        results.append(result)
        said(number, nome, bool(result["ok"]))
        if not result["ok"]:
            break
    done = [r for r in results if r["ok"]]
    return {
        "ok": len(done) == len(passi),
        "passi": results,
        "superati": len(done),
        "previsti": len(passi),
        "secondi": round(time.perf_counter() - started, 2),
    }
