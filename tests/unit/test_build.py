"""The list of compiled modules, and the refusal of extensions that were not built from the present source."""

import ast
import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from exchange import build

ROOT = Path(build.ROOT)


def write(root: Path, path: str, text: str = "") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def add_extension(root: Path, path: str, suffix: str = EXTENSION_SUFFIXES[0]) -> None:
    write(root, path.removesuffix(".py") + suffix)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package of two compiled modules, and two that are not."""
    write(tmp_path, "exchange/__init__.py")
    write(tmp_path, "exchange/instrument.py", "PPM = 1\n")
    write(tmp_path, "exchange/units.py", "A = 1\n")
    write(tmp_path, "exchange/book/levels.py", "B = 1\n")
    return tmp_path


@pytest.fixture
def built(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same package with empty files where its extensions would be, which say that they were built from it."""
    for path in [*build.compiled_paths(str(tree)), build.BUILD_ID, build.LIBRARY]:
        add_extension(tree, path)
    hashes = build.hash_files(build.source_paths(str(tree)), str(tree))
    monkeypatch.setattr(build, "_built_from", lambda: hashes)
    return tree


def refusal(root: Path) -> str:
    with pytest.raises(build.StaleExtensionError) as caught:
        build.refuse_stale_extensions(str(root))
    return str(caught.value)


# Which modules are compiled


def test_every_name_on_the_exclusion_list_exists_and_has_a_reason() -> None:
    """An entry outlives its module only by mistake."""
    for path, reason in build.NOT_COMPILED.items():
        assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file(), path
        assert reason


def test_no_compiled_module_defines_a_struct() -> None:
    """Compiled, a Struct loses `frozen` and `tag` without a word."""
    for path in build.source_paths():
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any("Struct" in ast.unparse(base) for base in node.bases):
                assert not build.is_compiled(path), f"{path}: {node.name}"


def test_no_compiled_module_subclasses_an_excluded_class() -> None:
    """A Struct by way of a base class of another module is a Struct too."""
    classes = {}
    for path in build.source_paths():
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name] = (path, [ast.unparse(base).split(".")[-1] for base in node.bases])
    for name, (path, bases) in classes.items():
        for base in bases:
            where = classes.get(base, (path, []))[0]
            assert build.is_compiled(where) or not build.is_compiled(path), f"{path}: {name}({base})"


def test_compiled_modules_are_sorted_and_leave_out_packages_and_the_build_id(tree: Path) -> None:
    """The order of the targets decides the bytes of the generated C."""
    write(tree, build.BUILD_ID)
    write(tree, "exchange/__pycache__/old.py")
    assert build.compiled_paths(str(tree)) == ["exchange/book/levels.py", "exchange/units.py"]


def test_source_hash_changes_with_a_byte_and_with_a_name(tree: Path) -> None:
    """Names and bytes both count; the build id itself does not."""

    def now() -> str:
        return build.source_hash(build.hash_files(build.source_paths(str(tree)), str(tree)))

    first = now()
    write(tree, build.BUILD_ID, "anything")
    assert now() == first
    (tree / "exchange/units.py").rename(tree / "exchange/unit.py")
    renamed = now()
    assert renamed != first
    (tree / "exchange/unit.py").rename(tree / "exchange/units.py")
    assert now() == first
    write(tree, "exchange/units.py", "A = 2\n")
    assert now() not in (first, renamed)


# What is refused


def test_source_without_extensions_is_accepted(tree: Path) -> None:
    """It runs interpreted."""
    build.refuse_stale_extensions(str(tree))


def test_extensions_of_the_present_source_are_accepted(built: Path) -> None:
    """Nothing differs."""
    build.refuse_stale_extensions(str(built))


@pytest.mark.parametrize("path", ["exchange/units.py", "exchange/instrument.py", "exchange/__init__.py"])
def test_changed_source_is_refused_by_name(built: Path, path: str) -> None:
    """A module that stays interpreted counts: mypyc writes its constants into the code of those that import it."""
    write(built, path, "A = 3\n")
    message = refusal(built)
    assert f"{path} has changed" in message
    assert message.count("has changed") == 1
    assert build.REBUILD_COMMAND in message
    assert build.CLEAN_COMMAND in message


def test_new_interpreted_module_is_refused(built: Path) -> None:
    """The others may import it, so the hash that was compiled in no longer speaks for them."""
    write(built, "exchange/views.py")
    assert "exchange/views.py is new" in refusal(built)


def test_new_module_without_an_extension_is_refused(built: Path) -> None:
    """Some compiled and others not."""
    write(built, "exchange/new.py")
    assert "exchange/new.py is not compiled, and others are" in refusal(built)


def test_missing_extension_is_refused(built: Path) -> None:
    """Some compiled and others not."""
    (built / ("exchange/units" + EXTENSION_SUFFIXES[0])).unlink()
    assert "exchange/units.py is not compiled, and others are" in refusal(built)


def test_missing_library_is_refused(built: Path) -> None:
    """Without the library the other extensions are empty."""
    (built / (build.LIBRARY.removesuffix(".py") + EXTENSION_SUFFIXES[0])).unlink()
    assert f"{build.LIBRARY} is not compiled" in refusal(built)


def test_extension_whose_source_is_gone_is_refused(built: Path) -> None:
    """It would be imported as if the module still existed."""
    (built / "exchange/units.py").unlink()
    assert "exchange/units.py is not to be compiled, and is" in refusal(built)


def test_extension_of_an_excluded_module_is_refused(built: Path) -> None:
    """It would be imported in place of the source."""
    add_extension(built, "exchange/instrument.py")
    assert "exchange/instrument.py is not to be compiled, and is" in refusal(built)


def test_removed_interpreted_module_is_refused(built: Path) -> None:
    """Its constants live on in the machine code."""
    (built / "exchange/instrument.py").unlink()
    assert "exchange/instrument.py is gone" in refusal(built)


def test_long_list_of_differences_is_cut(built: Path) -> None:
    """A message is read; a hundred lines are not."""
    for number in range(20):
        write(built, f"exchange/new_{number:02}.py")
    assert "and 12 more" in refusal(built)


def test_extensions_of_another_python_are_ignored(tree: Path) -> None:
    """Python would not load them either."""
    suffix = ".pyd" if os.name != "nt" else ".cpython-99-x86_64-linux-gnu.so"
    add_extension(tree, "exchange/units.py", suffix)
    add_extension(tree, "exchange/units.py", ".cpython-99-x86_64-linux-gnu.so")
    build.refuse_stale_extensions(str(tree))


def test_clean_deletes_extensions_of_every_python_and_no_source(built: Path) -> None:
    """Afterwards the source runs interpreted."""
    add_extension(built, "exchange/units.py", ".cpython-99-x86_64-linux-gnu.so")
    write(built, build.BUILD_ID)
    before = build.source_paths(str(built))
    deleted = build.clean(str(built))
    assert len(deleted) == 6
    assert build.clean(str(built)) == []
    assert build.source_paths(str(built)) == before
    build.refuse_stale_extensions(str(built))


def test_build_in_place_begins_without_leftovers(built: Path) -> None:
    """A module that left the list must not stay behind as an extension; what will be rebuilt stays."""
    add_extension(built, "exchange/instrument.py")
    add_extension(built, "exchange/book/gone.py")
    build.remove_leftovers(str(built))
    build.refuse_stale_extensions(str(built))


# What runs in this process


def test_build_info_names_what_runs() -> None:
    """The hash is that of the source, compiled or not."""
    info = build.build_info()
    assert info.source_hash == build.source_hash(build.hash_files(build.source_paths()))
    assert str(info).startswith("compiled (" if info.compiled else "interpreted (")
    assert info.module_count == (len(build.compiled_paths()) if info.compiled else 0)


@pytest.mark.compiled_only
def test_compiled_modules_come_from_extensions() -> None:
    """The check would be worth nothing if Python took the source all the same."""
    import exchange.units

    assert not str(exchange.units.__file__).endswith(".py")


@pytest.mark.compiled_only
def test_changed_source_is_refused_in_a_fresh_process_and_clean_helps(tmp_path: Path) -> None:
    """The real extensions beside source that was edited after the build; the message's own command puts it right."""
    shutil.copytree(ROOT / "exchange", tmp_path / "exchange", ignore=shutil.ignore_patterns("__pycache__"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # The copy comes first on the path, whatever is installed.
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    show = "from exchange.build import build_info; print(build_info().compiled)"
    assert run("-c", show).stdout == "True\n"
    with (tmp_path / "exchange/units.py").open("a") as source:
        source.write("# An edit.\n")
    refused = run("-c", show)
    assert refused.returncode == 1
    assert "exchange/units.py has changed" in refused.stderr
    assert run("exchange/build.py", "clean").returncode == 0
    assert run("-c", show).stdout == "False\n"


# setup.py


def setup_py(compile_choice: str | None, tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for package in ("exchange", "replay"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "_build_id.py")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    environment = {name: value for name, value in os.environ.items() if name not in ("CASCADE_COMPILE", "CC")}
    if compile_choice is not None:
        environment["CASCADE_COMPILE"] = compile_choice
    command = [sys.executable, "setup.py", "-q", "build", "--build-lib", "built"]
    return subprocess.run(
        command, cwd=tmp_path, env={**environment, **variables}, capture_output=True, text=True, check=False
    )


def test_missing_compiler_gives_the_interpreted_source_and_one_warning(tmp_path: Path) -> None:
    """Unset, CASCADE_COMPILE takes what works."""
    done = setup_py(None, tmp_path, CC="no-such-compiler")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("WARNING: cascade-exchange is installed INTERPRETED") == 1
    assert list((tmp_path / "built").rglob("*.so")) == []
    assert (tmp_path / "built/exchange/units.py").is_file()


def test_missing_compiler_is_an_error_when_asked_to_compile(tmp_path: Path) -> None:
    """CASCADE_COMPILE=1 never gives something else."""
    done = setup_py("1", tmp_path, CC="no-such-compiler")
    assert done.returncode != 0
    assert "a trivial extension could not be built" in done.stderr


def test_interpreted_on_request_gives_no_warning(tmp_path: Path) -> None:
    """CASCADE_COMPILE=0 is a choice, not a failure."""
    done = setup_py("0", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert list((tmp_path / "built").rglob("*.so")) == []


def test_unknown_choice_is_an_error(tmp_path: Path) -> None:
    """A typing mistake must not choose."""
    done = setup_py("yes", tmp_path)
    assert done.returncode != 0
    assert "expected CASCADE_COMPILE to be 0, 1 or unset, found 'yes'" in done.stderr
