"""Settings of one run: every setting of the configuration, and the machines of the command line beside them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from caplint.c.tables import Repairs
from caplint.config.run import machines_of, with_machines
from caplint.config.settings import Config, Fleet, Suppression
from caplint.machine.record import Machine

BOX = Machine("box", "6.12", "x86", 0, 10, ())
ROCK = Machine("rock", "6.1", "arm64", 0, 10, ())
# No setting has its default.
ODD = Config(
    source=Path("caplint.toml"), fail_on="note", select=("CAP1",), extend_select=("CAP2",), ignore=("CAP3",),
    rules=("house",), vendor_range=((500, 599),), abis=("x86-64",), oldest_kernel="6.1", jobs=77, cache="elsewhere",
    coverage_floor=99.5, repairs=Repairs(attributes=("__tea",)), suppress=(Suppression("CAP4", "KVM_CAP_A", "so"),),
    known=("known.json",), matrix=Fleet(("linux@v6.*",), ("qemu",)), restricted={"cache": "elsewhere"},
)  # fmt: skip


def test_a_run_without_machines_has_none() -> None:
    assert machines_of(Config()) == ()
    assert machines_of(with_machines(Config(), ())) == ()


def test_machines_stay_in_the_order_in_which_they_were_named() -> None:
    assert machines_of(with_machines(Config(), (ROCK, BOX))) == (ROCK, BOX)


def test_every_setting_stays_as_it_was() -> None:
    run = with_machines(ODD, (BOX,))
    assert {field.name: getattr(run, field.name) for field in fields(Config)} == vars(ODD)
    assert run.cache_directory == ODD.cache_directory


def test_later_machines_take_the_place_of_earlier_ones() -> None:
    assert machines_of(with_machines(with_machines(ODD, (BOX,)), (ROCK,))) == (ROCK,)
