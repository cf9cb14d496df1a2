"""Where a command looks for its desk: what it was told, else a folder with a run, else the environment of a pod."""

from argparse import Namespace
from pathlib import Path

import pytest

from opensqt.desk.address import DeskAddress, place_of
from opensqt.desk.error import CliError

POD = {
    "OPENSQT_NATS_URL": "nats://u:one@bus:4222",
    "OPENSQT_POSTGRES_DSN": "postgresql://u:two@db/d",
}


def asked(**words: object) -> Namespace:
    """Return the arguments of a command that says this and nothing else."""
    nothing = {"data": None, "nats": "", "dsn": "", "context": None}
    return Namespace(**nothing | words)


def test_a_folder_with_a_run_comes_before_the_environment(tmp_path: Path) -> None:
    """Whoever works with servers of his own has their addresses in the environment, and means his folder."""
    assert isinstance(place_of(asked(), POD, tmp_path), DeskAddress)
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    assert place_of(asked(), POD, tmp_path) == tmp_path


def test_a_folder_that_is_named_is_meant(tmp_path: Path) -> None:
    """A mistyped folder must not become another desk."""
    wrong = tmp_path / "wrong"
    assert place_of(asked(data=wrong), POD, tmp_path) == wrong


def test_a_context_fetches_what_it_refers_to(tmp_path: Path) -> None:
    """Addresses lie in files or variables, the token in a file; a name that is none of its fields is refused."""
    context = tmp_path / "desk.toml"
    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    text = f'nats = "env:BUS"\ndsn = "postgresql://db/d"\ntoken_file = "{tmp_path}/token"\n'
    context.write_text(text, encoding="utf-8")
    found = place_of(asked(context=context), {"BUS": "nats://bus:1"}, tmp_path)
    assert isinstance(found, DeskAddress)
    assert (found.nats_url, found.dsn, found.token) == (
        "nats://bus:1",
        "postgresql://db/d",
        "secret",
    )
    with pytest.raises(CliError, match="BUS is empty or not set"):
        place_of(asked(context=context), {}, tmp_path)
    context.write_text('bus = "nats://bus:1"', encoding="utf-8")
    with pytest.raises(CliError, match="unknown field `bus`"):
        place_of(asked(context=context), {}, tmp_path)


@pytest.mark.row("G10")
def test_an_address_shows_no_password() -> None:
    """Neither as text nor in a traceback."""
    found = DeskAddress(
        nats_url=POD["OPENSQT_NATS_URL"], dsn=POD["OPENSQT_POSTGRES_DSN"], token="t0k"
    )
    for text in (str(found), repr(found), f"{found}"):
        assert text == "nats://bus:4222 and postgresql://db/d"
