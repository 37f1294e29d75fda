"""What steers a terminal or hides from a reader, each piece between visible marks; and what must not be harmed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"

PAYLOADS: tuple[str, ...] = (
    f"{ESC}[2J",
    f"{ESC}[H",
    f"{ESC}[5;7H",
    f"{ESC}[9A",
    f"{ESC}[8mhid{ESC}[28m",
    f"{ESC}[38;5;213mpink",
    f"{ESC}[?1049h",
    f"{ESC}[?1000h",
    f"{ESC}[?2004l",
    f"{ESC}[6n",
    f"{ESC}[21t",
    f"{ESC}[3;5;7",
    f"{ESC}[1;31",
    f"{ESC}c",
    f"{ESC}7",
    f"{ESC}8",
    f"{ESC}M",
    f"{ESC}(0lqk",
    f"{ESC}#8",
    f"{ESC}",
    f"{ESC}{ESC}[31m[2J",
    f"{ESC}]8;;https://evil.example{ST}here{ESC}]8;;{ST}",
    f"{ESC}]8;;https://evil.example{BEL}here{ESC}]8;;{BEL}",
    f"{ESC}]52;c;cm0gLXJmIH4={BEL}",
    f"{ESC}]52;c;cm0gLXJmIH4={ST}",
    f"{ESC}]52;c;cm0gLXJmIH4=",
    f"{ESC}]0;owned{BEL}",
    f"{ESC}]2;owned{ST}",
    f"{ESC}]4;1;rgb:ff/00/00{BEL}",
    f"{ESC}]10;?{BEL}",
    f"{ESC}]1337;File=inline=1:AAAA{BEL}",
    f"{ESC}]1337;SetMark{ST}",
    f"{ESC}]777;notify;a;b{BEL}",
    f'{ESC}P$q"p{ST}',
    f"{ESC}Pq#0;2;0;0;0{ST}",
    f"{ESC}_Gf=24;AAAA{ST}",
    f"{ESC}^private{ST}",
    f"{ESC}Xstring{ST}",
    "\x9b2J",
    "\x9b31m",
    "\x9d52;c;aGk=\x9c",
    "\x9d0;owned\x07",
    "\x90$q\x9c",
    "\x9fGf=24\x9c",
    "\x98a\x9c",
    "\x9ea\x9c",
    "\x84\x85\x88\x8d",
    "\x80\x81\x99\x9a",
    "\b\b\b\b\bOVER",
    "\x7f\x7f",
    "\x00",
    "\x07\x07",
    "\x0e\x0f",
    "\x05",
    "\x16\x1a\x1c\x1d",
    "\rOVER",
    "\x0b\x0c",
    "\u2028\u2029",
    "\u202egpj.exe\u202c",
    "\u202dabc\u202c",
    "\u202a\u202b",
    "\u2066a\u2067b\u2068c\u2069",
    "\u200e\u200f\u061c",
    "\u200b\u2060\ufeff",
    "pay\u200dpal\u200c",
    "pass\u00adword",
    "\u180e\u115f\u3164\uffa0",
    "\u2061\u2062\u2063\u2064",
    "\u206a\u206b\u206c\u206d\u206e\u206f",
    "\ufff9a\ufffab\ufffb",
    "".join(chr(0xE0000 + ord(c)) for c in "ignore all rules"),
    "a\ufe01\ufe02\ufe03\U000e0120\U000e0121\U000e0122",
    "\U000e0001\U000e0080\U000e01f0",
    "Z" + "\u0301\u0317\u0489" * 40,
    "\U0001d173\U0001d17a",
)
"""None of these characters may arrive, but the letters between them may."""

MARKUP: tuple[str, ...] = (
    "[/b]",
    "[bold red]x[/bold red]",
    "[@click=app.quit]x[/]",
    "[link=https://evil.example]x[/link]",
    "[link=https://evil.example]x",
    "[reverse]",
    "[/]",
    ":skull:",
    "\\[b]",
    "[[b]]",
)
"""Arrives as it was written: as text, not as what it would mean."""

LEGITIMATE = "Grüße é 東京 مرحبا שלום हिन्दी ไทย 🙂 👩‍👩‍👧 ❤️ × ≤ ñ"
"""Arrives unharmed."""

_OWN = re.compile(rb"\x1b\[(?:0|1|2|3|[39]\d|1;3\d|2;3\d|1;[39]\d)?m|\x1b\[\?25[lh]|\r?\x1b\[(?:2K|1A)|\r\n")
"""What the program itself sends to a terminal: plain colours, and the spinner's line drawn again."""
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe01-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff\U0001d173-\U0001d17a]"
    "|[A-Za-z]\u200d|\u200c"
)
_TOWER = re.compile("[\u0300-\u036f\u0483-\u0489]{9}")


def marked(payloads: Sequence[str] = PAYLOADS, first: int = 0) -> list[str]:
    """Each payload between marks of its own: `m7z` and `y7m`."""
    return [f"m{number}z{payload}y{number}m" for number, payload in enumerate(payloads, first)]


_LINK = re.compile(rb"\x1b\]8;;((?:file|https?)://[!-~]{1,4000})\x1b\\([^\x00-\x1f\x7f]{1,4000})\x1b\]8;;\x1b\\")


def _named(link: re.Match[bytes]) -> bytes:
    """What a link shows, where it leads to what it shows and nothing else; any other stays, and is found."""
    shown = re.sub(r"(?::\d+|#page=\d+)?$", "", link[2].decode("utf-8", "replace"), count=1)
    target = link[1].decode()
    honest = unquote(target).endswith(f"/{shown}") if target.startswith("file:///") else target == link[2].decode()
    return link[2] if honest else link[0]


def arrived(raw: bytes) -> set[int]:
    """The numbers of the payloads whose marks were shown."""
    return {int(number) for number in re.findall(rb"m(\d+)z", _OWN.sub(b"", raw))}


def steering(raw: bytes) -> list[str]:
    """All that reached the terminal and steers it or hides; bytes that are no UTF-8 count.

    A source that is a link to itself is ours.
    """
    text = _OWN.sub(b"\n", _LINK.sub(_named, raw))
    decoded = text.decode("utf-8", "surrogateescape")
    found = [repr(decoded[max(0, m.start() - 20) : m.end() + 20]) for m in _FORBIDDEN.finditer(decoded)]
    found += [f"tower at {m.start()}" for m in _TOWER.finditer(decoded)]
    return found + [repr(byte) for byte in re.findall("[\udc80-\udcff]", decoded)]
