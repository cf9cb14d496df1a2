"""The release of a desk that is reached by its bus: only the executor that leads an account records it.

It needs the bus to reach the leaders and their journal to record: where one is away nothing is released, and that is
what is said.
"""

from typing import Any

from opensqt.cli.executors import Asked
from opensqt.cli.kill_from_afar import ANSWER_S_MAX, EXECUTOR, QUIET_S_MAX
from opensqt.desk.address import DeskAddress
from opensqt.desk.error import NOT_RUNNING, CliError
from opensqt.domain.standby import STANDBY
from opensqt.runtime.questions import UNANSWERED, Answer, asked, connected, statuses
from opensqt.runtime.registration import COMMANDS
from opensqt.runtime.token import with_proof

RESUME = "/resume"
REFUSED_S_MAX = ANSWER_S_MAX + 1  # an executor says by itself that it could not within its time


async def resume(place: DeskAddress, words: dict[str, Any]) -> list[Asked]:
    """Ask every leader to release what is in force now; raise `CliError` where nobody can be asked."""
    if not place.nats_url:
        raise CliError(
            f"a release goes over the bus, and only {place} is known: name it with --nats"
        )
    if not place.token:
        raise CliError(
            "a release needs the desk's token: name its file in the context (token_file) or in"
            " OPENSQT_TOKEN_FILE"
        )
    try:
        async with connected(place.nats_url, "resume") as client:
            found = [a for a in await statuses(client) if a.process.startswith(EXECUTOR)]
            words |= {"kill_ids": sorted(_kills_in_force(found, words["scope"]))}
            there = {answer.instance for answer in found}
            proven = with_proof(place.token, RESUME, words)
            async with asked(client, COMMANDS[RESUME], proven) as question:
                answers = await question.answers(
                    within_s=REFUSED_S_MAX,
                    quiet_s=REFUSED_S_MAX if there else QUIET_S_MAX,
                    enough=lambda heard: bool(there) and there <= {a.instance for a in heard},
                )
    except UNANSWERED as error:
        why = str(error) or type(error).__name__
        raise CliError(
            f"nothing was released: the bus does not answer ({why}), and only an executor that leads"
            " can release; resume again when it is back",
            NOT_RUNNING,
        ) from error
    return _of_leaders(found, answers)


def _kills_in_force(found: list[Answer], scope: str) -> set[str]:
    names: set[str] = set()
    for answer in found:
        kills = answer.said.get("kill_ids")
        names |= set(map(str, kills.get(scope, ()))) if isinstance(kills, dict) else set()
    return names


def _of_leaders(found: list[Answer], answers: list[Answer]) -> list[Asked]:
    """Return one answer for each account: its leader's, or that there was none."""
    leading = {a.process: a.said for a in answers if not a.said.get(STANDBY)}
    none: dict[str, Any] = {"detail": "no executor leads this account now"}
    silent = {a.process: Asked(process=a.process, ok=False, said=none, heard=False) for a in found}
    told = {process: _told(process, said) for process, said in leading.items()}
    return [one for _, one in sorted((silent | told).items())]


def _told(process: str, said: dict[str, Any]) -> Asked:
    if why := said.get("why"):
        return Asked(
            process=process, ok=False, said={"detail": why}, refused=bool(said.get("refused"))
        )
    return Asked(process=process, ok=True, said=said)
