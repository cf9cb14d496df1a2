"""Log files of processes: rotation, a full disk, output that is no text."""

import json
from pathlib import Path

from opensqt.desk.logfile import FILES_KEPT, LogFile
from opensqt.runtime.clock import VirtualClock


def test_a_log_rotates_by_size_and_keeps_a_few(tmp_path: Path) -> None:
    """The newest lines are in the plain name, the oldest are gone."""
    log = LogFile(tmp_path / "a.jsonl", "a", VirtualClock(), size_bytes_max=40)
    for number in range(20):
        log.write(json.dumps({"event": "number", "number": number}).encode())
    log.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a.jsonl", *(f"a.jsonl.{n}" for n in range(1, FILES_KEPT + 1))]
    newest = (tmp_path / "a.jsonl.1").read_text().splitlines()[-1]
    assert json.loads(newest)["number"] == 19


def test_lines_that_a_full_disk_refuses_are_counted(tmp_path: Path) -> None:
    """The process that speaks is not disturbed; the first line that fits again says how many are lost."""
    log = LogFile(tmp_path / "a.jsonl", "a", VirtualClock())
    good = log._file
    with Path("/dev/full").open("ab", buffering=0) as full:
        log._file = full
        log.write(b"first")
        log.write(b"second")
        log._file = good
        log.write(b"third")
    log.close()
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [(line["event"], line.get("count")) for line in lines] == [
        ("lines lost", 2),
        ("output", None),
    ]


def test_undecodable_output_is_kept_readable(tmp_path: Path) -> None:
    """Bytes that are no text still make a JSON line, at level error when they look like one."""
    log = LogFile(tmp_path / "a.jsonl", "a", VirtualClock())
    log.write(b"\xff ERROR: broken")
    log.close()
    line = json.loads((tmp_path / "a.jsonl").read_text())
    assert (line["level"], line["process"], line["time"]) == (
        "error",
        "a",
        "1970-01-01T00:00:00.000Z",
    )
