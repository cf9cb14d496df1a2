"""The files of the project as git sees them, parsed once."""

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = ("opensqt/v1/",)


class Source:
    """One Python file: its text, its tree and what its imports call things."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.text = text
        self.tree = ast.parse(text)
        self.nodes = tuple(ast.walk(self.tree))
        self._names = _imported(self.nodes)

    def full_name(self, node: ast.expr) -> str:
        """Return the dotted name of an expression with imports resolved, "" for anything else."""
        match node:
            case ast.Name(id=name):
                return self._names.get(name, name)
            case ast.Attribute(value=value, attr=attribute):
                owner = self.full_name(value)
                return f"{owner}.{attribute}" if owner else ""
            case _:
                return ""


def _imported(nodes: tuple[ast.AST, ...]) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in nodes:
        match node:
            case ast.Import(names=aliases):
                names |= {a.asname: a.name for a in aliases if a.asname}
            case ast.ImportFrom(module=str(module), names=aliases):
                names |= {a.asname or a.name: f"{module}.{a.name}" for a in aliases}
            case _:
                pass
    return names


@functools.cache
def tracked() -> tuple[str, ...]:
    """Return the paths of all files in git that still exist, without generated code."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    paths = sorted(path for path in listed.split("\0") if path)
    return tuple(p for p in paths if not p.startswith(GENERATED) and (ROOT / p).is_file())


@functools.cache
def sources() -> tuple[Source, ...]:
    """Return all Python files in git, parsed."""
    return tuple(
        Source(path, (ROOT / path).read_text(encoding="utf-8"))
        for path in tracked()
        if path.endswith(".py")
    )
