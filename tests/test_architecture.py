"""What a machine can check of the house style: import numbers, and what the core must not use or leave out."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Imports go to smaller numbers, or within one number without a cycle. A folder gives its number to all its files; the
# longest match counts. What stands here is what the packages are; a new module has to be placed before it can merge.
NUMBERS = {
    "exchange": {
        "units.py": 0,
        "enums.py": 0,
        "errors.py": 0,
        "wire.py": 0,  # widths of fields: facts of the vocabulary, like units
        "clock.py": 0,
        "agenda.py": 0,  # three flags that markets set and the exchange reads
        "digest.py": 0,
        "build.py": 0,
        "_version.py": 0,
        "packed": 0,  # packed columns and what is made of nothing else: what every store stands on
        "validation.py": 0,
        "instrument.py": 1,
        "rules": 1,
        "periods.py": 2,
        "policies.py": 1,  # what functions from outside must look like
        "commands": 1,
        "events": 1,
        "event_log.py": 1,
        "layout.py": 2,
        "records_generator.py": 2,
        "records.py": 2,
        "codec.py": 2,
        "bus.py": 3,
        "statistics.py": 3,  # a sink of event blocks
        "book": 3,
        "margin": 3,
        "accounts/ledger.py": 3,
        "triggers/watch.py": 3,  # one price that stops wait for
        "triggers/trail.py": 3,  # how trailing stops follow a price
        "triggers/plan.py": 3,  # what the orders of one market do beyond trading
        "triggers/reducing.py": 3,
        "triggers/watches.py": 5,
        "triggers/hooks.py": 5,
        "triggers": 6,
        "triggers/__init__.py": 9,
        "market.py": 4,  # one instrument: its book, its valuation, its thresholds
        "accounts/fund_money.py": 5,
        "accounts/leg_margin.py": 5,
        "accounts/pockets.py": 5,
        "accounts/assets.py": 5,
        "accounts/borrowing.py": 6,  # who may borrow what: asks the clearing
        "accounts/interest.py": 6,
        "accounts/clearing.py": 5,  # what a fill means in money: the ledger seen with the markets
        "audit.py": 5,
        "desks": 6,
        "settling.py": 7,
        "desks/gateway.py": 7,
        "risk": 6,
        "phases": 6,
        "phases/bands.py": 5,
        "pricing": 3,  # pure functions, windows over time, what one market was told
        "pricing/book_prices.py": 5,
        "pricing/mark_model.py": 5,
        "pricing/funding_task.py": 6,
        "pricing/expiry.py": 6,
        "pricing/__init__.py": 9,
        "views.py": 7,
        "exchange.py": 8,
        "__init__.py": 9,
        "accounts/__init__.py": 9,
        "book/__init__.py": 9,
        "desks/__init__.py": 9,
        "packed/__init__.py": 9,
        "margin/__init__.py": 9,
        "risk/__init__.py": 9,
        "phases/__init__.py": 9,
    },
    "replay": {
        "__init__.py": 0,
        "zstd.py": 0,
        "wording.py": 0,
        "percent.py": 0,
        "text_table.py": 0,
        "sentences.py": 0,
        "atomic_file.py": 0,
        "toml_file.py": 0,
        "instruments.py": 0,
        "packing.py": 0,
        "parquet.py": 1,
        "venues": 0,
        "sources": 0,
        "tape_format.py": 0,
        "tape.py": 0,
        "journal.py": 0,
        "interrupt.py": 0,
        "workloads.py": 1,
        "schedule.py": 1,
        "population.py": 1,
        "recorded_adl.py": 1,
        "summary.py": 1,
        "flows/__init__.py": 3,  # names its flows, and imports them when they are used
        "flows": 2,
        "flows/setting.py": 1,
        "flows/flow.py": 1,
        "player.py": 2,
        "demo.py": 2,
        "bench.py": 2,
        "explain.py": 1,
        "calc": 2,
        "contents.py": 2,
        "verify": 2,
        "convert.py": 2,
        "scenario.py": 3,  # source, venue and accounts put together
        "observers": 1,  # sinks of event blocks: what a run came to, for whoever tells or draws it
        "report": 3,
        "progress.py": 3,
        "shock": 3,
        "crash": 4,
        "sweep": 4,
        "paper": 4,
        "cli.py": 6,
        "commands": 5,
        "__main__.py": 6,
    },
}

LINES_MOST = 700
TOO_LONG = {"exchange/records.py": 3_000}  # records.py is generated

CORE_LIBRARIES = {"msgspec", "sortedcontainers", "mypy_extensions", "librt"}

# Deterministic means: nothing comes in but commands. The build module works on files and is no part of the engine.
EXEMPT = {"exchange/build.py": "reads, hashes and deletes files; run by setup.py and before the engine is imported"}
# The generator of records.py is run by hand, never by the engine; it writes that one file and says so.
GENERATOR = "exchange/records_generator.py"
FORBIDDEN_MODULES = {"time", "random", "datetime", "logging", "os", "io", "pathlib", "secrets", "uuid", "socket"} | {
    "threading",
    "asyncio",
    "subprocess",
    "warnings",
}
FORBIDDEN_NAMES = {"print", "open", "input", "float", "hash", "id", "complex", "round", "eval", "exec", "globals"}


def files(package: str) -> list[Path]:
    """The committed source of a package; the build id is written by a build."""
    return sorted(path for path in (ROOT / package).rglob("*.py") if path.name != "_build_id.py")


def name_of(path: Path) -> str:
    """A path as the tables above write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def number_of(name: str) -> int | None:
    """The import number of a file, by its longest match, or None."""
    package, _, inside = name.partition("/")
    table = NUMBERS[package]
    while inside:
        if inside in table:
            return table[inside]
        inside = inside.rpartition("/")[0]
    return None


def file_of(module: str, package: str) -> str | None:
    """The file of a module's dotted name, or None where it is outside the package."""
    if module.partition(".")[0] != package:
        return None
    base = ROOT / module.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return name_of(path)
    return None


def module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run at import; those under `if TYPE_CHECKING` do not."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        for field in ("body", "orelse", "finalbody", "handlers"):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                pending.extend(child for child in getattr(node, field, []) if isinstance(child, ast.stmt))


def imported(nodes: Iterator[ast.AST], package: str) -> list[str]:
    """The package's files that these statements import; a name of a package may be one of its modules."""
    found = []
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            inner = [name for name in submodules if file_of(name, package)]
            names = inner if len(inner) == len(submodules) else [node.module, *inner]
        found += [file for name in names if (file := file_of(name, package))]
    return found


@pytest.mark.parametrize("package", ["exchange", "replay"])
def test_every_file_has_an_import_number(package: str) -> None:
    """A new module says where it belongs."""
    missing = [name_of(path) for path in files(package) if number_of(name_of(path)) is None]
    assert missing == []


@pytest.mark.parametrize("package", ["exchange", "replay"])
def test_imports_go_to_smaller_or_equal_numbers(package: str) -> None:
    """Imports inside functions count too: they are only later, not elsewhere. Types for checkers do not."""
    wrong = []
    for path in files(package):
        own = number_of(name_of(path))
        assert own is not None, name_of(path)
        checked_only = {
            id(node)
            for block in ast.walk(tree_of(path))
            if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
            for node in ast.walk(block)
        }
        nodes = (node for node in ast.walk(tree_of(path)) if id(node) not in checked_only)
        for target in imported(nodes, package):
            number = number_of(target)
            assert number is not None, target
            if number > own:
                wrong.append(f"{name_of(path)} ({own}) imports {target} ({number})")
    assert wrong == []


@pytest.mark.parametrize("package", ["exchange", "replay"])
def test_no_cycle_at_module_level(package: str) -> None:
    """Every import order works."""
    graph = {name_of(path): set(imported(module_level(tree_of(path)), package)) for path in files(package)}
    while graph:
        leaves = {name for name, targets in graph.items() if not (targets - {name}) & graph.keys()}
        assert leaves, f"a cycle among {sorted(graph)}"
        for name in leaves:
            del graph[name]


def test_replay_is_never_imported_by_the_exchange() -> None:
    """The venue knows nothing of the world around it."""
    for path in files("exchange"):
        assert imported(ast.walk(tree_of(path)), "replay") == [], name_of(path)


def test_the_core_uses_its_four_libraries_and_no_other() -> None:
    """msgspec, sortedcontainers and the two run-time packages of compiled code. The build module reads no library."""
    allowed = CORE_LIBRARIES | set(sys.stdlib_module_names) | {"exchange"}
    for path in files("exchange"):
        for node in ast.walk(tree_of(path)):
            roots: list[str] = []
            if isinstance(node, ast.Import):
                roots = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name_of(path)}: relative import"
                roots = [(node.module or "").split(".")[0]]
            assert set(roots) <= allowed, f"{name_of(path)}: {roots}"


@pytest.mark.parametrize("path", [path for path in files("exchange") if name_of(path) not in EXEMPT], ids=name_of)
def test_the_core_is_deterministic(path: Path) -> None:
    """No floats, no clock, no chance, no files, no printing, no logging; no `assert`, which -O removes."""
    name = name_of(path)
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append((node.lineno, f"the float {node.value}"))
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append((node.lineno, "true division"))
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            found.append((node.lineno, node.id))
        elif isinstance(node, ast.Assert):
            found.append((node.lineno, "assert"))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            allowed = {"pathlib"} if name == GENERATOR else set()
            found += [(node.lineno, root) for root in {n.split(".")[0] for n in names} & FORBIDDEN_MODULES - allowed]
    assert found == []


@pytest.mark.parametrize("package", ["exchange", "replay"])
def test_everything_public_has_a_docstring(package: str) -> None:
    """Modules, classes, functions and methods; not a package file without code, not a nested function."""
    missing = []
    for path in files(package):
        tree = tree_of(path)
        if tree.body and not ast.get_docstring(tree):
            missing.append(name_of(path))
        owners: list[ast.Module | ast.ClassDef] = [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef))]
        for owner in owners:
            for node in owner.body:
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    continue
                is_public = not node.name.startswith("_") and not (
                    isinstance(owner, ast.ClassDef) and owner.name.startswith("_")
                )
                if is_public and not ast.get_docstring(node):
                    missing.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert missing == []


@pytest.mark.parametrize("package", ["exchange", "replay"])
def test_a_file_needs_no_scrolling_to_be_understood(package: str) -> None:
    """700 lines; the few that are longer may not grow past what they are allowed."""
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(package)}
    assert {n: lines for n, lines in lengths.items() if lines > TOO_LONG.get(n, LINES_MOST)} == {}


def test_the_exceptions_are_still_needed() -> None:
    """A name in a list of exceptions outlives its file only by mistake."""
    for name in [*TOO_LONG, *EXEMPT, GENERATOR]:
        assert (ROOT / name).is_file(), name
