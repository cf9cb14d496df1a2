"""The processes of a desk that has no folder here, asked and commanded over the bus. Decides nothing."""

from collections.abc import Sequence

from opensqt.domain.standby import stands_by
from opensqt.runtime.questions import QUIET_S, UNANSWERED, Answer, Asker, asked, statuses
from opensqt.runtime.registration import COMMANDS, PROVEN
from opensqt.runtime.token import with_proof
from services.gateway.decide import EXECUTOR, STANDING_BY, CommandResult, Plain, ProcessStatus


class ProcessesOnBus:
    """Whoever answers on the bus; a leader speaks for those who stand behind it."""

    def __init__(self, client: Asker) -> None:
        self._client = client
        self._answers: list[Answer] = []  # at the last look

    async def ask(self) -> tuple[dict[str, Plain], tuple[ProcessStatus, ...]]:
        """Return what each name says of itself, and a line for each process."""
        try:
            self._answers = await statuses(self._client)
        except UNANSWERED:
            self._answers = []
        acting = {one.process: one.said for one in self._answers if not stands_by(one.said)}
        said = {one.process: one.said for one in self._answers} | acting
        lines = map(_line, sorted(self._answers, key=lambda one: one.process))
        return said, tuple(lines)

    async def kills_in_force(self, scope: str) -> list[str]:
        """Ask now which kills a release of a scope ends; return their identities, of every executor that answers."""
        await self.ask()
        return kills_of([one.said for one in self._executors()], scope)

    async def command(
        self, path: str, words: Plain, token: str, within_s: float, named: str = EXECUTOR
    ) -> list[CommandResult]:
        """Say a command on the bus and return what each process that leads answered, of those named so."""
        leading = {
            one.instance: one.process
            for one in self._answers
            if one.process.startswith(named) and not stands_by(one.said)
        }

        def is_enough(heard: Sequence[Answer]) -> bool:
            return bool(leading) and leading.keys() <= {one.instance for one in heard}

        proven = with_proof(token, path, words) if path in PROVEN else words
        quiet_s = within_s if leading else QUIET_S
        answers: list[Answer] = []
        why = "no answer"
        try:
            async with asked(self._client, COMMANDS[path], proven) as question:
                answers = await question.answers(
                    within_s=within_s, quiet_s=quiet_s, enough=is_enough
                )
        except UNANSWERED as error:
            why = str(error) or type(error).__name__
        said = {one.process: one.said for one in answers if not stands_by(one.said)}
        silent = sorted(set(leading.values()) - said.keys())
        return [
            *(CommandResult(process=name, ok=False, detail=why) for name in silent),
            *(result_of(name, one) for name, one in said.items()),
        ]

    def _executors(self) -> list[Answer]:
        return [one for one in self._answers if one.process.startswith(EXECUTOR)]


def result_of(process: str, said: Plain) -> CommandResult:
    """Return what an executor answered: it did it, or says why not."""
    if why := said.get("why"):
        return CommandResult(process=process, ok=False, detail=str(why), said=said)
    return CommandResult(process=process, ok=True, said=said)


def kills_of(told: Sequence[Plain | None], scope: str) -> list[str]:
    """Return the identities of the kills that a release of a scope ends, by what executors told."""
    kills = [said.get("kill_ids") for said in told if said is not None]
    return sorted({str(n) for one in kills if isinstance(one, dict) for n in one.get(scope, ())})


def _line(answer: Answer) -> ProcessStatus:
    """Return a process that nobody supervises here: it says itself how it is."""
    said, waits = answer.said, stands_by(answer.said)
    ready = bool(said.get("ready"))
    return ProcessStatus(
        name=answer.process + STANDING_BY if waits else answer.process,
        state="ready" if ready else "unready",
        ready=ready,
        pid=said.get("pid"),
        why="" if ready else str(said.get("why") or ""),
        lag_events=said.get("lag"),
    )
