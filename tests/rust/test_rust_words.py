"""Words of Rust that decide how code is lowered: each says one thing, and stands for a name that C accepts."""

from __future__ import annotations

import dataclasses
import itertools

from caplint.rust.names import KEYWORDS
from caplint.rust.words import Words, words


def test_every_list_of_the_table_is_read() -> None:
    for field in dataclasses.fields(Words):
        entries = getattr(words(), field.name)
        assert entries, field.name
        assert all(isinstance(entry, str) and entry == entry.strip() for entry in entries)
    assert words() is words()


def test_no_method_says_two_things_of_an_error() -> None:
    table = words()
    lists = (table.transparent, table.fatal, table.expecting, table.dropping, table.present, table.absent)
    assert [one & other for one, other in itertools.combinations(lists, 2) if one & other] == []
    # A macro asserts one thing, or leaves.
    macros = (table.asserting, table.asserting_equal, table.asserting_different, table.leaving)
    assert [one & other for one, other in itertools.combinations(macros, 2) if one & other] == []
    assert not table.issuing & table.numbering


def test_methods_that_walk_are_not_dropped_as_conversions() -> None:
    assert not words().walking & (words().transparent | words().entries | words().mutating)


def test_conditions_are_told_apart_from_those_that_never_hold() -> None:
    targets = words().targets
    assert set(targets) == {"target_arch", "target_os", "alone"}
    assert targets["target_arch"]["x86_64"] == "__x86_64__"
    assert targets["alone"]["unix"] == "__unix__"
    assert "test" in words().never
    assert not words().never & set(targets["alone"])
    macros = [macro for values in targets.values() for macro in values.values()]
    assert all(macro.isidentifier() and macro not in KEYWORDS for macro in macros)


def test_reserved_words_are_no_types_and_no_names_of_c_that_rust_allows() -> None:
    reserved = words().reserved
    assert {"type", "in", "match", "ref", "move", "yield", "async", "gen"} <= reserved
    assert not reserved & {"union", "default", "auto", "u8", "bool", "id", "flags", "nr"}
