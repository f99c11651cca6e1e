import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from services.anagrafe.tests.factories import GIORNO_2, make_file, make_riga
from services.anagrafe.tests.integration.conftest import Registry

import contracts.anagrafe as c
from anagrafe.jobs import load_files, riprendi
from anagrafe.use_cases import confirm_caricamento
from contracts.errors import Conflict, NotFound
from contracts.mandato import Mandato
from sisodemo.citta import generate
from sisodemo.giorno import next_day
from sisolocal.waiting import eventually

PEOPLE = tuple(make_riga(id_anagrafe=f"P{i}", id_nucleo=f"N{i}") for i in range(30))


def start_load(registry: Registry, path: Path) -> "subprocess.Popen[bytes]":
    env = os.environ | {"ANAGRAFE_DATABASE_URL": registry.settings.database_url, "SISO_ENV": "test"}
    command = [sys.executable, "-m", "chassis", "job", "anagrafe", "notte", str(path)]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)


def test_kill_9_in_the_middle_leaves_nothing_and_the_next_run_does_all(
    registry: Registry, tmp_path: Path
) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))
    before = registry.state()
    dead = make_riga(id_anagrafe="P0", id_nucleo="N0", stato_anagrafico="D", data_decesso="2026-10-01")
    path = make_file(tmp_path, dead, *PEOPLE[1:], giorno=GIORNO_2)

    # Somebody holds the history table: the load stops after the middle of its transaction, and dies there.
    with psycopg.connect(registry.admin_url) as holder:
        holder.execute("LOCK TABLE residenti_storico IN ACCESS EXCLUSIVE MODE")
        process = start_load(registry, path)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
        try:
            eventually(lambda: registry.rows(waiting, "%INSERT INTO residenti_storico%")[0][0] > 0)
        finally:
            process.kill()
        process.wait()

    assert registry.state() == before
    assert registry.events() == []
    assert registry.rows("SELECT stato FROM caricamenti WHERE giorno = %s", GIORNO_2) == [("in_corso",)]

    eventually(lambda: registry.load(path).stato is c.StatoCaricamento.COMPLETATO)
    assert registry.facts() == [("P0", "deceduto", "")]


def test_a_store_that_goes_away_is_a_refusal_in_words_and_the_next_run_does_all(
    registry: Registry, tmp_path: Path
) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))
    path = make_file(tmp_path, *PEOPLE[:29], giorno=GIORNO_2)
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"

    with psycopg.connect(registry.admin_url) as holder, ThreadPoolExecutor() as pool:
        holder.execute("LOCK TABLE residenti_storico IN ACCESS EXCLUSIVE MODE")
        running = pool.submit(registry.load, path)
        eventually(lambda: bool(registry.rows(waiting, "%INSERT INTO residenti_storico%")))
        registry.rows(
            "SELECT pg_terminate_backend(pid) FROM (" + waiting + ") w", "%INSERT INTO residenti_storico%"
        )
        result = running.result(20)

    assert result.motivo == "L'archivio non risponde: il file non è stato caricato, si può riprovare."
    assert len(registry.state()) == 30
    assert registry.load(path).stato is c.StatoCaricamento.COMPLETATO
    assert len(registry.state()) == 29


def test_a_file_that_removes_too_many_waits_for_a_person(
    registry: Registry, tmp_path: Path, make_mandato: Callable[..., Mandato], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))
    path = make_file(tmp_path, *PEOPLE[:26], giorno=GIORNO_2)

    result = registry.load(path)

    assert result.stato is c.StatoCaricamento.IN_ATTESA
    assert result.motivo == "il file toglierebbe 4 residenti su 30 (più del 10%): attende conferma"
    assert len(registry.state()) == 30
    assert registry.load(path).stato is c.StatoCaricamento.IN_ATTESA
    path.unlink()

    (waiting,) = registry.rows("SELECT id FROM caricamenti WHERE stato = 'in_attesa'")
    request = c.ConfirmCaricamento(caricamento_id=waiting[0])
    with pytest.raises(NotFound):
        confirm_caricamento(request, make_mandato("B212"), registry.db)
    confirm_caricamento(request, make_mandato(), registry.db)
    monkeypatch.setenv("ANAGRAFE_DATABASE_URL", registry.settings.database_url)
    riprendi()

    assert len(registry.state()) == 26
    assert len(registry.events("trasferito")) == 4
    done = registry.rows("SELECT id FROM caricamenti WHERE confermato_da IS NULL")[0][0]
    with pytest.raises(Conflict):
        confirm_caricamento(c.ConfirmCaricamento(caricamento_id=done), make_mandato(), registry.db)


def test_two_loads_of_one_file_at_once_have_one_effect(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))
    dead = make_riga(id_anagrafe="P0", id_nucleo="N0", stato_anagrafico="D", data_decesso="2026-10-01")
    path = make_file(tmp_path, dead, *PEOPLE[1:], giorno=GIORNO_2)

    processes = [start_load(registry, path) for _ in range(2)]

    assert [process.wait(60) for process in processes] == [0, 0]
    assert registry.facts() == [("P0", "deceduto", "")]
    assert registry.rows("SELECT decessi, stato FROM caricamenti WHERE giorno = %s", GIORNO_2) == [
        (1, "completato")
    ]
    assert registry.rows("SELECT count(*) FROM outbox WHERE type LIKE %s", "%caricamento%") == [(2,)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_day_one_then_day_two_is_the_same_as_day_two_alone(
    registry: Registry, tmp_path: Path, seed: int
) -> None:
    """The property: what holds now does not depend on how many nights it took."""
    day_1, day_2 = tmp_path / "1", tmp_path / "2"
    generate(day_1, 3000, seed, giorno=date(2026, 9, 30))
    for path in day_1.iterdir():  # five comuni are enough, and people move between them
        if not path.name.split("_")[1].startswith(("F704", "B212", "A087", "C512", "D286")):
            path.unlink()
    next_day(day_1, day_2, sfondo=0.05, seed=seed)

    assert all_done(load_files([day_1], registry.settings))
    assert all_done(load_files([day_2], registry.settings))
    in_two_nights, people = registry.state(), registry.rows("SELECT count(*) FROM residenti")
    assert registry.rows("SELECT sum(residenti) FROM enti") == [(len(in_two_nights),)]
    registry.empty()
    assert all_done(load_files([day_2], registry.settings))

    assert registry.state() == in_two_nights
    assert registry.rows("SELECT sum(residenti) FROM enti") == [(len(in_two_nights),)]
    assert people > registry.rows("SELECT count(*) FROM residenti WHERE stato = 'R'")
    assert registry.events() == []


def all_done(results: Any) -> bool:
    return all(r.stato is c.StatoCaricamento.COMPLETATO for r in results)
