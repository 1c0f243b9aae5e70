"""Whether systemd gives new interfaces MAC addresses of its own (networking/systemd-network, .link files).

The VPC CNI writes a static ARP entry for each pod's host interface. A policy other than `none` changes that address
afterwards, and the entry points nowhere (node agent reason MACAddressPolicyMisconfigured; Ubuntu 22.04, Flatcar)."""

import re
from typing import TYPE_CHECKING

from .tables import Row, rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_POLICY = re.compile(r"MACAddressPolicy=(\w*)\s*")


def mac_address_policy(bundle: "Bundle") -> tuple[str | None, Row | None]:
    """(policy, its line): the last one set, which is the one in force. None where no .link file is in the bundle, or
    none of them sets it."""
    found: tuple[str | None, Row | None] = (None, None)
    for row in rows_of(bundle, "systemd-network"):
        if setting := _POLICY.fullmatch(row.text.strip()):
            found = setting[1] or "none", row
    return found
