"""Who a message goes to: addresses read strictly, so that the address that is shown is the address that is used."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.errors import MessageError, ObsoleteHeaderDefect
from email.headerregistry import Address, AddressHeader, HeaderRegistry
from typing import cast

from agent_core import ToolArgumentError

MAX_RECIPIENTS = 100
_MAX_ADDRESS = 254
_MAX_LIST = 10_000
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_QUOTED = re.compile(r'"[^"]*"')
_SPOKEN_AND = re.compile(r"\s+(?:and|&)\s+(?=\S+@)")
_JOINERS = "\u200c\u200d"
"""Zero-width joiners, which emoji and several scripts are written with."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


@dataclass(frozen=True)
class Recipient:
    """One mailbox. `address` is pure ASCII: an international domain stands in it as punycode."""

    address: str
    name: str = ""

    def shown(self) -> str:
        """The mailbox for a person: an international domain in its own letters *and* as what is really used."""
        plain = f"{self.name} <{self.address}>" if self.name else self.address
        local, _, domain = self.address.rpartition("@")
        if "xn--" not in domain:
            return plain
        import idna

        return f"{plain} (that is {local}@{idna.decode(domain)})"

    def mailbox(self) -> Address:
        """The mailbox as the standard library's typed address."""
        return Address(display_name=self.name, addr_spec=self.address)


def single_line(text: str, what: str, limit: int, *, joiners: bool = False) -> str:
    """`text`, stripped, if it is one visible line that can stand in a header.

    Line breaks would add headers; invisible and direction-changing characters would make the text that is approved
    look different from the text that is sent.

    Args:
        text: What was given.
        what: How to call it in the error message.
        limit: Longest length, in characters.
        joiners: Whether zero-width joiners may stand in it.
    """
    text = text.strip(" \t")
    if len(text) > limit:
        raise ToolArgumentError(f"{what} is {len(text)} characters long; {limit} is the most.")
    for character in text:
        if unicodedata.category(character) in _INVISIBLE and not (joiners and character in _JOINERS):
            raise ToolArgumentError(
                f"{what} {text[:60]!r} holds the character {unicodedata.name(character, hex(ord(character)))!r}, "
                "which may not stand in a header; leave it out."
            )
    return text


def parse_recipients(given: Sequence[str] | str | None, what: str) -> tuple[Recipient, ...]:
    """The mailboxes in `given`: a list of them, or one text with commas (semicolons, "and") between them.

    Args:
        given: Bare addresses or `Name <address>`; None is nobody.
        what: The field they are for (`to`), for the error message.

    Raises:
        ToolArgumentError: naming the first text that is not an address, and why.
    """
    texts = [given] if isinstance(given, str) else list(given or ())
    found = {r.address: r for text in texts for r in _parse_text(text, what)}
    if len(found) > MAX_RECIPIENTS:
        raise ToolArgumentError(f"{what} names {len(found)} recipients; {MAX_RECIPIENTS} is the most.")
    return tuple(found.values())


def without(recipients: Iterable[Recipient], others: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Those of `recipients` that are not in `others` already: nobody gets a message twice."""
    taken = {other.address for other in others}
    return tuple(recipient for recipient in recipients if recipient.address not in taken)


def _parse_text(text: str, what: str) -> list[Recipient]:
    text = single_line(text, what, _MAX_LIST).rstrip(".,; ")
    if not text:
        raise ToolArgumentError(f"{what} is empty; give an address such as name@example.com.")
    if '"' not in text:
        text = _SPOKEN_AND.sub(", ", text.replace(";", ","))
    # Comments and encoded words are legal, but what they hold is not what a person sees.
    if "(" in _QUOTED.sub("", text) or "=?" in text:
        raise _not_an_address(text, what)
    try:
        header = HeaderRegistry()("To", text)
    except (RecursionError, LookupError, ValueError, AttributeError, MessageError):
        raise _not_an_address(text, what) from None
    invalid = any(not isinstance(defect, ObsoleteHeaderDefect) for defect in header.defects)
    header = cast(AddressHeader, header)
    if invalid or any(group.display_name is not None for group in header.groups):
        raise _not_an_address(text, what)
    return [_recipient(address, what) for address in header.addresses]


def _recipient(address: Address, what: str) -> Recipient:
    written = f"{address.username}@{address.domain}"
    domain = _ascii_domain(address.domain)
    if domain is None or len(address.username) > 64 or not _LOCAL.fullmatch(address.username):
        raise _not_an_address(written, what)
    spec = f"{address.username}@{domain}"
    if len(spec) > _MAX_ADDRESS:
        raise _not_an_address(written, what)
    name = address.display_name.strip()
    if "@" in name and name.lower() != spec.lower():
        raise ToolArgumentError(f"{what}: the name {name!r} looks like an address, but the address is {spec!r}.")
    return Recipient(spec, "" if "@" in name else name)


def _ascii_domain(domain: str) -> str | None:
    """The domain as DNS knows it; None if it is not one. Look-alike spellings (full-width letters) are not mapped."""
    domain = domain.lower()
    if unicodedata.normalize("NFKC", domain) != domain:
        return None
    if not domain.isascii():
        import idna

        try:
            domain = idna.encode(domain).decode("ascii")
        except idna.IDNAError:
            return None
    labels = domain.split(".")
    valid = all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return domain if valid and (len(labels) > 1 or domain == "localhost") else None


def _not_an_address(text: str, what: str) -> ToolArgumentError:
    return ToolArgumentError(f"{what}: {text[:100]!r} is not an email address; write it like name@example.com.")
