"""The small changes that are made to a module, one at a time: what a test must notice.

Texts for people are passed over: a changed word of a message decides nothing.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: A comparison, and those that a test must tell from it.
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_OPPOSITE = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Methods without which a text is compared as it was written.
_SPELLING = frozenset({"casefold", "lower", "upper", "strip", "lstrip", "rstrip"})
#: Arguments that are texts for people.
_WORDS = frozenset(
    {"why", "text", "message", "remedy", "hint", "detail", "title", "code", "note", "level"}
)
_LOOKS_LIKE_A_KEY = 24
#: What is given a regular expression; of these, what makes a pattern of it.
_COMPILING = frozenset({"re.compile", "regex"})
_OF_TEXTS = _COMPILING | {"re.fullmatch", "re.search", "re.sub"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a module.

    `function` is the qualified name of the outermost function it is in, nothing for the module
    itself; `change` says what is there and what instead, and with `function` names it for good.
    `lines` are those of its statement. `make` changes the tree that it was found in.
    """

    function: str
    change: str
    lines: range
    name: str
    make: Callable[[], None]


class _Found:
    """Collects the mutants of one tree."""

    def __init__(self) -> None:
        self.mutants: list[Mutant] = []
        self._seen: Counter[tuple[str, str]] = Counter()
        self.function = ""
        self.name = ""
        self.lines = range(0)

    def add(self, change: str, make: Callable[[], None]) -> None:
        change = plain(change)
        self._seen[self.function, change] += 1
        if (times := self._seen[self.function, change]) > 1:
            change = f"{change} #{times}"
        self.mutants.append(Mutant(self.function, change, self.lines, self.name, make))


def plain(change: str) -> str:
    """`change` on one line and with one kind of quotes: versions of Python write the code of texts
    in texts with others."""
    return " ".join(change.split()).replace('"', "'")


def mutants(tree: ast.Module) -> list[Mutant]:
    """All mutants of `tree`, in the order of its text. Each is made in `tree` itself, so of one
    tree only one may be."""
    found = _Found()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            _of_function(found, statement, statement.name)
        elif isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    _of_function(found, inner, f"{statement.name}.{inner.name}")
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and _is_value(statement.value):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found.function, found.lines = "", range(0)
            found.name = targets[0].id if isinstance(targets[0], ast.Name) else ""
            _expressions(found, statement, "value")
    return found.mutants


def _is_value(node: ast.expr | None) -> bool:
    """Whether a module is assigned a value, rather than the name of a type or a place for one."""
    match node:
        case None | ast.Subscript() | ast.Name():
            return False
        case ast.Call(ast.Name("TypeVar" | "ContextVar")):
            return False
    return True


def _of_function(
    found: _Found, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> None:
    found.function, found.name = name, ""
    found.lines = range(function.lineno, (function.end_lineno or 0) + 1)
    arguments = function.args
    for index in range(len(arguments.defaults)):
        _expression(found, arguments.defaults, index)
    for index, default in enumerate(arguments.kw_defaults):
        if default is not None:
            _expression(found, arguments.kw_defaults, index)
    _block(found, function.body, last=True)


def _block(found: _Found, body: list[ast.stmt], *, last: bool = False) -> None:
    for index in range(len(body)):
        _statement(found, body, index, last=last and index == len(body) - 1)


def _statement(found: _Found, body: list[ast.stmt], index: int, *, last: bool) -> None:
    """The mutants of one statement; `last` says that the function ends with it."""
    statement = body[index]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return
    if isinstance(statement, ast.Assert) or _logs(statement):
        return
    inner = [b for n in ("body", "orelse", "finalbody") if (b := getattr(statement, n, None))]
    end = min((b[0].lineno for b in inner), default=(statement.end_lineno or 0) + 1)
    found.lines = range(statement.lineno, max(end, statement.lineno + 1))
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        _block(found, statement.body, last=True)
        return
    if _may_go(statement, last):
        found.add(f"without: {ast.unparse(statement)}", lambda: _set(body, index, ast.Pass()))
    if isinstance(statement, ast.AugAssign):
        other = _ARITHMETIC.get(type(statement.op))
        if other is not None and not _is_text(statement.value):
            old = ast.unparse(statement)
            swapped = ast.AugAssign(statement.target, other(), statement.value)
            found.add(f"{old} -> {ast.unparse(swapped)}", lambda: _swap(statement, "op", other()))
    if isinstance(statement, ast.If | ast.While):
        _condition(found, statement, "test")
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "handlers", "annotation", "targets", "target"):
            continue
        if isinstance(statement, ast.Raise):
            continue
        if name == "items":
            for item in value:
                _expressions(found, item, "context_expr")
        elif isinstance(value, ast.expr):
            _expressions(found, statement, name)
    for block in inner:
        _block(found, block, last=last)
    for handler in getattr(statement, "handlers", ()):
        if isinstance(handler.type, ast.Tuple):
            found.lines = range(handler.lineno, handler.lineno + 1)
            _members(found, handler.type)
        _block(found, handler.body, last=last)


def _may_go(statement: ast.stmt, last: bool) -> bool:
    """Whether a function without the statement may still do something sensible."""
    match statement:
        case ast.Expr() | ast.Continue() | ast.Break() | ast.AugAssign():
            return True
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.Delete() | ast.Raise():
            return True
        case ast.Return():
            return not last
    return False


def _logs(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("_LOG")))):
            return True
    return False


def _condition(found: _Found, holder: ast.AST, name: str) -> None:
    """A condition that always holds, or never does."""
    test = getattr(holder, name)
    if isinstance(test, ast.Constant):
        return
    for value in (True, False):
        if isinstance(holder, ast.While) and value:
            continue  # it would never end
        fixed = _fixed(test, value)
        found.add(
            f"if {ast.unparse(test)} -> {value}", lambda fixed=fixed: _swap(holder, name, fixed)
        )


def _fixed(test: ast.expr, value: bool) -> ast.expr:
    """`value` as a condition. What `test` names by `:=` is given its value all the same."""
    constant = ast.Constant(value)
    if not any(isinstance(node, ast.NamedExpr) for node in ast.walk(test)):
        return constant
    pair = ast.Tuple([test, constant], ast.Load())
    return ast.Subscript(pair, ast.Constant(1), ast.Load())


def _expressions(found: _Found, holder: ast.AST, name: str) -> None:
    _walk(found, getattr(holder, name), lambda new: _swap(holder, name, new))


def _expression(found: _Found, values: list[ast.expr] | list[ast.expr | None], at: int) -> None:
    value = values[at]
    assert value is not None
    _walk(found, value, lambda new: _set(values, at, new))


def _walk(found: _Found, node: ast.expr, put: Callable[[ast.expr], None]) -> None:
    """The mutants of `node` and of what is in it; `put` sets another in its place."""
    if _is_text(node):
        return
    for new in _instead(node):
        found.add(f"{ast.unparse(node)} -> {ast.unparse(new)}", lambda new=new: put(new))
    if isinstance(node, ast.IfExp):
        _condition(found, node, "test")
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        _members(found, node)
    if isinstance(node, ast.Call):
        _arguments(found, node)
        if ast.unparse(node.func) in _OF_TEXTS:
            _expression_of_text(found, node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return
    for name, value in ast.iter_fields(node):
        if isinstance(node, ast.NamedExpr) and name == "target":
            continue
        if isinstance(value, ast.expr):
            _expressions(found, node, name)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.expr):
                    _expression(found, value, index)
                elif isinstance(each, ast.keyword) and each.arg not in _WORDS:
                    _expressions(found, each, "value")
                elif isinstance(each, ast.comprehension):
                    _expressions(found, each, "iter")
                    for at, test in enumerate(each.ifs):
                        always = _fixed(test, True)
                        found.add(
                            f"if {ast.unparse(test)} -> True",
                            lambda ifs=each.ifs, at=at, always=always: _set(ifs, at, always),
                        )
                        _expression(found, each.ifs, at)


def _instead(node: ast.expr) -> Iterator[ast.expr]:
    """What may stand for `node`."""
    match node:
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as number):
            yield ast.Constant(number + 1)
        case ast.Constant(str() as text):
            yield ast.Constant(f"{text}~")
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as number)):
            yield ast.Constant(1 - number)
        case ast.Compare(left, [op], [right]):
            for other in _COMPARISONS[type(op)]:
                yield ast.Compare(left, [other()], [right])
        case ast.Compare(left, ops, comparators):
            for at, op in enumerate(ops):
                for other in _COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*ops[:at], other(), *ops[at + 1 :]], comparators)
        case ast.BoolOp(op, values):
            for at in range(len(values)):
                rest = values[:at] + values[at + 1 :]
                if not any(isinstance(n, ast.NamedExpr) for n in ast.walk(values[at])):
                    yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.UnaryOp(ast.USub(), operand):
            yield operand
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            if not _is_text(left) and not _is_text(right):
                yield ast.BinOp(left, _ARITHMETIC[type(op)](), right)
        case ast.Call(ast.Name(name), arguments, keywords) if name in _OPPOSITE:
            yield ast.Call(ast.Name(_OPPOSITE[name], ast.Load()), arguments, keywords)
        case ast.Call(ast.Attribute(value, name), []) if name in _SPELLING:
            yield value


def _members(found: _Found, node: ast.Set | ast.Tuple | ast.List) -> None:
    """A set without one of its members. Tuples of two are pairs, seldom sets."""
    if isinstance(node, ast.Tuple) and not all(isinstance(e, ast.Name) for e in node.elts):
        return
    if len(node.elts) < 2 or all(_is_text(each) for each in node.elts):
        return
    for at, member in enumerate(node.elts):
        rest = node.elts[:at] + node.elts[at + 1 :]
        found.add(
            f"{ast.unparse(node)} without {ast.unparse(member)}",
            lambda rest=rest: _swap(node, "elts", rest),
        )


def _arguments(found: _Found, call: ast.Call) -> None:
    """A call without one of its named arguments."""
    for at, argument in enumerate(call.keywords):
        if argument.arg is None or argument.arg in _WORDS:
            continue
        rest = call.keywords[:at] + call.keywords[at + 1 :]
        found.add(
            f"{ast.unparse(call.func)}(…) without {argument.arg}={ast.unparse(argument.value)}",
            lambda rest=rest: _swap(call, "keywords", rest),
        )


def _expression_of_text(found: _Found, call: ast.Call) -> None:
    """A regular expression without one of its alternatives, and without its flags."""
    if len(call.args) == 2 and ast.unparse(call.func) in _COMPILING:
        found.add(
            f"{ast.unparse(call)} without its flags", lambda: _swap(call, "args", call.args[:1])
        )
    if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        for part, rest in _alternatives(call.args[0].value):
            found.add(
                f"{ast.unparse(call.func)} without {part}",
                lambda rest=rest: _set(call.args, 0, ast.Constant(rest)),
            )


def _alternatives(pattern: str) -> Iterator[tuple[str, str]]:
    """Each alternative of a regular expression, at any depth, and the pattern without it."""
    opened: list[list[tuple[int, int]]] = [[]]
    starts, in_set, at, groups = [0], False, 0, []
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif in_set:
            in_set = char != "]"
        elif char == "[":
            in_set, at = True, at + 1
        elif char == "(":
            head = re.match(r"\((\?(:|=|!|<=|<!|P<\w+>))?", pattern[at:])
            assert head is not None
            at += head.end() - 1
            opened.append([])
            starts.append(at + 1)
        elif char == "|" or (char == ")" and len(opened) > 1):
            opened[-1].append((starts[-1], at))
            starts[-1] = at + 1
            if char == ")":
                starts.pop()
                groups.append(opened.pop())
        at += 1
    opened[-1].append((starts[-1], len(pattern)))
    for parts in [*groups, opened[0]]:
        for start, end in parts if len(parts) > 1 else ():
            if (start, end) == parts[-1]:
                yield pattern[start:end], pattern[: start - 1] + pattern[end:]
            else:
                yield pattern[start:end], pattern[:start] + pattern[end + 1 :]


def _is_text(node: ast.expr) -> bool:
    """Whether it is a text for people, rather than a value that something is compared with."""
    match node:
        case ast.JoinedStr():
            return True
        case ast.Constant(str() as text):
            return len(text) > _LOOKS_LIKE_A_KEY or not text.replace("_", "").isalnum()
        case ast.IfExp(_, body, orelse):
            return _wordy(body) and _wordy(orelse)
        case ast.BinOp(left, ast.Add(), right):
            return _is_text(left) or _is_text(right)
        case ast.Call(ast.Attribute(value, "join")):
            return _wordy(value)
    return False


def _wordy(node: ast.expr) -> bool:
    return _is_text(node) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _set(values: list, at: int, new: ast.AST) -> None:  # type: ignore[type-arg]
    values[at] = ast.copy_location(new, values[at])
    ast.fix_missing_locations(values[at])


def _swap(holder: ast.AST, name: str, new: object) -> None:
    if isinstance(new, ast.expr):
        ast.copy_location(new, getattr(holder, name))
        ast.fix_missing_locations(new)
    setattr(holder, name, new)
