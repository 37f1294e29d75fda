"""Text of unknown origin before it reaches a terminal: what must go, what must stay, and that a second pass is idle."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_core.gate.sanitise import linked, sanitise, sanitise_line

ESC, BEL, ST, CSI8 = "\x1b", "\x07", "\x1b\\", "\x9b"

ATTACKS = {
    "clipboard write": (f"a{ESC}]52;c;cm0gLXJmIH4={BEL}b", "ab"),
    "clipboard, string terminator": (f"a{ESC}]52;c;cm0gLXJmIH4={ST}b", "ab"),
    "window title": (f"{ESC}]0;owned{BEL}x", "x"),
    "title report": (f"{ESC}[21tx", "x"),
    "hyperlink": (f"{ESC}]8;;https://evil.example{ST}safe.example{ESC}]8;;{ST}", "safe.example"),
    "colour": (f"{ESC}[31;1mred{ESC}[0m", "red"),
    "private mode": (f"{ESC}[?1049h{ESC}[?25lx", "x"),
    "clear and home": (f"x{ESC}[2J{ESC}[Hy", "xy"),
    "hidden text": (f"{ESC}[8mseen{ESC}[28m", "seen"),
    "8-bit CSI": (f"{CSI8}31mx", "x"),
    "8-bit OSC": ("\x9d52;c;aGk=\x9cx", "x"),
    "device control": (f'{ESC}P$q"p{ST}x', "x"),
    "sixel": (f"{ESC}Pq#0;2;0;0;0{ST}x", "x"),
    "kitty image": (f"{ESC}_Gf=24;AAAA{ST}x", "x"),
    "privacy message": (f"{ESC}^secret{ST}x", "x"),
    "reset": (f"{ESC}cx", "x"),
    "charset": (f"{ESC}(0lqk", "lqk"),
    "keypad": (f"{ESC}=x{ESC}>", "x"),
    "lone escape at the end": (f"x{ESC}", "x"),
    "nested escapes": (f"{ESC}{ESC}[31m[2Jx", "[2Jx"),
    "escape split by a sequence": (f"{ESC}{ESC}]0;t{BEL}]52;c;x{BEL}y", "]52;c;xy"),
    "unfinished CSI": (f"{ESC}[31", "[31"),
    "backspaces": ("safe\b\b\b\bevil", "safeevil"),
    "delete": ("a\x7fb", "ab"),
    "bell": (f"{BEL}x", "x"),
    "null": ("a\0b", "ab"),
    "carriage return overwrites": ("rm -rf /\rls      ", "rm -rf /\nls      "),
    "windows lines": ("a\r\nb\r\n", "a\nb\n"),
    "vertical tab, form feed, separators": ("a\vb\fc\x85d\u2028e\u2029f", "a\nb\nc\nd\ne\nf"),
    "shift out": ("\x0eabc\x0f", "abc"),
    "right-to-left override": ("annexe\u202egpj.exe\u202c", "annexegpj.exe"),
    "isolates": ("a\u2066b\u2069c", "abc"),
    "direction marks": ("a\u200eb\u200fc\u061cd", "abcd"),
    "zero width": ("pay\u200bpal\ufeff.com\u2060", "paypal.com"),
    "joiner between letters": ("pay\u200dpal\u200c", "paypal"),
    "soft hyphen": ("pass\u00adword", "password"),
    "tags": ("hi\U000e0069\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065\U000e007f", "hi"),
    "selectors that smuggle": ("a\ufe0f\ufe01\U000e0120\U000e0121", "a"),
    "Hangul filler": ("a\u3164\uffa0\u115fb", "ab"),
    "annotation": ("a\ufff9b\ufffac\ufffbd", "abcd"),
    "invisible operators": ("f\u2061(x)\u2062y\u2063\u2064", "f(x)y"),
    "lone surrogates": ("a\ud83db\udc00", "a\ufffdb\ufffd"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_known_attacks(name: str) -> None:
    attack, shown = ATTACKS[name]
    assert sanitise(attack) == shown


def test_a_sequence_cannot_hide_a_document_from_the_reader() -> None:
    text = f"{ESC}]0;\nDelete everything.\nThank you.{BEL}"
    assert "Delete everything." in sanitise(text)


@pytest.mark.parametrize(
    "text",
    [
        "plain ASCII\twith a tab\nand a line",
        "Grüße, naïve café, e\u0301te\u0301",
        "日本語 한국어 中文 ไทย ภาษา",
        "नमस्ते क्‍ष क्‌ष",
        "می‌خواهم سلام",
        "שָׁלוֹם עֲלֵיכֶם",
        "👩‍💻 👨‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈 👍🏽 🇩🇪 1️⃣ 👩🏽‍🚀",
        "→ • “quotes” — … € ½ ∑ ≤",
        "[bold]not markup[/bold] [@click=app.quit] C:\\path\\",
        "┌─┐│x│└─┘",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert sanitise(text) == text


def test_a_tower_of_marks_is_cut_down_and_its_character_stays() -> None:
    shown = sanitise("Z" + "\u0310" * 500 + "a")
    assert shown[0] == "Z"
    assert shown[-1] == "a"
    assert len(shown) < 20


HOSTILE = st.text(
    st.sampled_from(
        "ab[]\\;:m()?1052cPX^_]\x1b\x07\x9b\x9d\x9c\x90\r\n\t\0\x7f\u200d\u200c\u200b\u202e\ufe0f\U000e0100\u0301👩💻🏽क्ष\ud800"
    )
    | st.characters(exclude_categories=())
)


@settings(max_examples=1500, deadline=None)
@given(HOSTILE)
def test_what_comes_out_steers_nothing_and_is_stable(text: str) -> None:
    shown = sanitise(text)
    assert sanitise(shown) == shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", shown)
    assert not any(unicodedata.category(char) == "Cs" for char in shown)
    shown.encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0\u2800"))
)
def test_visible_text_is_never_changed(text: str) -> None:
    assert sanitise(text) == text


@settings(max_examples=500, deadline=None)
@given(HOSTILE, st.integers(1, 40))
def test_a_line_is_one_bounded_line(text: str, limit: int) -> None:
    line = sanitise_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert sanitise_line(line, limit) == line


def test_a_line_that_is_cut_says_so() -> None:
    assert sanitise_line("one\ntwo\tthree  four") == "one two three four"
    assert sanitise_line("abcdef", 4) == "abc…"
    assert sanitise_line("abc👩‍💻", 5) == "abc…"
    assert sanitise_line("e\u0301" * 5, 4) == "e\u0301…"
    assert sanitise_line("x" * 10_000_000, 10) == "x" * 9 + "…"
    assert sanitise_line(f"{ESC}[31m" * 1000 + "tail", 10).endswith("…")


@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=4))
def test_links_are_the_only_sequences_and_change_no_word(text: str, sources: list[str]) -> None:
    clean = sanitise(text)
    assert sanitise(linked(clean, sources, Path("/nowhere"))) == clean


def test_a_source_is_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "a b.md").write_text("x")
    printed = linked(
        "see a b.md:3 and https://example.org/x?y=1 here", ["a b.md:3", "https://example.org/x?y=1"], tmp_path
    )
    uri = (tmp_path / "a b.md").resolve().as_uri()
    web = "https://example.org/x?y=1"
    assert printed == (f"see \x1b]8;;{uri}\x1b\\a b.md:3\x1b]8;;\x1b\\ and \x1b]8;;{web}\x1b\\{web}\x1b]8;;\x1b\\ here")


@pytest.mark.parametrize(
    "source",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/etc/passwd",
        "../../../../../../etc/passwd",
        "https://example.org/\x1b]52;c;AAAA\x07",
        "https://example.org/\u202egnp",
        "missing.md:1",
        "",
        "a\0b",
    ],
)
def test_what_is_no_file_of_the_users_and_no_plain_address_is_no_link(source: str, tmp_path: Path) -> None:
    text = sanitise(f"see {source} here")
    assert linked(text, [source], tmp_path) == text
