"""Which modules are compiled, and whether the compiled code belongs to the source beside it.

Owns the list of compiled modules, the hash of the source, and the check that `exchange` makes before it imports any of
them. A build writes the hashes of the source into `exchange/_build_id.py`, which is compiled into the same library as
the engine: what comes back at run time is the hash of the source that the machine code was made from.

This module reads files and prints when it is run as a program, unlike the rest of the package, and imports nothing from
it: setup.py loads it by its path, and `python exchange/build.py clean` works where importing `exchange` is refused.

Limits: only extensions that this Python would load are looked at; those of another version are never imported. Without
the .py files beside the extensions nothing can be compared, and the extensions are refused.
"""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # Run by path, Python searches this folder first: a module here could hide one of the standard library.
    sys.path.pop(0)

import hashlib
import os
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Final, NamedTuple

PACKAGE: Final = "exchange"
ROOT: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD_ID: Final = "exchange/_build_id.py"
# The shared library that holds all the machine code. The other extensions are stubs of one call into it.
LIBRARY_GROUP: Final = "exchange._cascade"
LIBRARY: Final = "exchange/_cascade__mypyc.py"
REBUILD_COMMAND: Final = "python -m pip install -e .    (or, with the dev extra: python setup.py build_ext --inplace)"
REINSTALL_COMMAND: Final = "python -m pip install --force-reinstall cascade-exchange"
CLEAN_COMMAND: Final = "python exchange/build.py clean"

_STRUCTS: Final = "defines msgspec Structs, of which mypyc silently drops frozen and tag"

# A key ending in / stands for a folder. Every other module of the package is compiled. Package files (__init__.py) are
# not either: they only import.
NOT_COMPILED: Final[dict[str, str]] = {
    "exchange/_version.py": "one constant, read as text by the packaging tools",
    "exchange/build.py": "must work before anything compiled is imported",
    "exchange/bus.py": "runs the handlers of users, which are Python anyway",
    "exchange/codec.py": "turns records into Structs and back; Python objects on both sides leave nothing to gain",
    "exchange/commands/": _STRUCTS,
    "exchange/events/": _STRUCTS,
    "exchange/instrument.py": _STRUCTS,
    "exchange/layout.py": "reads Structs by reflection",
    "exchange/policies.py": "protocols and a registry of the user's functions, which are Python anyway",
    "exchange/records_generator.py": "runs only when the layout changes",
    "exchange/rules/": _STRUCTS,
    "exchange/wire.py": "annotations of the Structs, read by reflection",
    "exchange/validation.py": "reads Structs by reflection",
    "exchange/views.py": "makes Python objects for those who look, off the hot path",
}


class StaleExtensionError(ImportError):
    """The compiled extensions were not built from the source beside them."""


class BuildInfo(NamedTuple):
    """What runs: compiled code or the interpreted source, and where it comes from."""

    compiled: bool
    source_hash: str
    """SHA-256 of the names and the bytes of the package's source."""
    python: str
    mypy: str | None
    """Version of mypy that compiled it; None when interpreted."""
    compiler: str | None
    """First line of what the C compiler says about itself at build time; None when interpreted."""
    module_count: int
    """How many modules are compiled; 0 when interpreted."""

    def __str__(self) -> str:
        if not self.compiled:
            return f"interpreted (several times slower than compiled), source {self.source_hash[:12]}, {self.python}"
        made_by = f"mypy {self.mypy}, {self.compiler}"
        return f"compiled ({self.module_count} modules), source {self.source_hash[:12]}, {self.python}, {made_by}"


def source_paths(root: str = ROOT) -> list[str]:
    """Return every source file of the package, sorted, relative to `root` with forward slashes; not the build id."""
    return _scan(root)[0]


def compiled_paths(root: str = ROOT) -> list[str]:
    """Return the source files that a build compiles, sorted; the build id comes on top of them."""
    return [path for path in source_paths(root) if is_compiled(path)]


def is_compiled(path: str) -> bool:
    """Return whether a build compiles this source file."""
    folder, name = os.path.split(path)
    return name != "__init__.py" and path not in NOT_COMPILED and f"{folder}/" not in NOT_COMPILED


def hash_files(paths: list[str], root: str = ROOT) -> dict[str, str]:
    """Return the SHA-256 of each file."""
    hashes = {}
    for path in paths:
        with open(os.path.join(root, path), "rb") as source:
            hashes[path] = hashlib.sha256(source.read()).hexdigest()
    return hashes


def source_hash(file_hashes: dict[str, str]) -> str:
    """Return one hash for all files: it changes when a file is added, removed, renamed or edited."""
    listing = "".join(f"{file_hashes[path]}  {path}\n" for path in sorted(file_hashes))
    return hashlib.sha256(listing.encode()).hexdigest()


def build_id_text(mypy: str, compiler: str, root: str = ROOT) -> str:
    """Return the text of the module that a build compiles in beside the engine.

    All source files count, not only the compiled ones: mypyc writes the constants and the types of the modules that
    stay interpreted into the machine code of those that import them.
    """
    file_hashes = hash_files(source_paths(root), root)
    lines = [
        '"""Written by setup.py: the source that the compiled modules were made from."""',
        "",
        "from typing import Final",
        "",
        f'SOURCE_HASH: Final = "{source_hash(file_hashes)}"',
        f"MYPY: Final = {mypy!r}",
        f"COMPILER: Final = {compiler!r}",
        "FILE_HASHES: Final[dict[str, str]] = {",
        *(f'    "{path}": "{digest}",' for path, digest in sorted(file_hashes.items())),
        "}",
    ]
    return "\n".join(lines) + "\n"


def refuse_stale_extensions(root: str = ROOT) -> None:
    """Raise StaleExtensionError if there are compiled extensions and they were not built from the present source.

    Nothing happens where there are none: the source then runs interpreted. Cost: one read of the source, 1 to 3 ms.
    """
    sources, extensions = _scan(root)
    if not extensions:
        return
    wanted = {path for path in sources if is_compiled(path)} | {BUILD_ID, LIBRARY}
    if extensions != wanted:
        raise _stale(
            [f"{path} is not compiled, and others are" for path in sorted(wanted - extensions)]
            + [f"{path} is not to be compiled, and is" for path in sorted(extensions - wanted)]
        )
    built_from = _built_from()
    present = hash_files(sources, root)
    if built_from != present:
        raise _stale(
            [f"{path} is new" for path in sorted(present.keys() - built_from.keys())]
            + [f"{path} is gone" for path in sorted(built_from.keys() - present.keys())]
            + [f"{path} has changed" for path in sources if built_from.get(path, present[path]) != present[path]]
        )


def build_info() -> BuildInfo:
    """Return what runs in this process. For `cascade info`, test headers and reports of measurements."""
    python = f"{sys.implementation.name} {sys.version.split()[0]}"
    sources, extensions = _scan(ROOT)
    if not extensions:
        present = hash_files(sources)
        return BuildInfo(False, source_hash(present), python, None, None, 0)
    build_id = import_module("exchange._build_id")
    module_count = len([path for path in build_id.FILE_HASHES if is_compiled(path)])
    return BuildInfo(True, build_id.SOURCE_HASH, python, build_id.MYPY, build_id.COMPILER, module_count)


def clean(root: str = ROOT) -> list[str]:
    """Delete all extensions beside the source, those of other Python versions too, and return what was deleted."""
    deleted = []
    for folder, _, names in os.walk(os.path.join(root, PACKAGE)):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if name.endswith((".so", ".pyd")) or path == BUILD_ID:
                os.remove(os.path.join(folder, name))
                deleted.append(path)
    return sorted(deleted)


def remove_leftovers(root: str = ROOT) -> None:
    """Delete the extensions of this Python whose source is gone or no longer compiled; a build in place begins so."""
    wanted = {*compiled_paths(root), BUILD_ID, LIBRARY}
    for path in _scan(root)[1] - wanted:
        for suffix in EXTENSION_SUFFIXES:
            extension = os.path.join(root, path.removesuffix(".py") + suffix)
            if os.path.exists(extension):
                os.remove(extension)


def _scan(root: str) -> tuple[list[str], set[str]]:
    """Return the source files, sorted, and the source files (existing or not) that have an extension."""
    sources = []
    extensions = set()
    top = os.path.join(root, PACKAGE)
    for folder, folders, names in os.walk(top):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        prefix = PACKAGE + folder[len(top) :].replace(os.sep, "/") + "/"
        for name in names:
            if name.endswith(".py"):
                sources.append(prefix + name)
                continue
            for suffix in EXTENSION_SUFFIXES:  # Longest first: ".so" alone would take in other Python versions.
                module = name.removesuffix(suffix)
                if module != name:
                    if "." not in module:
                        extensions.add(f"{prefix}{module}.py")
                    break
    return sorted(path for path in sources if path != BUILD_ID), extensions


def _built_from() -> dict[str, str]:
    """Return the hashes that were compiled in."""
    try:
        build_id = import_module("exchange._build_id")
    except ImportError as error:
        raise _stale([f"they cannot be loaded: {error}"]) from error
    file_hashes: dict[str, str] = build_id.FILE_HASHES
    return file_hashes


def _stale(differences: list[str]) -> StaleExtensionError:
    shown = differences[:8]
    if len(differences) > len(shown):
        shown.append(f"and {len(differences) - len(shown)} more")
    is_checkout = os.path.exists(os.path.join(ROOT, "setup.py"))
    return StaleExtensionError(
        "the compiled extensions of 'exchange' were not built from the source beside them:\n"
        + "".join(f"  {difference}\n" for difference in shown)
        + f"In {ROOT}, rebuild them:  {REBUILD_COMMAND if is_checkout else REINSTALL_COMMAND}\n"
        + f"or remove them and run the source interpreted:  {CLEAN_COMMAND}",
        name=PACKAGE,
    )


def _main(arguments: list[str]) -> int:
    if arguments == ["clean"]:
        for path in clean():
            print(f"removed {path}")
        return 0
    if arguments == ["list"]:
        for path in compiled_paths():
            print(path)
        return 0
    print("usage: python exchange/build.py clean | list", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(_main(sys.argv[1:]))
