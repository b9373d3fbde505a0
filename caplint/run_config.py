"""The settings of one run: the configuration, and what the command line alone gives."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from caplint.config import Config

if TYPE_CHECKING:
    from caplint.machine.record import Machine


@dataclass(frozen=True)
class RunConfig(Config):
    """A configuration with the machines whose answers are held against the trees."""

    machines: tuple[Machine, ...] = ()


def with_machines(config: Config, machines: tuple[Machine, ...]) -> RunConfig:
    """Return the settings of a run that holds the trees against some machines."""
    return RunConfig(**{one.name: getattr(config, one.name) for one in fields(Config)}, machines=machines)


def machines_of(config: Config) -> tuple[Machine, ...]:
    """Return the machines of a run; a mere configuration has none."""
    return config.machines if isinstance(config, RunConfig) else ()
