"""The shape of the product: no circle of imports, few of them in functions, no deep classes."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import siptui

ROOT = Path(siptui.__file__).parent
#: Imports inside functions for each hundred lines: those of heavy packages.
INNER_MOST = 0.5
#: Classes of our own above a class; the family of errors is one deeper.
ANCESTORS_MOST = 2


def modules() -> dict[str, Path]:
    """The modules of the product by their dotted names."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


#: What the tests look at of what stands in a module; all else is the greater part of it.
_LOOKED_AT = (
    *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Attribute, ast.Call),
)
Nodes = list[ast.AST]


@cache
def nodes_of(path: Path) -> Nodes:
    """What stands in a module, parsed and walked through once for all tests."""
    return nodes_in(ast.parse(path.read_text("utf-8")))


def nodes_in(tree: ast.AST) -> Nodes:
    """What stands in `tree`."""
    return [node for node in ast.walk(tree) if isinstance(node, _LOOKED_AT)]


@pytest.fixture(autouse=True, scope="module")
def _no_longer() -> Iterator[None]:
    yield
    nodes_of.cache_clear()


def imported(nodes: Nodes, known: dict[str, Path]) -> Iterator[str]:
    """The modules in `known` that are imported: at the top, in functions, for types."""
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            while name and name not in known:
                name = name.rpartition(".")[0]
            if name:
                yield name


def circle(edges: dict[str, set[str]]) -> list[str]:
    """A path through `edges` that ends where it began, or nothing."""
    done: set[str] = set()

    def search(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(edges.get(module, ())):
            if found := search(other, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(edges) if (found := search(module, []))), [])


def inner_imports(nodes: Nodes) -> set[int]:
    """The lines of the imports that stand inside functions."""
    within = {
        line
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)
    }
    imports = {node.lineno for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)}
    return imports & within


def test_a_circle_is_found_wherever_the_import_stands() -> None:
    known = {"a": Path(), "a.b": Path(), "a.c": Path()}
    sources = {"a.b": "def f():\n    from a.c import g", "a.c": "import a.b", "a": ""}
    edges = {n: set(imported(nodes_in(ast.parse(s)), known)) for n, s in sources.items()}
    assert circle(edges) == ["a.b", "a.c", "a.b"]
    assert circle({"a.b": {"a.c"}, "a.c": set()}) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = modules()
    edges = {name: set(imported(nodes_of(path), known)) - {name} for name, path in known.items()}
    assert sum(map(len, edges.values())) > len(known)
    assert circle(edges) == []


def test_an_import_inside_a_function_is_found() -> None:
    source = "import a\nclass B:\n    import b\n    def f(self):\n        import c\n"
    source += "async def g():\n    from d import e"
    assert inner_imports(nodes_in(ast.parse(source))) == {5, 7}


def test_few_imports_stand_inside_functions() -> None:
    inner = lines = 0
    for path in modules().values():
        text = path.read_text("utf-8")
        lines += text.count("\n")
        inner += len(inner_imports(nodes_of(path)))
    assert inner / lines * 100 <= INNER_MOST


def ancestors(name: str, bases: dict[str, list[str]]) -> set[str]:
    """The classes of our own above the class `name`."""
    return {one for base in bases.get(name, ()) for one in (base, *ancestors(base, bases))}


def test_no_class_stands_on_a_ladder() -> None:
    found: dict[str, list[str]] = {}
    for path in modules().values():
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                names = [base.id for base in node.bases if isinstance(base, ast.Name)]
                found.setdefault(node.name, []).extend(n for n in names if n != node.name)
    bases = {name: [base for base in names if base in found] for name, names in found.items()}
    deep = {name: above for name in bases if len(above := ancestors(name, bases)) > ANCESTORS_MOST}
    assert {n: sorted(above) for n, above in deep.items() if "SiptuiError" not in above} == {}


def asks_for_the_system(nodes: Nodes) -> Iterator[int]:
    """The lines at which `sys.platform`, `os.name` or `platform.system()` is asked."""
    asked = {("sys", "platform"), ("os", "name"), ("platform", "system")}
    for node in nodes:
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) in asked
        ):
            yield node.lineno
        elif isinstance(node, ast.ImportFrom):
            names = {(node.module, alias.name) for alias in node.names}
            if names & asked:
                yield node.lineno


def test_only_one_room_asks_for_the_operating_system() -> None:
    host = ROOT / "host"
    found, inside = [], 0
    for path in modules().values():
        lines = list(asks_for_the_system(nodes_of(path)))
        if path.is_relative_to(host):
            inside += len(lines)
        else:
            found += [f"{path.relative_to(ROOT)}:{line}" for line in lines]
    assert inside > 10
    assert found == []


def test_only_one_room_imports_what_one_system_alone_has() -> None:
    alone = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "msvcrt", "winreg"}
    found = []
    for path in modules().values():
        if path.is_relative_to(ROOT / "host"):
            continue
        for node in nodes_of(path):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [f"{path.relative_to(ROOT)}: {n}" for n in names if n in alone]
    assert found == []


#: What opens a file by its path and waits for the writer of a pipe, leaves rights to the umask, or
#: follows what another user put there.
_OPENS = {"read_bytes", "read_text", "write_bytes", "write_text", "touch", "mkdir", "open"}
#: Where such a call is of something else than a file that is named or found, and what that is.
_OF_SOMETHING_ELSE = {
    "app/worker_main.py": "the null device",
    "cli/errors.py": "the null device",
    "cli/commands/demo.py": "a temporary folder of its own",
    "devicelist/filled_workbook.py": "parts of an archive",
    "devicelist/archive.py": "parts of an archive",
    "devicelist/workbook_child.py": "parts of an archive",
    "emulator/accounts.py": "data of the package",
    "emulator/demo.py": "data of the package",
    "emulator/scenario.py": "data of the package",
    "help/__init__.py": "data of the package",
    "identity/browser.py": "a port",
    "provisioning/reading.py": "data of the package",
}


def _opening_calls(path: Path) -> list[str]:
    found = []
    for node in nodes_of(path):
        if not isinstance(node, ast.Call):
            continue
        named = node.func
        method = isinstance(named, ast.Attribute) and named.attr in _OPENS
        if method or (isinstance(named, ast.Name) and named.id == "open"):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(named)}")
    return found


def test_files_are_opened_by_what_the_host_room_has_for_it() -> None:
    """`siptui.host.files`: never waits for a pipe, leaves no right to the umask."""
    there = {str(path.relative_to(ROOT)): _opening_calls(path) for path in modules().values()}
    calls = {name: found for name, found in there.items() if found and name[:5] != "host/"}
    assert calls.keys() == _OF_SOMETHING_ELSE.keys(), calls
