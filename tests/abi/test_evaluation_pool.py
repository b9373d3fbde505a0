"""Evaluation in processes: a header that hangs costs its own result, and results survive their way as JSON."""

from __future__ import annotations

import json

import pytest
from evaluated import BOMB, GOOD, unit

from caplint.abi import evaluation_pool
from caplint.abi.sources import HeaderSet, Sources, gather
from caplint.c.pcpp_tokens import Preprocessor


def test_a_header_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_pool, "_LIMIT", 2.0)
    monkeypatch.setattr(Preprocessor, "most_tokens", 1 << 60)
    sources = {
        key: Sources({"linux/kvm.h": text}, {("", "linux/kvm.h"): "linux/kvm.h"})
        for key, text in (("bad", BOMB), ("good", GOOD))
    }
    with evaluation_pool.evaluating({key: (value, ["x86_64"]) for key, value in sources.items()}, 2) as results:
        found, complete = results()
    assert complete, "it would be the same another time"
    bad, good = (json.loads(found[key])["x86_64"] for key in ("bad", "good"))
    assert "takes longer than" in bad["unknown"][0][3]
    assert [row[0] for row in good["structures"]] == ["kvm_good"]


def test_a_result_is_no_longer_than_a_query_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_pool, "_LONGEST", 10_000)
    text = "".join(f"struct s{at} {{ int m; }};\n" for at in range(200))
    sources = gather(HeaderSet("include/linux/kvm.h", ""), {"include/linux/kvm.h": text.encode()}.get)
    with evaluation_pool.evaluating({"key": (sources, ["x86_64"])}, 1) as results:
        found, _ = results()
    assert [row[3] for row in json.loads(found["key"])["x86_64"]["unknown"]] == ["has too many or too long names"]


def test_a_unit_survives_json(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "#include <linux/ioctl.h>\n#define A 0xffffffffffffffff\nstruct s { int a; struct t { long b : 3; } c; };\n"
        "#define KVM_X _IO(0xAE, 1)\nstruct away { tea_t a; };\n"
    )
    sources = gather(HeaderSet("include/linux/kvm.h", ""), {"include/linux/kvm.h": text.encode()}.get)
    with evaluation_pool.evaluating({"key": (sources, ["x86_64", "i386"])}, 1) as results:
        found, complete = results()
    units = json.loads(found["key"])
    assert complete
    assert list(units) == ["x86_64", "i386"]
    assert evaluation_pool.unit_of(units["x86_64"]) == unit(text)
    assert evaluation_pool.unit_of(units["i386"]) != unit(text)
