"""The pages of the documentation that are made, as a hook of MkDocs; run as a command, it executes the notebooks.

Tutorials are the notebooks: with results where the command executed them (once for each content, kept in
build/notebooks), else as they are committed. The reference has one page for each
package, made from the docstrings of its public names; the figures are those of benchmarks/figures.json.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
EXECUTED = ROOT / "build" / "notebooks"
PACKAGES = (
    "graph", "hw", "netspec", "mapping", "workloads", "perf", "viz", "export", "runtime", "sim", "impl", "jobs",
    "frontend.keras", "widgets", "teaching",
)  # fmt: skip
_CONTROL = "*An interactive control stands here when the notebook runs.*"
_WIDGET = "application/vnd.jupyter.widget-view+json"


# ---- hook ------------------------------------------------------------------------------------------------------------
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fills the two sections of `nav` that are found, not listed."""
    sections = {name: value for entry in config.nav or [] for name, value in entry.items()}
    sections["Tutorials"] += ["tutorials/index.md", *(_page(path) for path in notebooks())]
    sections["Reference"] += ["reference/index.md", *(f"reference/{name}.md" for name in PACKAGES)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made."""
    for name, content in pages():
        if (written := files.get_file_from_path(name)) is not None:  # its text is part of the page
            files.remove(written)
        files.append(File.generated(config, name, content=content))
    return files


# ---- pages -----------------------------------------------------------------------------------------------------------
def pages() -> Iterator[tuple[str, str | bytes]]:
    """Every page that is made, and every picture on it: name and content."""
    for path, page in ((ROOT / "CONTRIBUTING.md", "contributing.md"), (ROOT / "CHANGELOG.md", "changelog.md")):
        yield page, re.sub(r"\]\(docs/", "](", path.read_text(encoding="utf-8"))
    text = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    yield "tutorials/index.md", re.sub(r"\.ipynb\)", ".md)", text)
    for path in notebooks():
        yield from _tutorial(path)
    yield "reference/index.md", _reference_index()
    for name in PACKAGES:
        yield f"reference/{name}.md", _reference(name)
    yield "benchmarks.md", _benchmarks()
    yield "verification.md", f"{(ROOT / 'docs' / 'verification.md').read_text(encoding='utf-8')}\n{_verification()}"


def notebooks() -> list[Path]:
    """The walkthroughs and the labs as students get them, in order."""
    return [*sorted(NOTEBOOKS.glob("[0-9]*.ipynb")), *sorted((NOTEBOOKS / "labs").glob("[0-9]*.ipynb"))]


def _page(notebook: Path) -> str:
    return f"tutorials/{notebook.relative_to(NOTEBOOKS).with_suffix('.md')}"


def _tutorial(path: Path) -> Iterator[tuple[str, str | bytes]]:
    executed = _executed(path)
    notebook = nbformat.read(executed if executed.exists() else path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if _WIDGET in output.get("data", {}):
                output.data = {"text/markdown": _CONTROL}
    page = _page(path)
    body, resources = MarkdownExporter().from_notebook_node(notebook, {"unique_key": path.stem})
    body = re.sub(r"(\]\([^)\s]+)\.ipynb\)", r"\1.md)", body)
    yield page, re.sub(r"\x1b\[[0-9;]*m", "", body)
    for name, data in resources["outputs"].items():
        yield f"{Path(page).parent}/{name}", data


def _reference_index() -> str:
    rows = [
        f"| [`deepsoc.{name}`]({name}.md) | {_summary(ROOT / 'deepsoc' / name.replace('.', '/'))} |"
        for name in PACKAGES
    ]
    head = "# Reference\n\nMade from the docstrings. Every name that `deepsoc` has itself is one of these.\n\n"
    return head + "| package | holds |\n|---|---|\n" + "\n".join(rows) + "\n"


def _summary(package: Path) -> str:
    doc = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    return (doc or "").partition("\n\n")[0].replace("\n", " ")


def _reference(name: str) -> str:
    """The public modules of a package, each with its public names."""
    folder = ROOT / "deepsoc" / name.replace(".", "/")
    text = f"# deepsoc.{name}\n\n{_summary(folder)}\n"
    for path in sorted(folder.rglob("*.py")):
        if path.stem.startswith("_") or not (names := _public(path)):
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        text += f"\n## {module}\n\n{_docstring(path)}\n\n"
        text += "".join(f"::: {module}.{each}\n\n" for each in names)
    return text


def _public(path: Path) -> list[str]:
    """What `__all__` names and the module defines, constants without a docstring left out by mkdocstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return [each for each in ast.literal_eval(node.value) if each in defined]
    return []


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _verification() -> str:
    """A row for each module of the accelerator, from the tests as they lie there."""
    tests = ROOT / "tests"
    proofs = [path.stem for path in (tests / "formal").glob("dsoc_*.sv*")]
    covered = json.loads((tests / "rtl" / "coverage.json").read_text(encoding="utf-8"))
    faults = json.loads((tests / "mutations.json").read_text(encoding="utf-8"))
    blocks: dict[str, list[str]] = {}
    for path in sorted((tests / "rtl").glob("test_*.py")):
        for module in set(re.findall(r'check\([^)]*?"(dsoc_\w+)"', path.read_text(encoding="utf-8"))):
            blocks.setdefault(module, []).append(f"`{path.name}`")
    text = "| module | block test | proof | lines reached | planted faults seen |\n|---|---|---|---|---|\n"
    for name in (ROOT / "rtl" / "files.f").read_text(encoding="utf-8").split():
        module = Path(name).stem
        lines = covered.get(module)
        reached = f"{lines['reached']} of {lines['points']}" if lines else "whole networks"
        test = ", ".join(blocks.get(module, ["whole networks"]))
        proof = "yes" if any(each.startswith(module) for each in proofs) else ""
        planted = faults.get(f"rtl/{name}")
        seen = f"{planted['caught']} of {planted['caught'] + planted['survived']}" if planted else ""
        text += f"| `{name}` | {test} | {proof} | {reached} | {seen} |\n"
    return text


def _benchmarks() -> str:
    """The figures that the benchmarks printed last."""
    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "figures.json").read_text(encoding="utf-8"))
    machine = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    text = f"# Benchmarks\n\nWhat `make bench` printed ({machine}). Compare ratios, not seconds.\n"
    for name, figures in found["results"].items():
        script = ROOT / "benchmarks" / f"{name}.py"
        text += f"\n## {name}\n\n{_docstring(script).partition(chr(10) * 2)[0]}\n\n| figure | value |\n|---|---|\n"
        for figure, value in figures.items():
            text += f"| {figure} | {f'{value:,}' if isinstance(value, int | float) else json.dumps(value)} |\n"
    return text


# ---- execution -------------------------------------------------------------------------------------------------------
def _executed(path: Path) -> Path:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return EXECUTED / f"{path.stem}-{digest}.ipynb"


def keep(path: Path) -> None:
    """Executes a notebook in a folder of its own and keeps the result, unless that was done before."""
    from notebooks import execute  # beside this file

    target = _executed(path)
    if target.exists():
        return
    work = EXECUTED / path.stem
    work.mkdir(parents=True, exist_ok=True)
    nbformat.write(execute(path, work, quick=True), target)


if __name__ == "__main__":
    for walkthrough in notebooks():
        if walkthrough.parent == NOTEBOOKS:
            print(f"{walkthrough.name} …", flush=True)
            keep(walkthrough)
