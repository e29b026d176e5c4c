"""A bare Textual application that shows a list: as little as can be. `… bare FILE`."""

import csv
import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header, Input, RichLog, Static


class Bare(App[None]):
    """The widgets of the console's screen, stock: bars, field, table, details, log."""

    CSS = "RichLog { height: 5; } .bar { height: 1; } #detail { height: 5; }"
    BINDINGS = [("q", "quit", "quit")]  # noqa: RUF012 - as Textual's guide has it

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("0/100", classes="bar")
        yield Static("s submits", classes="bar")
        yield Input(compact=True)
        yield DataTable(cursor_type="row")
        yield Static("", id="detail")
        yield RichLog()
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        with Path(sys.argv[1]).open(encoding="utf-8") as file:
            titles, *rows = csv.reader(file)
        table.add_columns(*titles)
        table.add_rows(rows)


if __name__ == "__main__":
    Bare().run()
