"""Which addresses are of the internet, and which inside this network, where nobody outside may lead us."""

from __future__ import annotations

import ipaddress
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_INSIDE = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("fec0::/10"))
"""Networks' own gateways (RFC 8215) and sites (RFC 3879), which Python does not count among what is private."""


class InsideError(OSError):
    """A name of the web leads to an address inside this network."""

    def __init__(self, host: str) -> None:
        super().__init__(None, f"the name {host} leads to an address inside this network")


class PublicAddresses(AbstractResolver):
    """Finds hosts at public addresses alone; hosts that are addresses are never looked up: see `is_inside`.

    Nobody named an address inside this network: a name of a public service that leads there is an attack, by
    which a key would go, or orders be given, to whoever listens.
    """

    def __init__(self) -> None:
        self._resolver = aiohttp.DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [each for each in found if _is_public(each["host"])]
        if not public:
            raise InsideError(host)
        return public

    async def close(self) -> None:
        await self._resolver.close()


def is_inside(host: str) -> bool:
    """Whether a URL's host is written as an address, and is none of the internet.

    '127.1' and '2130706433' are addresses, too: the system reads them as `inet_aton` does, and aiohttp does not
    look them up. A name is not judged here, but where it is looked up.
    """
    if ":" not in host and not host.replace(".", "").isdigit():
        return False
    try:
        return not _is_public(host)
    except ValueError:
        return True


def _is_public(host: str) -> bool:
    """Whether an address is one of the internet, and so is the IPv4 address that it may stand for."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = _ipv4_within(address) or address
    return address.is_global and not address.is_multicast and not any(address in each for each in _INSIDE)


def _ipv4_within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Where gateways bring it: RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4291, 2.5.5 (mapped and compatible)."""
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or address.ipv4_mapped
