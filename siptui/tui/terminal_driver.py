"""The terminal, read in whole pieces: Textual's driver with another way to read keys.

Textual has no public place for this; what each piece means is still its own parser's to say.
"""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterator
from time import monotonic

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from siptui.tui.key_sequences import Kind, Piece, Sequences

_LOOK = 0.05  # seconds between two looks at whether Escape was all


class _Meanings(XTermParser):
    """Textual's parser for one piece at a time; what it does not know is forgotten."""

    def of(self, piece: Piece) -> Iterator[Message]:
        """What the piece means."""
        if piece.kind is Kind.ESCAPE:
            yield events.Key("escape", piece.text)
        elif piece.kind is Kind.PASTE:
            yield events.Paste(piece.text.replace("\x00", ""))
        else:
            yield from self.feed(piece.text)
            if self._awaiting.timeout is not None:  # it waits for more of what is whole
                self._timeout_time = None
                self._gen = self.parse(self._tokens.append)
                self._awaiting = next(self._gen)


class TerminalDriver(LinuxDriver):
    """Linux, macOS and the like."""

    def run_input_thread(self) -> None:
        """Read until the application leaves."""
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        sequences, meanings = Sequences(constants.ESCAPE_DELAY, monotonic), _Meanings(self._debug)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                pieces: Iterator[Piece] = iter(())
                if selector.select(_LOOK):
                    if not (data := os.read(self.fileno, 4096)):
                        return  # the terminal is gone
                    pieces = sequences.feed(decode(data))
                for piece in (*pieces, *sequences.tick()):
                    for event in meanings.of(piece):
                        self.process_message(event)
