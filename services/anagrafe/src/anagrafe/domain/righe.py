"""One line of a residents' file → a typed row, or the reasons why not (column, value, reason in Italian)."""

import csv
import re
from dataclasses import dataclass
from datetime import date

from anagrafe.domain.codici import incoherence, luoghi, refusal
from anagrafe.domain.tabelle import RELAZIONI, STATI_CIVILI
from anagrafe.domain.testo import search_text

SEPARATORE = ";"
TRAILER = "#FINE"
COLONNE = (
    "id_anagrafe", "codice_fiscale", "cognome", "nome", "sesso", "data_nascita", "luogo_nascita", "cittadinanza",
    "stato_civile", "id_nucleo", "relazione", "codice_via", "indirizzo", "civico", "lat", "lon",
    "stato_anagrafico", "data_iscrizione", "data_decesso",
)  # fmt: skip
COLONNE_VIARIO = ("codice_via", "specie", "denominazione", "civico", "lat", "lon")
NON_LEGGIBILE = "\ufffd"
"""Stands in a line for bytes that are not UTF-8 and for control characters."""
_ID = re.compile(r"^[A-Za-z0-9._/-]{1,40}$")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_TRE_CIFRE = re.compile(r"^\d{3}$")
_OBBLIGATORIE = ((0, "id_anagrafe"), (2, "cognome"), (3, "nome"), (9, "id_nucleo"))
_LUNGHEZZE = ((2, 100), (3, 100), (9, 40), (11, 20), (12, 200), (13, 20))


@dataclass(frozen=True, slots=True)
class Segnalazione:
    """What is wrong with a line. A warning (`avviso`) does not keep the row out."""

    riga: int
    colonna: str
    valore: str
    motivo: str
    avviso: bool = False


Accolta = tuple[object, ...]
"""riga, then the columns of the file typed (dates, floats, None for empty), then the search text."""


@dataclass(frozen=True, slots=True)
class Esito:
    """Result of one line: `accolta` is None when the row is refused."""

    accolta: Accolta | None
    segnalazioni: tuple[Segnalazione, ...] = ()


class _Lettura:
    """Collects what is wrong while a line is read."""

    def __init__(self, riga: int) -> None:
        self.riga = riga
        self.segnalazioni: list[Segnalazione] = []

    def refuse(self, colonna: str, valore: str, motivo: str, avviso: bool = False) -> None:
        self.segnalazioni.append(Segnalazione(self.riga, colonna, valore[:200], motivo, avviso))

    def date(self, colonna: str, valore: str, oggi: date) -> date | None:
        """A date from 1850 to the day of the file."""
        if not _ISO.match(valore):
            self.refuse(colonna, valore, "la data deve avere la forma AAAA-MM-GG")
            return None
        try:
            found = date.fromisoformat(valore)
        except ValueError:
            self.refuse(colonna, valore, "la data non esiste nel calendario")
            return None
        if found > oggi:
            self.refuse(colonna, valore, "la data è successiva al giorno del file")
        elif found.year < 1850:
            self.refuse(colonna, valore, "la data è anteriore al 1850")
        return found

    def coordinate(self, colonna: str, valore: str, limit: float) -> float | None:
        if not valore:
            return None
        try:
            found = float(valore)
        except ValueError:
            found = 1000.0
        if not -limit <= found <= limit:  # also catches nan
            self.refuse(
                colonna, valore, f"la coordinata deve essere un numero fra -{limit:.0f} e {limit:.0f}"
            )
            return None
        return found

    def one_of(self, colonna: str, valore: str, allowed: object, motivo: str) -> None:
        if valore not in allowed:  # type: ignore[operator]
            self.refuse(colonna, valore, motivo)


def split_line(testo: str) -> list[str]:
    """Fields of a line; quotes are read as in CSV."""
    return next(csv.reader([testo], delimiter=SEPARATORE)) if '"' in testo else testo.split(SEPARATORE)


def has_readable_id(testo: str) -> bool:
    """Whether a line says whom it is about, however wrong the rest is."""
    return _ID.match(testo.split(SEPARATORE, 1)[0].strip(' "')) is not None


def read_residente(riga: int, testo: str, oggi: date) -> Esito:
    """Reads a line of the residents' file of day `oggi`. Strict: nothing is guessed or mended."""
    lettura = _Lettura(riga)
    campi = [campo.strip() for campo in split_line(testo)]
    if len(campi) != len(COLONNE):
        lettura.refuse("", "", f"la riga ha {len(campi)} colonne invece di {len(COLONNE)}")
        return Esito(None, tuple(lettura.segnalazioni))
    if NON_LEGGIBILE in testo:
        colonna = next((c for c, v in zip(COLONNE, campi, strict=True) if NON_LEGGIBILE in v), "")
        lettura.refuse(colonna, "", "contiene caratteri non leggibili (il file deve essere UTF-8)")
        return Esito(None, tuple(lettura.segnalazioni))
    accolta = _read_fields(lettura, riga, campi, oggi)
    refused = any(not s.avviso for s in lettura.segnalazioni)
    return Esito(None if refused else accolta, tuple(lettura.segnalazioni))


def _read_fields(lettura: _Lettura, riga: int, campi: list[str], oggi: date) -> Accolta:
    (ident, cf, cognome, nome, sesso, nascita, luogo, cittadinanza, civile, nucleo, relazione, via, indirizzo,
     civico, lat, lon, stato, iscrizione, decesso) = campi  # fmt: skip
    _check_texts(lettura, campi)
    lettura.one_of("sesso", sesso, ("M", "F"), "il sesso deve essere M o F")
    lettura.one_of("luogo_nascita", luogo, luoghi(), "comune o nazione di nascita sconosciuti")
    lettura.one_of("stato_civile", civile, STATI_CIVILI, "stato civile fuori dalla tabella ANPR")
    lettura.one_of("relazione", relazione, RELAZIONI, "relazione di parentela fuori dalla tabella ANPR")
    lettura.one_of("stato_anagrafico", stato, ("R", "D", "E"), "lo stato anagrafico deve essere R, D o E")
    if not _TRE_CIFRE.match(cittadinanza):
        lettura.refuse("cittadinanza", cittadinanza, "la cittadinanza è un codice ISO di 3 cifre")
    nato = lettura.date("data_nascita", nascita, oggi)
    iscritto = lettura.date("data_iscrizione", iscrizione, oggi) if iscrizione else None
    morto = _read_death(lettura, stato, decesso, nato, oggi)
    codice = cf.upper() or None
    if codice and nato and not lettura.segnalazioni:
        _check_codice(lettura, codice, cognome, nome, sesso, nato, luogo)
    return (
        riga, ident, codice, cognome, nome, sesso, nato, luogo, cittadinanza, civile, nucleo, relazione, via,
        indirizzo, civico, lettura.coordinate("lat", lat, 90), lettura.coordinate("lon", lon, 180), stato,
        iscritto, morto, search_text(cognome, nome),
    )  # fmt: skip


def _check_texts(lettura: _Lettura, campi: list[str]) -> None:
    for index, colonna in _OBBLIGATORIE:
        if not campi[index]:
            lettura.refuse(colonna, "", "valore obbligatorio mancante")
    if campi[0] and not _ID.match(campi[0]):
        lettura.refuse("id_anagrafe", campi[0], "identificativo con caratteri non ammessi")
    for index, longest in _LUNGHEZZE:
        if len(campi[index]) > longest:
            lettura.refuse(COLONNE[index], campi[index], f"testo più lungo di {longest} caratteri")


def _read_death(lettura: _Lettura, stato: str, decesso: str, nato: date | None, oggi: date) -> date | None:
    if stato == "D" and not decesso:
        lettura.refuse("data_decesso", "", "manca la data del decesso di una persona deceduta")
    if not decesso:
        return None
    if stato != "D":
        lettura.refuse("data_decesso", decesso, "data di decesso per una persona non deceduta")
        return None
    morto = lettura.date("data_decesso", decesso, oggi)
    if morto and nato and morto < nato:
        lettura.refuse("data_decesso", decesso, "il decesso precede la nascita")
    return morto


def _check_codice(
    lettura: _Lettura, codice: str, cognome: str, nome: str, sesso: str, nato: date, luogo: str
) -> None:
    if motivo := refusal(codice, sesso, nato, luogo):
        lettura.refuse("codice_fiscale", codice, motivo)
    elif motivo := incoherence(codice, cognome, nome, sesso, nato, luogo):
        lettura.refuse("codice_fiscale", codice, motivo, avviso=True)


def read_civico(riga: int, testo: str) -> Esito:
    """Reads a line of the streets' file: riga, codice_via, specie, denominazione, civico, lat, lon."""
    lettura = _Lettura(riga)
    campi = [campo.strip() for campo in split_line(testo)]
    if len(campi) != len(COLONNE_VIARIO):
        lettura.refuse("", "", f"la riga ha {len(campi)} colonne invece di {len(COLONNE_VIARIO)}")
        return Esito(None, tuple(lettura.segnalazioni))
    for index, longest in ((0, 20), (2, 200), (3, 20)):
        if not campi[index] or len(campi[index]) > longest or NON_LEGGIBILE in campi[index]:
            lettura.refuse(
                COLONNE_VIARIO[index], campi[index], "valore mancante, troppo lungo o non leggibile"
            )
    lat, lon = lettura.coordinate("lat", campi[4], 90), lettura.coordinate("lon", campi[5], 180)
    accolta = (riga, *campi[:4], lat, lon)
    return Esito(None if lettura.segnalazioni else accolta, tuple(lettura.segnalazioni))
