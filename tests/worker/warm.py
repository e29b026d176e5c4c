"""Workers without the cost of starting Python: forked from a process that has imported it all.

They run `siptui.app.worker_main` from its first line on, in a process and a session of their own.
"""

import io
import json
import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection

from siptui.app import worker_main
from tests.worker.installation import TOKEN

_IMPORTED = [__name__, "siptui.app.session", "siptui.runs.worker", "siptui.gateway.bulk_client"]


def start_warm(run: str, env: Mapping[str, str]) -> int:
    """Start a worker on `run`; its process id once it holds the run."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    order = {"run": run, "profile": "lab", "token": TOKEN, "patience": 0}
    ours, theirs = context.Pipe()
    args = (json.dumps(order), {k: v for k, v in env.items() if k != "SIPTUI_ACCESS_TOKEN"}, theirs)
    context.Process(target=_work, args=args, daemon=False).start()
    theirs.close()
    with ours, open(ours.fileno(), closefd=False) as answers:
        answer = json.loads(answers.readline())
    return int(answer["pid"])


def _work(order: str, env: dict[str, str], answers: Connection) -> None:
    os.setsid()
    os.environ.update(env)
    os.dup2(answers.fileno(), 1)
    answers.close()
    sys.stdin = io.StringIO(order + "\n")
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - the process's own
    sys.exit(worker_main.main())
