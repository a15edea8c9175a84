"""The code blocks of the README and of docs/ run and print what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DIFFERENCES = ROOT / "docs" / "keras_differences.md"


def blocks(path):
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


def test_the_documents_have_code():
    assert len(blocks(README)) >= 2 and len(blocks(DIFFERENCES)) >= 4


@pytest.mark.parametrize("block", blocks(README))
def test_readme_block_runs(block, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, str(README), "exec"), {})
    printed = capsys.readouterr().out.strip().splitlines()
    for line, expected in zip(printed, re.findall(r"print\(.*\)  # (.*)", block), strict=False):
        assert line == expected


def test_differences_are_as_described():
    names = {}
    # One block goes on with the names of those before it.
    for block in blocks(DIFFERENCES):
        exec(compile(block, str(DIFFERENCES), "exec"), names)


@pytest.mark.parametrize("path", [README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{path.name} points at {target}, which is not there"
