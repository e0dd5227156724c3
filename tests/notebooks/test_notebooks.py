"""Every notebook runs from a clean kernel, is committed without results, and links to what exists."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from scripts.notebooks import execute

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(
    path for path in FOLDER.rglob("*.ipynb") if not {".ipynb_checkpoints", "build", "designs", "jobs"} & set(path.parts)
)
NUMBERED = [path for path in NOTEBOOKS if path.parent == FOLDER and re.match(r"\d", path.name)]
MOST_LINES = 25  # of a code cell; longer ones belong into the package

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(FOLDER)))


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def run(path: Path, folder: Path, *, quick: bool) -> None:
    """Runs all cells in a folder of its own; with its first failing cell it raises."""
    notebook = execute(path, folder, quick=quick)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source)
    assert figures_as_text(notebook) == []


def figures_as_text(notebook: nbformat.NotebookNode) -> list[str]:
    """Ids of the cells that show a figure as the text `<Figure size …>`, not as an image."""
    return [
        cell.id
        for cell in notebook.cells
        for data in (output.get("data", {}) for output in cell.get("outputs", []))
        if re.match(r"<?Figure\b", data.get("text/plain", "")) and "image/png" not in data
    ]


def test_a_figure_without_an_image_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    source = "from matplotlib.figure import Figure\nFigure()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, path)
    with pytest.raises(AssertionError, match=notebook.cells[0].id):
        run(path, tmp_path, quick=True)


# A simulator that several notebooks share is built once: they run one after the other.
# What students get is the instructor's notebook without the solutions: a long test.
@pytest.mark.xdist_group("notebooks")
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.slow] * (path.parent.name == "labs")) for path in NOTEBOOKS],
    ids=lambda path: str(path.relative_to(FOLDER)),
)
def test_runs_from_a_clean_kernel(path: Path, tmp_path: Path) -> None:
    run(path, tmp_path, quick=True)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.xdist_group("notebooks")
@every
def test_runs_whole(path: Path, tmp_path: Path) -> None:
    if "DEEPSOC_QUICK" not in path.read_text(encoding="utf-8"):
        pytest.skip("the quick run is the whole run")
    run(path, tmp_path, quick=False)


@every
def test_is_committed_without_results(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert not cell.get("outputs"), f"cell {cell.id} has outputs; clear them before a commit"
        assert cell.get("execution_count") is None, f"cell {cell.id} was executed; clear it before a commit"
        assert "execution" not in cell.metadata, f"cell {cell.id} has times of an execution"


@every
def test_cells_are_short(path: Path) -> None:
    lengths = {cell.id: len(cell.source.splitlines()) for cell in read(path).cells if cell.cell_type == "code"}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


@every
def test_links_lead_somewhere(path: Path) -> None:
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link and not link.startswith("#")]
    assert [link for link in links if not (path.parent / link.partition("#")[0]).exists()] == []


def test_numbered_notebooks_are_listed_and_have_checkpoints() -> None:
    listed = re.findall(r"\]\((\d\d_\w+\.ipynb)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert listed == [path.name for path in NUMBERED]
    for path in NUMBERED:
        code = [cell.source for cell in read(path).cells if cell.cell_type == "code"]
        assert sum("assert " in source for source in code) >= 2, path.name
