"""The import law and the one shape of a service, checked against what is really there."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.tidiness.source import ROOT, tracked

SHAPE = {"__init__.py", "__main__.py", "config.py", "service.py"}
# What a process decides stands in a room of the library; the four whose decisions nobody shares keep both files.
OWN_DECISIONS = {"decide.py", "state.py"}
OWN_NOUNS_MAX = 2
MORE_NOUNS = {
    "executor": 15,
    "gateway": 19,
    "risk": 5,
}  # docs/adr/0006, 0005, 0037, 0044, 0047, 0049, 0051, 0053, 0056, 0057, 0059 say why


def _contracts() -> dict[str, dict[str, Any]]:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract for contract in options["tool"]["importlinter"]["contracts"]}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_law_holds() -> None:
    """import-linter finds no import that a contract forbids."""
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "path, line, contract",
    [
        ("opensqt/domain/ids.py", "import opensqt.runtime.codec", "cli -> desk"),
        ("opensqt/domain/ids.py", "import random", "the pure rooms import"),
        ("opensqt/runtime/codec.py", "import services", "cli -> desk"),
        ("opensqt/runtime/codec.py", "import opensqt.api.calls", "cli -> desk"),
        ("opensqt/api/positions.py", "import aiohttp", "who answers a call knows"),
        (
            "opensqt/runtime/codec.py",
            "import opensqt.simulation.market.flow",
            "nothing inside knows",
        ),
        ("opensqt/simulation/market/flow.py", "import opensqt.runtime.codec", "simulation knows"),
        ("opensqt/backtest/run.py", "import services.risk.service", "a backtest reaches"),
        ("opensqt/backtest/run.py", "import opensqt.runtime.bus.nats", "a backtest reaches"),
        ("opensqt/oracle/tables.py", "import opensqt.domain.ledger", "the oracle shares no fold"),
        ("opensqt/oracle/tables.py", "import opensqt.runtime.codec", "the oracle shares no fold"),
        ("opensqt/runtime/codec.py", "import opensqt.oracle.tables", "only the command line asks"),
        ("opensqt/runtime/envelope.py", "import opensqt.v1.order_pb2", "only the codec"),
        ("opensqt/runtime/envelope.py", "import ccxt.pro", "ccxt is named"),
        ("opensqt/risk/verdict.py", "import time", "the pure rooms import"),
        ("opensqt/portfolio/score.py", "import random", "the pure rooms import"),
        ("opensqt/portfolio/score.py", "import opensqt.risk.limits", "cli -> desk"),
        ("opensqt/strategies/grid/decide.py", "import opensqt.risk.limits", "cli -> desk"),
        ("opensqt/execution/state.py", "import opensqt.runtime.clock", "cli -> desk"),
        ("services/relay/decide.py", "import time", "decide and state of a service"),
        ("services/risk/intent_queue.py", "import services.executor", "services never import"),
        (
            "services/risk/intent_queue.py",
            "import opensqt.venues.port",
            "only market_data and executor",
        ),
        (
            "services/executor/config.py",
            "import opensqt.runtime.approval_key",
            "only risk, and who",
        ),
        (
            "services/executor/service.py",
            "import opensqt.runtime.strategy.registry",
            "only who runs or checks a strategy",
        ),
        ("services/gateway/service.py", "import opensqt.replay.record", "only the command line"),
        ("opensqt/replay/record.py", "import opensqt.venues.port", "cli -> desk"),
    ],
)
def test_every_contract_bites(tmp_path: Path, path: str, line: str, contract: str) -> None:
    """A copy of the project with one forbidden import breaks the contract that forbids it."""
    for file in (
        "pyproject.toml",
        *(p for p in tracked() if p.startswith(("opensqt/", "services/"))),
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    for folder in ("opensqt/v1", "opensqt/api/v1"):
        for generated in (ROOT / folder).glob("*.py"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / generated.name).write_bytes(generated.read_bytes())
    target = tmp_path / path
    target.write_text(target.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = _lint(tmp_path)
    broken = [row for row in done.stdout.splitlines() if " BROKEN" in row]
    assert any(row.startswith(contract) or contract in row for row in broken), done.stdout


def test_the_law_names_every_package() -> None:
    """A package of the library that no contract names is a hole in the law."""
    named = {
        module
        for contract in _contracts().values()
        for key in ("layers", "source_modules", "forbidden_modules")
        for module in contract.get(key, ())
    }
    packages = {
        f"opensqt.{Path(path).parts[1]}"
        for path in tracked()
        if path.startswith("opensqt/") and path.endswith("__init__.py") and path.count("/") == 2
    }
    assert packages - named == set()


def test_every_service_has_the_one_shape() -> None:
    """Knowing one service is knowing all: four files, both halves of a decision or none, at most two nouns more."""
    wrong = []
    services = {
        Path(p).parts[1] for p in tracked() if p.startswith("services/") and p.count("/") > 1
    }
    for service in sorted(services):
        files = {
            Path(p).name
            for p in tracked()
            if p.startswith(f"services/{service}/") and p.endswith(".py")
        }
        if "service.py" in files and SHAPE - files:
            wrong.append(f"{service} has no {', '.join(sorted(SHAPE - files))}")
        if len(files & OWN_DECISIONS) == 1:
            wrong.append(f"{service} has one of {', '.join(sorted(OWN_DECISIONS))}")
        if len(files - SHAPE - OWN_DECISIONS) > MORE_NOUNS.get(service, OWN_NOUNS_MAX):
            wrong.append(
                f"{service} has too many own files: {', '.join(sorted(files - SHAPE - OWN_DECISIONS))}"
            )
    assert wrong == []


# Each does more than ask again: one that gives up evidence, one that drops queues first, one that is told to end.
RETRY_THEMSELVES = {
    "services/executor/account.py",
    "services/executor/service.py",
    "services/reconciler/service.py",
}


def _outside_the_shell(path: str, source: str) -> list[str]:
    """Return where a service keeps its tasks or waits for a server by itself."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        text = ast.unparse(node) if isinstance(node, ast.stmt | ast.ExceptHandler) else ""
        match node:
            case ast.AsyncFunctionDef(name="run") if "stop" in [arg.arg for arg in node.args.args]:
                if "self._shell.run(stop" not in text:
                    wrong.append(f"{path}:{node.lineno}: run(stop) without the shell")
            case ast.ExceptHandler() if path not in RETRY_THEMSELVES:
                if "Down" in text.partition(":")[0] and ".sleep(" in text:
                    wrong.append(f"{path}:{node.lineno}: waits for a server by itself")
    return wrong


def test_services_begin_end_and_retry_in_one_shell() -> None:
    """Whatever runs until `stop` hands that to the shell; a server that is away is waited for in `retrying`."""
    paths = [p for p in tracked() if p.startswith("services/") and p.endswith(".py")]
    paths.append("opensqt/runtime/strategy/runner.py")
    found = (_outside_the_shell(p, (ROOT / p).read_text(encoding="utf-8")) for p in paths)
    assert [wrong for one in found for wrong in one] == []


@pytest.mark.parametrize(
    "source",
    [
        "async def run(self, stop):\n    await stop.wait()",
        "try:\n    pass\nexcept (BusDown, JournalDown):\n    await self._clock.sleep(1)",
    ],
)
def test_what_is_outside_the_shell_is_found(source: str) -> None:
    """The rule bites."""
    assert len(_outside_the_shell("services/new/service.py", source)) == 1
