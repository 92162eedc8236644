"""Golden scenarios: the events of each must be those that stand in its file. `--update-golden` rewrites the files."""

from pathlib import Path

import pytest

from tests.scenarios.language import told

FOLDER = Path(__file__).resolve().parent
FILES = sorted(FOLDER.glob("*/*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).with_suffix("").as_posix())
def test_scenario(path: Path, request: pytest.FixtureRequest) -> None:
    """Review what `--update-golden` changes: the comments say what the numbers must be."""
    text = path.read_text(encoding="utf-8")
    found = told(text)
    if request.config.getoption("--update-golden"):
        path.write_text(found, encoding="utf-8", newline="\n")
        return
    assert found.splitlines() == text.splitlines()


def test_every_scenario_explains_itself() -> None:
    """At least one comment in each: a golden file without a reason is a photograph, not a witness."""
    assert len(FILES) >= 20
    assert [path.name for path in FILES if "#" not in path.read_text(encoding="utf-8")] == []
