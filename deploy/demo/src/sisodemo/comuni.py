"""The 55 comuni of Monza e Brianza: codes and names from python-codicefiscale, shares and centres
approximate.

Shares are rounded thousands of residents, good enough for a demo city; centres are degrees (WGS 84) of the
town hall, rounded to about a hundred metres.
"""

from dataclasses import dataclass
from functools import cache

from codicefiscale.data import get_countries_data, get_municipalities_data

PROVINCIA = "MB"
LOMBARDE = frozenset({"MI", "MB", "CO", "LC", "BG", "VA", "PV", "LO", "CR", "BS", "SO", "MN"})

# belfiore: (thousands of residents, latitude, longitude)
_PROFILI: dict[str, tuple[float, float, float]] = {
    "F704": (122.0, 45.584, 9.274), "E617": (46.5, 45.612, 9.241), "I625": (45.0, 45.650, 9.205),
    "D286": (42.0, 45.617, 9.208), "C566": (39.0, 45.628, 9.148), "E591": (35.0, 45.597, 9.130),
    "B212": (35.0, 45.551, 9.301), "M052": (26.0, 45.614, 9.371), "E063": (26.0, 45.699, 9.212),
    "F797": (23.5, 45.590, 9.228), "F944": (23.0, 45.590, 9.200), "I709": (23.9, 45.648, 9.138),
    "F078": (23.4, 45.663, 9.155), "A376": (18.0, 45.627, 9.327), "B729": (18.0, 45.676, 9.239),
    "B105": (17.0, 45.611, 9.150), "C952": (15.9, 45.589, 9.335), "E530": (16.0, 45.677, 9.121),
    "A087": (15.7, 45.577, 9.352), "A818": (15.5, 45.702, 9.284), "M017": (14.0, 45.604, 9.303),
    "L677": (13.5, 45.597, 9.157), "A849": (12.3, 45.630, 9.275), "A802": (11.5, 45.648, 9.405),
    "D019": (10.8, 45.651, 9.464), "L511": (10.5, 45.651, 9.360), "L744": (9.3, 45.692, 9.228),
    "L434": (8.8, 45.661, 9.270), "E550": (8.5, 45.649, 9.307), "I878": (8.4, 45.645, 9.264),
    "C820": (8.6, 45.644, 9.081), "E504": (7.7, 45.672, 9.084), "L704": (7.6, 45.607, 9.269),
    "A759": (7.5, 45.620, 9.417), "B798": (7.4, 45.650, 9.376), "C395": (7.3, 45.583, 9.415),
    "E786": (7.4, 45.638, 9.272), "A668": (7.0, 45.656, 9.129), "C512": (6.5, 45.627, 9.081),
    "B289": (6.9, 45.616, 9.464), "A159": (6.3, 45.659, 9.249), "B187": (6.0, 45.708, 9.240),
    "F247": (5.7, 45.661, 9.082), "H529": (4.9, 45.605, 9.455), "B671": (5.2, 45.567, 9.380),
    "G116": (5.2, 45.600, 9.421), "I998": (4.4, 45.638, 9.423), "F165": (4.5, 45.627, 9.443),
    "L709": (4.3, 45.717, 9.272), "B272": (4.3, 45.594, 9.382), "H233": (4.1, 45.725, 9.281),
    "B501": (2.1, 45.654, 9.325), "D038": (3.0, 45.664, 9.304), "H537": (3.5, 45.666, 9.406),
    "A096": (2.1, 45.641, 9.412),
}  # fmt: skip


@dataclass(frozen=True)
class Comune:
    """One comune of the demo city; `share` is its weight in the province (all shares sum to 1)."""

    belfiore: str
    nome: str
    share: float
    lat: float
    lon: float


@dataclass(frozen=True)
class ComuneCessato:
    """A comune that no longer exists, with its dates as ISO strings; births before `cessato` refer to it."""

    belfiore: str
    istituito: str
    cessato: str


@cache
def all_comuni() -> tuple[Comune, ...]:
    """The 55 comuni in order of Belfiore code."""
    names = {
        c["code"]: c["name"] for c in get_municipalities_data() if c["active"] and c["province"] == PROVINCIA
    }
    total = sum(profilo[0] for profilo in _PROFILI.values())
    return tuple(
        Comune(belfiore, names[belfiore], weight / total, lat, lon)
        for belfiore, (weight, lat, lon) in sorted(_PROFILI.items())
    )


def residents_by_comune(residenti: int) -> dict[str, int]:
    """Splits the residents over the comuni by share (largest remainder; at least one household's worth
    each).
    """
    comuni = all_comuni()
    exact = {c.belfiore: c.share * residenti for c in comuni}
    counts = {belfiore: int(value) for belfiore, value in exact.items()}
    missing = residenti - sum(counts.values())
    for belfiore in sorted(exact, key=lambda b: (counts[b] - exact[b], b))[:missing]:
        counts[belfiore] += 1
    return counts


@cache
def ceased_comuni() -> tuple[ComuneCessato, ...]:
    """Lombard comuni whose code is no longer in use, abolished between 1928 and today."""
    data = [c for c in get_municipalities_data() if c["province"] in LOMBARDE]
    in_use = {c["code"] for c in data if c["active"]}
    found: dict[str, ComuneCessato] = {}
    for c in data:
        if c["code"] not in in_use and c["date_deleted"] >= "1928" and c["date_created"]:
            found[c["code"]] = ComuneCessato(c["code"], c["date_created"][:10], c["date_deleted"][:10])
    return tuple(found[code] for code in sorted(found))


@cache
def birthplaces() -> dict[str, str]:
    """Codes in use today → name, comuni and nations."""
    rows = [*get_municipalities_data(), *get_countries_data()]
    return {r["code"]: r["name"] for r in rows if r["active"]}
