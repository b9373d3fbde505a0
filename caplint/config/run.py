"""Settings of one run: the configuration, and the machines of the command line."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from caplint.config.settings import Config

if TYPE_CHECKING:
    from caplint.machine.record import Machine


@dataclass(frozen=True)
class RunConfig(Config):
    """Configuration with the machines whose answers are compared with the trees."""

    machines: tuple[Machine, ...] = ()


def with_machines(config: Config, machines: tuple[Machine, ...]) -> RunConfig:
    """Return the settings of a run that compares the trees with some machines."""
    return RunConfig(**{field.name: getattr(config, field.name) for field in fields(Config)}, machines=machines)


def machines_of(config: Config) -> tuple[Machine, ...]:
    """Return the machines of a run; a plain configuration has none."""
    return config.machines if isinstance(config, RunConfig) else ()
