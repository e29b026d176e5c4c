"""The first frame with the list in it, against bare Textual with the same rows and widgets."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure, ratio
from tests.benchmarks.screen import Screen
from tests.tui.scripted_runs import list_text, make_devices

_ROUNDS = 5
CONFIG = """
default_profile = "contoso"
[profiles.contoso]
tenant = "00000000-0000-0000-0000-000000000000"
cloud = "lab"
[clouds.lab]
authority = "https://localhost:9200"
admin_api = "http://127.0.0.1:9201"
"""


def figures() -> Iterator[Figure]:
    """`siptui FILE` with 100 rows, turn by turn with the bare application."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG)
        file = folder / "lobby.csv"
        file.write_text(list_text(make_devices(100)))
        environ = {"SIPTUI_CONFIG_DIR": name, "SIPTUI_STATE_DIR": str(folder / "state")}
        environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        ours = (sys.executable, "-c", "from siptui.cli.main import main; main()", str(file))
        bare = (sys.executable, "-m", "tests.benchmarks.bare", str(file))
        times: dict[str, list[float]] = {"ours": [], "bare": []}
        for turn in range(_ROUNDS + 1):
            for which, command in (("bare", bare), ("ours", ours)):
                with Screen(command, environ=environ) as screen:
                    took = screen.until("lobby.00020")
                if turn:  # the first warms the disk's cache
                    times[which].append(took)
    best, beside = min(times["ours"]), min(times["bare"])
    yield ratio(
        "first useful frame, 100 rows",
        f"{best * 1000:.0f} ms",
        f"bare Textual {beside * 1000:.0f} ms",
        best / beside,
        1.5,
    )
