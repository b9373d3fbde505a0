"""The names by which a file is found before it is parsed."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.knowledge.languages import NAME_INDEX


def _words(text: str) -> set[str]:
    (record,) = extract(text.encode(), NAME_INDEX).records
    return set(str(record[0]).split())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x = call_me(1);", "call_me"),
        ("ops->read(x);", ".read"),
        ("(*ops.write)(x);", ".write"),
        ("each(list, callback, 1);", "callback"),
        ("ops = { .get = do_get };", "do_get"),
        ("ac->init_machine = kvm_init;", "=init_machine"),
        ("struct _virDomain {\n", "{virDomain"),
        ("\n} AccelClass;\n", "{AccelClass"),
        ("\ntypedef virConnect *virConnectPtr;\n", "{virConnectPtr"),
        ("\nextern struct ops *our_ops;\n", ";our_ops"),
        ("\nOBJECT_DECLARE_TYPE(AccelState, AccelClass, ACCEL)\n", "@ACCEL"),
        ("call(conn, REMOTE_PROC_OPEN, 1);", "REMOTE_PROC_OPEN"),
    ],
)
def test_found(text: str, word: str) -> None:
    assert word in _words(text)


def test_keywords_and_constants_are_no_names() -> None:
    assert _words("if (a) return sizeof (b), f(FLAG, 12);") == {"f"}
