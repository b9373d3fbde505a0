"""How connections to a cluster are encrypted, and how both ends show who they are."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.errors import CaplintError
from caplint.regular_file import read_regular

if TYPE_CHECKING:
    from distributed import Security

_ENCRYPTED = ("tls://", "wss://")
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Tls:
    """The files of PEM that the command line names; what it leaves out, Dask's own configuration may have."""

    ca_file: Path | None = None
    """Certificates of the authorities that may vouch for the scheduler."""
    cert: Path | None = None
    key: Path | None = None


def check(address: str, tls: Tls) -> None:
    """Raise `CaplintError` where the address and the files do not go together, or a file cannot be read."""
    files = [path for path in astuple(tls) if path is not None]
    if files and not address.startswith(_ENCRYPTED):
        raise CaplintError(f"--scheduler {address}: is not encrypted, and --tls-… would be of no use; write tls://…")
    if (tls.cert is None) != (tls.key is None):
        raise CaplintError("--tls-cert and --tls-key belong together; give both")
    for path in files:
        read_regular(path, _MAX_BYTES)


def security(address: str, tls: Tls) -> Security:
    """Return what `distributed` is to be told. Raises `CaplintError` where an encrypted address has no settings."""
    from distributed import Security  # noqa: PLC0415 - only a run on a cluster needs it

    if not address.startswith(_ENCRYPTED):
        return Security()  # type: ignore[no-untyped-call]
    given = {"tls_ca_file": tls.ca_file, "tls_client_cert": tls.cert, "tls_client_key": tls.key}
    found = Security(  # type: ignore[no-untyped-call]
        require_encryption=True, **{name: str(path) for name, path in given.items() if path is not None}
    )
    settings = found.get_tls_config_for_role("client")  # type: ignore[no-untyped-call] # what is not set is not in it
    if not settings.get("ca_file") or not settings.get("cert"):
        raise CaplintError(
            f"--scheduler {address}: needs certificates; give --tls-ca-file, --tls-cert and --tls-key, "
            "or set distributed.comm.tls in Dask's configuration"
        )
    return found
