"""Runs of `cascade` in other processes: the same build, an interpreted copy of it, other Python versions."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
_NEEDED = "import librt.vecs, msgspec, mypy_extensions, sortedcontainers, sys; print('%d.%d' % sys.version_info[:2])"


def run_json(python: str | Path, root: Path, *arguments: str) -> dict[str, Any]:
    """Return the JSON summary of `cascade run ARGUMENTS` by some Python with the packages in `root`."""
    return cascade_json(python, root, "run", *arguments)[-1]


def cascade_json(python: str | Path, root: Path, *arguments: str) -> list[dict[str, Any]]:
    """Return the JSON lines of `cascade ARGUMENTS --json` by some Python with the packages in `root`."""
    command = [str(python), "-m", "replay", *arguments, "--json"]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def interpreted_copy(folder: Path) -> Path:
    """Copy the packages without their extensions."""
    for package in ("exchange", "replay"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "_build_id.py")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    return folder


def python_of(version: str) -> str | None:
    """Return a Python of that version that has the run-time dependencies, or None.

    Looked for in CASCADE_PYTHONS (paths, separated as in PATH), then this one, then the PATH, then pyenv.
    """
    candidates = [*os.environ.get("CASCADE_PYTHONS", "").split(os.pathsep), sys.executable, f"python{version}"]
    pyenv = shutil.which("pyenv")
    if pyenv is not None:
        found = subprocess.run([pyenv, "prefix", version], capture_output=True, text=True, check=False)
        candidates += [f"{line}/bin/python" for line in found.stdout.split()]
    for candidate in filter(None, candidates):
        if shutil.which(candidate) is None:
            continue
        answer = subprocess.run([candidate, "-c", _NEEDED], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return candidate
    return None
