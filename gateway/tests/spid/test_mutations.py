"""Whatever happens to a good answer on its way, it names the person who was signed, or nobody."""

import copy
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from bare import asked, expected, verdict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from idp import FakeIdp, find, make_key
from lxml import etree

from gateway.spid.checks import Expected, Identita
from gateway.spid.errors import Refused
from gateway.spid.response import Answer

IDP = FakeIdp()
QUICK = settings(max_examples=150, deadline=timedelta(seconds=5), suppress_health_check=list(HealthCheck))
WORDS = [
    "TINIT-VRDMRC85P03F205J",
    "",
    " ",
    "x",
    "https://www.spid.gov.it/SpidL3",
    "2099-01-01T00:00:00Z",
    "#",
    "\u0130",
]


@dataclass(frozen=True)
class Material:
    """Two good answers, judged at the moment they were made, and whom they name."""

    documents: tuple[bytes, bytes]
    told: Expected
    good: tuple[Identita | None, Identita | None]


@cache
def material() -> Material:
    documents = (IDP.answer(asked()), IDP.answer(asked(), response=False))
    told = expected(IDP)
    return Material(documents, told, (verdict(documents[0], told), verdict(documents[1], told)))


def holds(document: bytes) -> None:
    """Nobody, or the one who was signed, with all his particulars."""
    found = verdict(document, material().told)
    assert found is None or found in material().good


def test_the_untouched_ones_are_good() -> None:
    assert [good and good.codice_fiscale for good in material().good] == ["BNCGLI88D52F704H"] * 2


@QUICK
@given(st.sampled_from([0, 1]), st.data())
def test_bytes_changed(which: int, data: st.DataObject) -> None:
    spoilt = bytearray(material().documents[which])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(spoilt) - 1))
        what = data.draw(st.sampled_from(["set", "cut", "put", "swap"]))
        if what == "set":
            spoilt[place] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del spoilt[place : place + data.draw(st.integers(1, 40))]
        elif what == "put":
            spoilt[place:place] = data.draw(st.binary(min_size=1, max_size=12))
        elif len(spoilt) > place + 2:
            spoilt[place], spoilt[place + 1] = spoilt[place + 1], spoilt[place]
        if not spoilt:
            return
    holds(bytes(spoilt))


def elements(root: Any) -> list[Any]:
    return [element for element in root.iter() if isinstance(element.tag, str)]


def act(root: Any, data: st.DataObject) -> None:
    """One change to the tree: text, attributes, an element gone, doubled, moved, renamed, or a comment put in."""
    everything = elements(root)
    one = everything[data.draw(st.integers(0, len(everything) - 1))]
    other = everything[data.draw(st.integers(0, len(everything) - 1))]
    what = data.draw(
        st.sampled_from(["text", "attribute", "drop", "double", "move", "rename", "comment", "wrap"])
    )
    if what == "text":
        one.text = data.draw(st.sampled_from(WORDS))
    elif what == "attribute" and one.attrib:
        name = data.draw(st.sampled_from(sorted(one.attrib)))
        one.set(name, data.draw(st.sampled_from([*WORDS, *other.attrib.values()])))
    elif what == "rename":
        one.tag = other.tag
    elif what == "comment":
        one.insert(0, etree.Comment("x"))
    elif one.getparent() is not None:
        _displace(what, one, other)


def _displace(what: str, one: Any, other: Any) -> None:
    if what == "drop":
        one.getparent().remove(one)
    elif what == "double":
        other.append(copy.deepcopy(one))
    elif what == "move" and not any(ancestor is one for ancestor in (other, *other.iterancestors())):
        other.insert(0, one)
    elif what == "wrap":
        wrapper = etree.Element(other.tag)
        one.getparent().replace(one, wrapper)
        wrapper.append(one)


@QUICK
@given(st.sampled_from([0, 1]), st.data())
def test_the_tree_changed(which: int, data: st.DataObject) -> None:
    root = etree.fromstring(material().documents[which])
    for _ in range(data.draw(st.integers(1, 5))):
        act(root, data)
    holds(etree.tostring(root))


@QUICK
@given(st.data())
def test_parts_of_a_forged_answer_mixed_in(data: st.DataObject) -> None:
    """A forged assertion, unsigned or signed by somebody else, put anywhere, with or without the ID of the real one."""
    root = etree.fromstring(data.draw(st.sampled_from(material().documents)))
    person = {"fiscalNumber": "TINIT-VRDMRC85P03F205J", "name": "Marco", "familyName": "Verdi"}
    same = {"assertion_id": find(root, "saml:Assertion").get("ID")} if data.draw(st.booleans()) else {}
    forged_root = IDP.draft(asked(), person=person, **same)
    if data.draw(st.booleans()):
        forged_root = IDP.sign(forged_root, make_key("ladro"), response=False)
    forged = find(forged_root, "saml:Assertion")
    places = elements(root)
    place = places[data.draw(st.integers(0, len(places) - 1))]
    how = data.draw(st.sampled_from(["first", "last", "before", "after", "instead", "around"]))
    if how == "first":
        place.insert(0, forged)
    elif how == "last" or place.getparent() is None:
        place.append(forged)
    elif how in ("before", "after"):
        getattr(place, "addprevious" if how == "before" else "addnext")(forged)
    else:
        place.getparent().replace(place, forged)
        if how == "around":
            forged.append(place)
    holds(etree.tostring(root))


@QUICK
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: raw.hex())))
def test_anything_at_all_is_refused_and_nothing_else(text: str) -> None:
    try:
        Answer(text)
    except Refused:
        return
    raise AssertionError(text)
