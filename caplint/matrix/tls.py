"""Encryption and mutual authentication of connections to a cluster."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular

if TYPE_CHECKING:
    from distributed import Security

_ENCRYPTED = ("tls://", "wss://")
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Tls:
    """PEM files of the command line; for a missing one, Dask's own configuration is used."""

    ca_file: Path | None = None
    """Certificates of the authorities trusted to sign the scheduler's certificate."""
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True)
class Scheduler:
    """Scheduler of a Dask cluster, as the command line names it."""

    address: str
    tls: Tls = Tls()


def check(address: str, tls: Tls) -> None:
    """Raise `CaplintError` if the address and the files do not fit together, or a file cannot be read."""
    files = [path for path in astuple(tls) if path is not None]
    if files and not address.startswith(_ENCRYPTED):
        raise CaplintError(f"--scheduler {address}: is not encrypted, so --tls-… has no effect; write tls://…")
    if (tls.cert is None) != (tls.key is None):
        raise CaplintError("--tls-cert and --tls-key belong together; give both")
    for path in files:
        read_regular(path, _MAX_BYTES)


def security(address: str, tls: Tls) -> Security:
    """Return the settings for `distributed`. Raises `CaplintError` for an encrypted address without certificates."""
    from distributed import Security  # noqa: PLC0415 - only a run on a cluster needs it

    if not address.startswith(_ENCRYPTED):
        return Security()  # type: ignore[no-untyped-call]
    given = {"tls_ca_file": tls.ca_file, "tls_client_cert": tls.cert, "tls_client_key": tls.key}
    secured = Security(  # type: ignore[no-untyped-call]
        require_encryption=True, **{name: str(path) for name, path in given.items() if path is not None}
    )
    settings = secured.get_tls_config_for_role("client")  # type: ignore[no-untyped-call] # lacks unset values
    if not settings.get("ca_file") or not settings.get("cert"):
        raise CaplintError(
            f"--scheduler {address}: needs certificates; give --tls-ca-file, --tls-cert and --tls-key, "
            "or set distributed.comm.tls in Dask's configuration"
        )
    return secured
