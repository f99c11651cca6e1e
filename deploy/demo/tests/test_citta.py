from datetime import date
from pathlib import Path

import pytest
from codicefiscale import codicefiscale

from sisodemo.citta import GIORNO_ZERO, generate
from sisodemo.codici import CodiciFiscali, encode
from sisodemo.comuni import all_comuni, ceased_comuni, residents_by_comune
from sisodemo.files import (
    CF,
    CITTADINANZA,
    DECESSO,
    ID,
    INDIRIZZO,
    LUOGO,
    NASCITA,
    NUCLEO,
    RELAZIONE,
    STATO,
    STATO_CIVILE,
    Riga,
    latest_files,
    read_rows,
)
from sisodemo.giorno import Decesso, Nascita, Trasloco, next_day


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("citta")
    generate(directory, 12_000, seed=7)
    return directory


@pytest.fixture(scope="module")
def rows(city: Path) -> list[Riga]:
    return [row for path in latest_files(city).values() for row in read_rows(path)]


def people(directory: Path) -> dict[str, Riga]:
    return {row[ID]: row for path in latest_files(directory).values() for row in read_rows(path)}


def test_there_are_the_55_comuni_with_their_real_codes() -> None:
    names = {comune.belfiore: comune.nome for comune in all_comuni()}

    assert len(names) == 55
    assert (names["F704"], names["B212"], names["M017"]) == ("Monza", "Brugherio", "Villasanta")
    assert sum(residents_by_comune(875_000).values()) == 875_000


def test_the_same_seed_gives_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / folder, 1000, seed)
    a, b, c = ({p.name: p.read_bytes() for p in (tmp_path / folder).iterdir()} for folder in "abc")

    assert a == b
    assert a != c


def test_every_code_is_valid_and_nobody_shares_one(rows: list[Riga]) -> None:
    codes = [row[CF] for row in rows if row[CF]]

    assert len(codes) == len(set(codes))
    assert [code for code in codes[::100] if not codicefiscale.is_valid(code)] == []
    assert len({row[ID] for row in rows}) == len(rows) == 12_000


def test_the_city_has_foreigners_people_without_code_and_births_in_ceased_comuni(rows: list[Riga]) -> None:
    ceased = {comune.belfiore for comune in ceased_comuni()}

    assert 0.05 < sum(row[CITTADINANZA] != "380" for row in rows) / len(rows) < 0.13
    assert any(not row[CF] for row in rows)
    assert any(row[LUOGO] in ceased for row in rows)
    assert any(row[LUOGO].startswith("Z") for row in rows)


def test_the_ages_are_plausible(rows: list[Riga]) -> None:
    ages = [GIORNO_ZERO.year - int(row[NASCITA][:4]) for row in rows]

    assert 0.13 < sum(age < 18 for age in ages) / len(ages) < 0.22
    assert 0.18 < sum(age >= 65 for age in ages) / len(ages) < 0.29


def test_every_household_has_one_head(rows: list[Riga]) -> None:
    heads: dict[str, int] = {}
    for row in rows:
        heads[row[NUCLEO]] = heads.get(row[NUCLEO], 0) + (row[RELAZIONE] in ("1", "24"))

    assert set(heads.values()) == {1}
    assert 2.0 < len(rows) / len(heads) < 2.6


def test_our_quick_code_is_the_library_s() -> None:
    people = (
        ("D'Angelo", "Maria Grazia", "F", date(1951, 1, 31), "F205"),
        ("Fo", "Ugo", "M", date(2001, 12, 1), "Z129"),
    )
    for person in people:
        surname, name, sex, born, place = person
        assert encode(*person) == codicefiscale.encode(surname, name, sex, born.isoformat(), place)


def test_a_clash_of_codes_is_told_apart_by_omocodia() -> None:
    codes = CodiciFiscali()
    first, second, third = (codes.assign("Rossi", "Mario", "M", date(1985, 12, 10), "F205") for _ in range(3))

    assert len({first, second, third}) == 3
    assert codicefiscale.is_omocode(second)
    assert codicefiscale.is_valid(third)
    assert codes.omocodie == 2


def test_the_next_day_holds_what_was_asked_for_and_nothing_else(city: Path, tmp_path: Path) -> None:
    before = people(city)
    monza = [row for row in before.values() if row[NUCLEO].startswith("F704")]
    couple = next(row for row in monza if row[RELAZIONE] == "1" and row[STATO_CIVILE] == "2")
    mother, moved, leaving = (monza[i][ID] for i in (40, 200, 300))

    notte = next_day(
        city,
        tmp_path,
        deaths=[Decesso(couple[ID])],
        moves=[Trasloco(moved), Trasloco(leaving, "B212")],
        births=[Nascita(mother)],
        sfondo=0,
    )

    after = people(tmp_path)
    assert notte.giorno == date(2026, 11, 1)
    assert (after[couple[ID]][STATO], after[couple[ID]][DECESSO]) == ("D", "2026-10-31")
    assert any(row[STATO_CIVILE] == "3" for row in after.values() if row[NUCLEO] == couple[NUCLEO])
    assert after[moved][INDIRIZZO] != before[moved][INDIRIZZO] or after[moved] != before[moved]
    assert after[notte.nati[0]][NUCLEO] == before[mother][NUCLEO]
    states = sorted(row[STATO] for path in notte.files for row in read_rows(path) if row[ID] == leaving)
    assert states == ["E", "R"]
    touched = {couple[NUCLEO], before[moved][NUCLEO], before[mother][NUCLEO], before[leaving][NUCLEO]}
    others = {i: row for i, row in before.items() if row[NUCLEO] not in touched}
    assert all(after[i] == row for i, row in others.items())


def test_the_dead_are_gone_the_day_after(city: Path, tmp_path: Path) -> None:
    dead = next(iter(people(city)))
    next_day(city, tmp_path, deaths=[Decesso(dead)], sfondo=0)

    later = tmp_path / "later"
    next_day(tmp_path, later, sfondo=0)

    assert dead not in people(later)


def test_an_unknown_person_is_an_error(city: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        next_day(city, tmp_path, deaths=[Decesso("nessuno")])
