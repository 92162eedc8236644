"""One digest: in two processes, compiled and interpreted, on every Python that is there."""

import sys
from pathlib import Path

import pytest

from tests.simulation.other_builds import ROOT, VERSIONS, cascade_json, interpreted_copy, python_of, run_json
from tests.simulation.test_demo import DEMO_DIGEST


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages without extensions."""
    return interpreted_copy(tmp_path_factory.mktemp("interpreted"))


def test_two_processes_agree() -> None:
    """Nothing of a process (addresses, hash seeds, time) is in a digest."""
    for _ in range(2):
        assert run_json(sys.executable, ROOT, "demo")["digest"] == DEMO_DIGEST


def test_interpreted_copy_agrees(copy: Path) -> None:
    """The same source without machine code."""
    summary = run_json(sys.executable, copy, "demo")
    assert not summary["compiled"]
    assert summary["digest"] == DEMO_DIGEST


def test_the_shock_ends_alike_at_every_preset(copy: Path) -> None:
    """All outcomes and digests of every venue: in two processes, and without machine code."""
    here = cascade_json(sys.executable, ROOT, "shock")
    assert cascade_json(sys.executable, ROOT, "shock") == here
    assert cascade_json(sys.executable, copy, "shock") == here


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_agrees(copy: Path, version: str) -> None:
    """Interpreted, so that no compiler is needed for it."""
    python = python_of(version)
    if python is None:
        pytest.skip(f"no Python {version} with the run-time dependencies is here (CASCADE_PYTHONS names more)")
    assert run_json(python, copy, "demo")["digest"] == DEMO_DIGEST
