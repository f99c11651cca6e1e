"""What is done to SPID and CIE from the command line: `chassis job gateway …`.

refresh_idp [spid|cie]                         the federation's metadata, verified and pinned
pin_idp spid|cie FILE                          a provider's metadata, looked at by a person and pinned
spid_certificate spid|cie [--days N]           key and certificate with AgID's profile, into the first free place
read_spid_log --dal --al --motivo [--codice-fiscale] [--richiesta]    for the authority; leaves a trace
purge_spid                                     what is older than 24 months
"""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.settings import Settings
from gateway.spid import log as spid_log
from gateway.spid.certificate import make_pair
from gateway.spid.errors import Refused
from gateway.spid.guard import refuse_unsafe
from gateway.spid.keys import load_log_key
from gateway.spid.refresh import NotRefreshed, pin, refresh
from gateway.spid.registry import Idp, read_metadata
from gateway.spid.settings import NAMES, Schema, SpidConfiguration, SpidConfigurationError, load_configuration

SHORTEST_REASON = 10


def refresh_idp(*words: str) -> int:
    """1 when one of the schemes kept what it had."""
    settings, failed = Settings(), 0
    for schema in _schemas(settings, words):
        if schema.federation is None and not words:
            continue
        try:
            idps = refresh(schema, lambda found, one=schema: refuse_unsafe(settings, one, (), found))  # type: ignore[misc]
        except NotRefreshed as error:
            failed = 1
            _say(f"{schema.name}: restano i gestori di prima ({error})")
        else:
            _say(f"{schema.name}: {len(idps)} gestori")
    return failed


def pin_idp(*words: str) -> int:
    parser = argparse.ArgumentParser("pin_idp")
    parser.add_argument("schema", choices=NAMES)
    parser.add_argument("file", type=Path)
    asked = parser.parse_args(words)
    settings = Settings()
    (schema,) = _schemas(settings, [asked.schema])
    raw = asked.file.read_bytes()
    try:
        idps = read_metadata(raw)
        refuse_unsafe(settings, schema, (), idps)
    except (Refused, SpidConfigurationError) as error:
        _say(f"non accettato: {error}")
        return 1
    pin(schema.idp_dir, f"{asked.file.stem}.xml", raw)
    for idp in idps:
        _say(f"{idp.entity_id} ({idp.name}): certificati SHA-256 {', '.join(_fingerprints(idp))}")
    return 0


def _fingerprints(idp: Idp) -> list[str]:
    return [certificate.fingerprint(SHA256()).hex() for certificate in idp.certificates]


def spid_certificate(*words: str) -> int:
    """Writes the first pair of the scheme whose files are not there yet; never over an existing file."""
    parser = argparse.ArgumentParser("spid_certificate")
    parser.add_argument("schema", choices=NAMES)
    parser.add_argument("--days", type=int, default=730)
    asked = parser.parse_args(words)
    (schema,) = _schemas(Settings(), [asked.schema])
    place = next(
        (p for p in schema.keys if not p.key_file.exists() and not p.certificate_file.exists()), None
    )
    if place is None:
        _say("tutte le chiavi configurate ci sono già: aggiungi una seconda coppia in keys, poi ripeti")
        return 1
    pair = make_pair(schema, asked.days)
    with open(os.open(place.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(pair.key)
    place.certificate_file.write_bytes(pair.certificate)
    _say(f"{place.certificate_file}: valido {asked.days} giorni per {schema.entity_id}")
    return 0


def read_spid_log(*words: str) -> int:
    """One JSON object a line, in clear. 1 when a row does not hold or its key is missing."""
    asked = _question(words)
    settings = Settings()
    keys = [load_log_key(file) for file in _configuration(settings).log.key_files]
    question = spid_log.Question(asked.dal, asked.al, asked.codice_fiscale.upper(), asked.richiesta)
    with psycopg.connect(settings.dsn) as connection:
        try:
            for row in spid_log.read_log(connection, keys, question, getpass.getuser(), asked.motivo):
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        except (ValueError, LookupError) as error:
            _say(str(error))
            return 1
    return 0


def _question(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("read_spid_log")
    parser.add_argument("--dal", type=_day, required=True, help="AAAA-MM-GG")
    parser.add_argument("--al", type=_day, required=True, help="AAAA-MM-GG, compreso")
    parser.add_argument("--motivo", required=True, help="chi lo chiede e con quale atto")
    parser.add_argument("--codice-fiscale", default="")
    parser.add_argument("--richiesta", default="", help="ID della richiesta di autenticazione")
    asked = parser.parse_args(words)
    if len(asked.motivo.strip()) < SHORTEST_REASON:
        parser.error("il motivo dice chi lo chiede e con quale atto")
    asked.al += timedelta(days=1)
    return asked


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def purge_spid() -> int:
    with psycopg.connect(Settings().dsn) as connection:
        gone = spid_log.purge(connection)
    _say(f"{gone} righe più vecchie di {spid_log.MONTHS_KEPT} mesi")
    return 0


def _configuration(settings: Settings) -> SpidConfiguration:
    if settings.spid_file is None:
        raise SystemExit("GATEWAY_SPID_FILE non è impostato")
    return load_configuration(settings.spid_file, settings.public_url)


def _schemas(settings: Settings, names: Sequence[str]) -> list[Schema]:
    return [schema for schema in _configuration(settings).schemas if not names or schema.name in names]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
