"""A terminal's stream of characters in whole pieces, wherever a link cuts it."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.tui.key_sequences import Kind, Piece, Sequences

ESCAPE = Piece(Kind.ESCAPE, "\x1b")


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def pieces_of(*chunks: str) -> list[Piece]:
    """What the chunks come to, with silence at the end."""
    clock = _Clock()
    sequences = Sequences(0.2, clock)
    found = [piece for chunk in chunks for piece in sequences.feed(chunk)]
    clock.now += 5
    return [*found, *sequences.tick()]


def characters(text: str) -> list[Piece]:
    return [Piece(Kind.CHARACTER, character) for character in text]


def sequence(text: str) -> list[Piece]:
    return [Piece(Kind.SEQUENCE, text)]


@pytest.mark.parametrize(
    ("sent", "pieces"),
    {
        "/Poly\r": characters("/Poly\r"),
        "\x1b": [ESCAPE],
        "\x1b\x1b": [ESCAPE, ESCAPE],
        "\x1bj": [ESCAPE, *characters("j")],
        "\x1bqP": [ESCAPE, *characters("qP")],
        "\x1b\r": [ESCAPE, *characters("\r")],
        "\x1b[A": sequence("\x1b[A"),
        "\x1b\x1b[A": [ESCAPE, *sequence("\x1b[A")],
        "\x1bOP": sequence("\x1bOP"),
        "\x1b[1;5SPjj": [*sequence("\x1b[1;5S"), *characters("Pjj")],
        "\x1b[[A": sequence("\x1b[[A"),
        "\x1b[M !!j": [*sequence("\x1b[M !!"), *characters("j")],
        "\x1b[<0;12;5Mj": [*sequence("\x1b[<0;12;5M"), *characters("j")],
        "\x1bb": sequence("\x1bb"),
        "\x1b\x7f": sequence("\x1b\x7f"),
        # Answers to other programs, and what was never whole.
        "\x1bP>|xterm(370)\x1b\\j": characters("j"),
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x07j": characters("j"),
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\j": characters("j"),
        "\x1b[?62;22c": sequence("\x1b[?62;22c"),
        "\x1b[12;1": [],
        "\x1bP>|xte": [],
        # Escape with what could begin a sequence is Escape alone.
        "\x1bP": [ESCAPE],
        "\x1b[": [ESCAPE],
        "\x1bP\x1bj": [ESCAPE, *characters("j")],
        "\x1bP\x1b": [ESCAPE],
        "\x1b[200~roslq\nP\x1b[201~j": [Piece(Kind.PASTE, "roslq\nP"), *characters("j")],
        "\x1b[200~a\x1b[31mPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP\x1b\x1b[201~": [
            Piece(Kind.PASTE, "a\x1b[31mPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP\x1b")
        ],
        "\x1b[200~roslqP": [],
        "\x1b[200~roslqP\x1b": [ESCAPE],
        "\x1b[201~j": characters("j"),
    }.items(),
)
def test_pieces(sent: str, pieces: list[Piece]) -> None:
    assert pieces_of(sent) == pieces
    assert pieces_of(*sent) == pieces


_ANYTHING = st.text(st.characters(codec="utf-8") | st.sampled_from("\x1b[]PO_\\~;01M\x07"))


@given(_ANYTHING, st.lists(st.integers(0, 60)))
def test_where_a_link_cuts_is_all_the_same(sent: str, cuts: list[int]) -> None:
    ends = sorted({*(cut for cut in cuts if cut < len(sent)), len(sent)})
    chunks = [sent[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert pieces_of(*chunks) == pieces_of(sent)


def _kept(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


@given(_ANYTHING)
def test_of_a_paste_nothing_is_a_key(pasted: str) -> None:
    if "\x1b[201~" not in pasted:
        whole = pieces_of(f"\x1b[200~{pasted}\x1b[201~")
        assert whole == [Piece(Kind.PASTE, pasted)]


@given(st.text(st.characters(exclude_characters="\x1b\x07")), st.sampled_from("P]^_X"))
def test_of_a_string_nothing_is_a_key(said: str, begins: str) -> None:
    assert pieces_of(f"\x1b{begins}{said}\x1b\\") == []


@given(st.text(st.characters(exclude_characters="\x1b")))
def test_what_is_typed_comes_as_it_is(typed: str) -> None:
    assert _kept(pieces_of(typed)) == typed
