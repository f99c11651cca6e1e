"""A crosstab: what may be asked, in which order it is shown, which cells carry no number."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import compress

from contracts.cartella import Area, StatoCartella
from contracts.errors import Forbidden, Invalid
from contracts.mandato import Mandato
from contracts.report import DIMENSIONI, MISURE, Cella, CrosstabOut, RunCrosstab
from report.domain.protection import protect, protect_line

Key = tuple[str, ...]
MAX_CELLS = 10_000
MAX_VALUES = 500
MAX_FILTERS = 3
SETTORE = "settore"
RISERVATO = "(secondo livello)"
"""Stands for the settore of second-level cases: which one it is does not even enter the facts."""
FASCE = (("0-13", 14), ("14-17", 18), ("18-34", 35), ("35-64", 65), ("65-74", 75), ("75-84", 85))
"""Age bands: name, first age that is too old for it."""
FASCIA_OLTRE = "85+"
FASCIA_IGNOTA = "n.d."


@dataclass(frozen=True)
class Conteggio:
    """A cell before protection. `linee`: for each filter, by name, the persons of the cell by value of the filtered
    dimension, as if it were not filtered: who may ask with one value may ask with another, and subtract."""

    valore: int
    persone: int
    linee: tuple[Mapping[str, int], ...] = ()


@dataclass(frozen=True)
class Conteggi:
    """Everything counted for a table. Distinct persons do not add up, so totals are counted, never summed.

    `coperti`: settori never shown, so that the second level cannot be subtracted from a total: it and its companion.
    """

    celle: Mapping[tuple[Key, Key], Conteggio]
    righe: Mapping[Key, Conteggio]
    colonne: Mapping[Key, Conteggio]
    totale: Conteggio
    coperti: frozenset[str] = frozenset()


NESSUNO = Conteggio(0, 0)
VUOTO = Conteggi({}, {}, {}, NESSUNO)


def uses_settore(request: RunCrosstab) -> bool:
    """Whether the answer would tell settori apart."""
    return SETTORE in (*request.righe, *request.colonne, *request.filtri)


def covered(persone_per_settore: Mapping[str, int]) -> frozenset[str]:
    """The second level and the smallest settore, hidden along with it in every table of these enti: the same one
    whatever is asked, so that two tables do not give away together what each keeps."""
    if RISERVATO not in persone_per_settore:
        return frozenset()
    others = sorted((n, name) for name, n in persone_per_settore.items() if name != RISERVATO)
    return frozenset({RISERVATO, *(name for _n, name in others[:1])})


def reachable_enti(mandato: Mandato) -> tuple[str, ...]:
    """Enti whose facts the caller may count. Forbidden where he reaches no whole ente: a part of one is not given."""
    mandato.require("report:leggi")
    if not (enti := mandato.enti("report:leggi")):
        raise Forbidden("report.fuori_portata", "Il tuo incarico non permette di consultare i report.")
    return tuple(sorted(set(enti)))


def check(request: RunCrosstab) -> None:
    """Refuses what is not in the dictionary of measures and dimensions."""
    wrong: dict[str, str] = {}
    if request.misura not in MISURE:
        wrong["misura"] = "Questa misura non esiste."
    asked = (*request.righe, *request.colonne)
    if len(set(asked)) < len(asked):
        wrong["colonne"] = "Ogni dimensione può comparire una volta sola."
    for name, dimensions in (
        ("righe", request.righe),
        ("colonne", request.colonne),
        ("filtri", request.filtri),
    ):
        if unknown := [one for one in dimensions if one not in DIMENSIONI]:
            wrong[name] = f"Dimensione sconosciuta: {', '.join(unknown)[:100]}."
    if any(not values or len(values) > MAX_VALUES for values in request.filtri.values()):
        wrong["filtri"] = f"Un filtro vuole da 1 a {MAX_VALUES} valori."
    if RISERVATO in request.filtri.get(SETTORE, ()):
        wrong["filtri"] = "Questo settore non esiste."
    if len(request.filtri) > MAX_FILTERS:
        wrong["filtri"] = f"I filtri possono essere al più {MAX_FILTERS}."
    if wrong:
        raise Invalid("report.richiesta", "La richiesta non è valida.", fields=wrong)


def assemble(
    request: RunCrosstab, conteggi: Conteggi, enti: tuple[str, ...], soglia: int, dati_al: datetime | None
) -> CrosstabOut:
    """The table as it may be seen: protected cells have no number, in the body as in the totals."""
    righe = _ordered(conteggi.righe, request.righe)
    colonne = _ordered(conteggi.colonne, request.colonne)
    if (len(righe) + 1) * (len(colonne) + 1) > MAX_CELLS:
        raise Invalid(
            "report.troppo_grande", "La tabella è troppo grande: togli una dimensione o aggiungi un filtro."
        )
    grid = [[conteggi.celle.get((riga, colonna), NESSUNO) for colonna in colonne] for riga in righe]
    for riga, line in zip(righe, grid, strict=True):
        line.append(conteggi.righe[riga])
    grid.append([*(conteggi.colonne[colonna] for colonna in colonne), conteggi.totale])
    filtri = [set(request.filtri[name]) for name in sorted(request.filtri)]
    down = [not one for one in _settore_is({RISERVATO}, request.righe, righe)]
    across = [not one for one in _settore_is({RISERVATO}, request.colonne, colonne)]
    secret = [[not (row and column) for column in across] for row in down]
    in_rows = _settore_is(conteggi.coperti, request.righe, righe)
    in_columns = _settore_is(conteggi.coperti, request.colonne, colonne)
    along = [[row or column for column in in_columns] for row in in_rows]
    celle = _published(grid, filtri, soglia, secret, along, conteggi.coperti)
    celle = [list(compress(line, across)) for line in compress(celle, down)]
    return CrosstabOut(
        misura=request.misura,
        dimensioni_righe=request.righe,
        dimensioni_colonne=request.colonne,
        righe=tuple(compress(righe, down)),
        colonne=tuple(compress(colonne, across)),
        celle=tuple(tuple(line[:-1]) for line in celle[:-1]),
        totali_righe=tuple(line[-1] for line in celle[:-1]),
        totali_colonne=tuple(celle[-1][:-1]),
        totale=celle[-1][-1],
        soglia=soglia,
        enti=enti,
        dati_al=dati_al,
    )


def _settore_is(settori: Collection[str], dimensions: tuple[str, ...], keys: list[Key]) -> list[bool]:
    """For each line of an axis, and last for its total: whether it is of one of these settori."""
    if SETTORE not in dimensions:
        return [False] * (len(keys) + 1)
    at = dimensions.index(SETTORE)
    return [*(key[at] in settori for key in keys), False]


def _published(
    grid: list[list[Conteggio]], filtri: list[set[str]], soglia: int, secret: list[list[bool]],
    along: list[list[bool]], coperti: Collection[str],
) -> list[list[Cella]]:  # fmt: skip
    values = [[cell.valore for cell in line] for line in grid]
    sensitive = [
        [hide or _sensitive(cell, filtri, soglia, coperti) for cell, hide in zip(line, hides, strict=True)]
        for line, hides in zip(grid, secret, strict=True)
    ]
    hidden = protect(values, sensitive, soglia, along)
    return [
        [
            Cella(valore=None, protetta=True) if hide else Cella(valore=value)
            for value, hide in zip(line, hides, strict=True)
        ]
        for line, hides in zip(values, hidden, strict=True)
    ]


def _sensitive(cell: Conteggio, filtri: list[set[str]], soglia: int, coperti: Collection[str]) -> bool:
    """Too few persons; or a filter takes a value which, in the line of all its values, has to stay hidden."""
    if 0 < cell.persone < soglia:
        return True
    return any(
        not wanted >= set(line) and bool(wanted & protect_line(line, soglia, coperti))
        for line, wanted in zip(cell.linee, filtri, strict=False)
    )


ORDER: dict[str, list[str]] = {
    "area": [area.value for area in Area],
    "stato": [stato.value for stato in StatoCartella],
    "fascia_eta": [*(name for name, _ in FASCE), FASCIA_OLTRE, FASCIA_IGNOTA],
}


def _ordered(keys: Iterable[Key], dimensions: tuple[str, ...]) -> list[Key]:
    """By the order of life where there is one (ages, areas, states), else by code."""

    def place(key: Key) -> list[tuple[int, str]]:
        ranks = [ORDER.get(dimension, []) for dimension in dimensions]
        return [
            (rank.index(value) if value in rank else len(rank), value)
            for rank, value in zip(ranks, key, strict=True)
        ]

    return sorted(keys, key=place)
