"""The tests of one module in a process that has imported everything once: each mutant in a fork.

A first fork runs all the tests and notes which of them execute which lines of the module, and how
long each takes. A mutant is shown only to tests that execute its lines, those first that found
others in the same function, then the quickest; the first that fails ends it.
"""

import ast
import importlib
import json
import os
import pickle
import resource
import shutil
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest
from hypothesis import Phase, settings

from tests.mutation.change import put_in
from tests.mutation.operators import Mutant, mutants

#: A test may take this many times as long as without a mutant, and so many seconds more, before
#: it counts as never ending. Of processor time: the machine may be busy.
_TIMES, _MORE = 4, 2.0
#: Seconds after which a mutant that waits instead is ended.
_WALL = 120
_KILLED, _SURVIVED, _UNFIT = 1, 0, 3


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant: `by` is the test that failed, `tests` how many executed it."""

    function: str
    change: str
    line: int
    killed: bool
    by: str = ""
    tests: int = 0


@dataclass(slots=True)
class _Seen:
    """What the first fork tells: processor seconds of each test, and who executes a line."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    failed: list[str] = field(default_factory=list)

    def executing(self, lines: Iterable[int]) -> set[str]:
        """The tests that execute one of `lines`."""
        return set().union(*(self.lines.get(line, ()) for line in lines))


class Session:
    """A plugin of pytest that runs the collected tests against the mutants of `module`.

    `only` are the functions that are meant, all if there is none.
    """

    def __init__(self, module: str, out: Path, scratch: Path, only: tuple[str, ...] = ()) -> None:
        self._module = importlib.import_module(module)
        self._path = Path(str(self._module.__file__))
        self._out = out
        self._scratch = scratch
        self._only = only
        self._failed = False
        self._killers: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """One example that fails is enough, the smallest is of no use."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", settings.get_profile("ci"), phases=phases)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        seen = self._look(items)
        if seen.failed:
            raise pytest.UsageError(f"fails without any mutant: {', '.join(seen.failed)}")
        source = self._path.read_text()
        with self._out.open("w") as out:
            for number, mutant in enumerate(mutants(ast.parse(source))):
                if self._only and mutant.function not in self._only:
                    continue
                result = self._try(number, mutant, source, items, seen)
                out.write(json.dumps(_fields(result)) + "\n")
                out.flush()
        return True

    def _try(
        self, number: int, mutant: Mutant, source: str, items: dict[str, pytest.Item], seen: _Seen
    ) -> Result:
        chosen = self._chosen(mutant, source, seen)
        note = self._scratch / "by"
        note.write_text("")

        def child() -> int:
            tree = ast.parse(source)
            try:
                put_in(self._module, tree, mutants(tree)[number])
            except Exception as error:
                note.write_text(f"when it is imported: {error!r}")
                return _KILLED
            return self._run([items[n] for n in chosen], note, seen)

        code = self._forked(child) if chosen else _SURVIVED
        by = note.read_text()
        if code != _SURVIVED:
            self._killers[mutant.function][by] += 1
        line = mutant.lines.start
        return Result(mutant.function, mutant.change, line, code != _SURVIVED, by, len(chosen))

    def _chosen(self, mutant: Mutant, source: str, seen: _Seen) -> list[str]:
        tree = ast.parse(source)
        if mutant.lines:
            lines: set[int] = set(mutant.lines)
        else:  # a value of the module: where it is read
            lines = _reading(tree, mutant.name)
        executing = seen.executing(lines)
        # What a coroutine does after a wait that was ended is executed unseen.
        tests = executing | seen.executing(_coroutine(tree, mutant.function))
        if not mutant.lines and not tests:
            tests = set(seen.seconds)
        killers = self._killers[mutant.function]
        return sorted(tests, key=lambda n: (-killers[n], n not in executing, seen.seconds[n]))

    def _run(self, items: list[pytest.Item], note: Path, seen: _Seen) -> int:
        for item, following in _with_next(items):
            note.write_text(item.nodeid)
            limit = _TIMES * seen.seconds[item.nodeid] + _MORE
            signal.setitimer(signal.ITIMER_PROF, limit)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                return _KILLED
        note.write_text("")
        return _SURVIVED

    def _look(self, items: dict[str, pytest.Item]) -> _Seen:
        path = self._scratch / "seen"

        def child() -> int:
            seen = _Seen()
            watch = coverage.Coverage(data_file=None, include=[str(self._path)], config_file=False)
            watch.start()
            for item, following in _with_next(list(items.values())):
                watch.switch_context(item.nodeid)
                before = time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                seen.seconds[item.nodeid] = time.process_time() - before
                if self._failed:
                    seen.failed.append(item.nodeid)
                    self._failed = False
            watch.stop()
            for file in watch.get_data().measured_files():
                for line, contexts in watch.get_data().contexts_by_lineno(file).items():
                    seen.lines[line] |= {c for c in contexts if c}
            path.write_bytes(pickle.dumps((seen.seconds, dict(seen.lines), seen.failed)))
            return 0

        self._forked(child, wall=1800)
        return _Seen(*pickle.loads(path.read_bytes()))

    def _forked(self, work: Callable[[], int], *, wall: int = _WALL) -> int:
        """The exit code of `work` in a process of its own; a signal that ends it counts as one."""
        pid = os.fork()
        if pid == 0:
            code = _UNFIT
            try:
                os.setsid()
                nothing = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(nothing, stream)
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
                signal.signal(signal.SIGPROF, signal.SIG_DFL)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(wall)
                code = work()
            except BaseException:
                code = _KILLED
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what its tests started
        for left in (self._scratch / "tests").glob("*"):
            shutil.rmtree(left, ignore_errors=True)
        return os.waitstatus_to_exitcode(status)


def _coroutine(tree: ast.Module, name: str) -> range:
    """The lines of the function of that qualified name, if it is a coroutine."""
    body: list[ast.stmt] = tree.body
    for part in name.split("."):
        for node in body:
            if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef) and node.name == part:
                body = node.body
                if isinstance(node, ast.AsyncFunctionDef):
                    return range(node.lineno, (node.end_lineno or 0) + 1)
                break
    return range(0)


def _reading(tree: ast.Module, name: str) -> set[int]:
    """The lines that read `name`, or what the module makes of it."""
    lines: set[int] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        read = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == name]
        lines |= {node.lineno for node in read if isinstance(node.ctx, ast.Load)}
        if isinstance(statement, ast.Assign) and any(isinstance(n.ctx, ast.Load) for n in read):
            for target in statement.targets:
                if isinstance(target, ast.Name) and target.id != name:
                    lines |= _reading(tree, target.id)
    return lines


def _with_next(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def _fields(result: Result) -> dict[str, object]:
    return {name: getattr(result, name) for name in Result.__dataclass_fields__}


def read_results(path: Path) -> list[Result]:
    """The results that a session wrote to `path`."""
    return [Result(**json.loads(line)) for line in path.read_text().splitlines()]
