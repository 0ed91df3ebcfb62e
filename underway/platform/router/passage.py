"""A request's way to a dyno and its answer's way back: both at once, neither faster than read."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from underway.platform.router import faults, headers
from underway.platform.router.faults import Failed, Fault
from underway.platform.router.messages import (
    Answer,
    AnswerReader,
    BadMessage,
    Framing,
    Gone,
    Request,
    RequestReader,
)
from underway.platform.router.pool import Pool
from underway.platform.router.tunnel import tunnel
from underway.platform.router.wire import Wire

REPEATABLE = {"GET", "HEAD", "OPTIONS"}
"""May be sent again, where a kept connection turns out to have ended."""
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True)
class Target:
    """A dyno, by its name, or a part of the platform; and its port."""

    port: int
    name: str = ""


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for the head of an answer, and between two bytes of it; None: for ever."""

    response: float | None = None
    idle: float | None = None


@dataclass
class Passed:
    """What became of a request; times in seconds, ``None`` for what did not happen."""

    target: str = ""
    connect: float | None = None
    connected_at: float | None = None
    status: int | None = None
    sent: int = 0


class Passage:
    """One request, whose head has been read. Call ``run`` once, then ``end``."""

    def __init__(
        self,
        client: Wire,
        requests: RequestReader,
        request: Request,
        pool: Pool,
        patience: Patience,
    ) -> None:
        self.passed = Passed()
        self.uploaded = not request.has_body
        """Whether the request has been read to its end."""
        self._client, self._requests, self._request = client, requests, request
        self._pool, self._patience = pool, patience
        self._dyno: Wire | None = None
        self._why: Fault | None = None
        self._upload: asyncio.Task[None] | None = None
        self._late: asyncio.TimerHandle | None = None

    async def run(self, head: bytes, targets: Iterable[Target]) -> bool:
        """Have the first target that can be reached answer; whether the client can ask again.

        Raises:
            Failed: there was no answer, or it was cut short.
        """
        target, reader, answer = await self._asked(head, targets)
        self.passed.status = answer.status
        if answer.upgrade:
            return await self._join(reader, answer)
        if self._request.upgrade:
            self._requests.decline_upgrade()
        keep_alive = self._can_keep_alive(answer)
        await self._relay(reader, answer, keep_alive)
        if self.uploaded and answer.keep_alive and not reader.pending and self._dyno:
            dyno, self._dyno = self._dyno, None
            self._client.on_lost = None
            self._pool.give(target.port, dyno)
        return keep_alive

    async def end(self) -> None:
        """Let go of what is still held, however it went."""
        self._client.on_lost = None
        if self._late:
            self._late.cancel()
        if self._dyno:
            self._dyno.abort()
        if self._upload:
            self._upload.cancel()
            await asyncio.gather(self._upload, return_exceptions=True)

    async def _asked(
        self, head: bytes, targets: Iterable[Target]
    ) -> tuple[Target, AnswerReader, Answer]:
        request = self._request
        repeatable = request.method in REPEATABLE and not request.has_body
        for target in targets:
            self.passed.target = target.name
            if repeatable and not request.upgrade and (kept := self._pool.take(target.port)):
                try:
                    return target, *await self._ask(kept, head)
                except Failed as failed:
                    # It may have ended at the moment it was taken: the request was not seen.
                    if failed.fault is not faults.NO_ANSWER:
                        raise
            try:
                started = time.monotonic()
                dyno = await self._pool.open(target.port)
            except OSError:
                continue
            self.passed.connect = time.monotonic() - started
            return target, *await self._ask(dyno, head)
        raise Failed(faults.REFUSED)

    async def _ask(self, dyno: Wire, head: bytes) -> tuple[AnswerReader, Answer]:
        """Send the request; the head of its final answer. The body may still be under way."""
        self._dyno = dyno
        self.passed.connect = self.passed.connect or 0
        self.passed.connected_at = time.monotonic()
        if self._client.lost:
            raise Failed(faults.CLIENT_GONE)
        self._client.on_lost = lambda: self._give_up(faults.CLIENT_GONE)
        reader = AnswerReader(dyno, self._request.method)
        dyno.write(head)
        await dyno.flush()
        if self._request.has_body:
            self._upload = asyncio.create_task(self._send_body(dyno))
        else:
            self._expect_answer()
        try:
            while (answer := await reader.head()).status < 200 and not answer.upgrade:
                if self._request.version != "1.0":
                    self._client.write(headers.to_client(answer, chunked=False, keep_alive=True))
                    await self._client.flush()
        except Gone as gone:
            fault = faults.CUT_OFF if gone.started else faults.NO_ANSWER
            raise Failed(self._why or fault) from None
        except BadMessage:
            raise Failed(faults.MALFORMED) from None
        finally:
            if self._late:
                self._late.cancel()
        if answer.upgrade and not self._request.upgrade:
            raise Failed(faults.MALFORMED)
        return reader, answer

    def _give_up(self, why: Fault) -> None:
        """End the dyno's part; whoever reads from it then learns why."""
        self._why = self._why or why
        if self._dyno:
            self._dyno.abort()

    def _expect_answer(self) -> None:
        """From now on the dyno is asked, and its time runs."""
        if self._patience.response is not None:
            loop = asyncio.get_running_loop()
            self._late = loop.call_later(self._patience.response, self._give_up, faults.TIMEOUT)

    async def _send_body(self, dyno: Wire) -> None:
        chunked = self._request.framing is Framing.CHUNKED
        try:
            while data := await self._requests.chunk(self._patience.idle):
                dyno.write(_chunk(data) if chunked else data)
                await dyno.flush()
        except (Gone, BadMessage, TimeoutError) as error:
            reasons = {Gone: faults.CLIENT_GONE, BadMessage: faults.BAD_BODY}
            self._give_up(reasons.get(type(error), faults.CLIENT_IDLE))
            return
        self.uploaded = True
        if chunked:
            dyno.write(LAST_CHUNK)
            await dyno.flush()
        if self.passed.status is None:
            self._expect_answer()

    def _can_keep_alive(self, answer: Answer) -> bool:
        delimited = self._request.version != "1.0" or answer.framing in (
            Framing.NONE,
            Framing.LENGTH,
        )
        return self._request.keep_alive and delimited and self.uploaded

    async def _relay(self, reader: AnswerReader, answer: Answer, keep_alive: bool) -> None:
        client, idle = self._client, self._patience.idle
        chunked = self._request.version != "1.0" and answer.framing in (
            Framing.CHUNKED,
            Framing.UNTIL_CLOSE,
        )
        client.write(headers.to_client(answer, chunked, keep_alive))
        try:
            while answer.framing is not Framing.NONE:
                if not reader.pending:
                    await self._flush()
                if not (data := await reader.chunk(idle)):
                    break
                client.write(_chunk(data) if chunked else data)
                self.passed.sent += len(data)
        except Gone:
            raise Failed(self._why or faults.CUT_OFF) from None
        except BadMessage:
            raise Failed(faults.CUT_OFF) from None
        except TimeoutError:
            raise Failed(faults.IDLE) from None
        if self._why:
            raise Failed(self._why)
        if chunked:
            client.write(LAST_CHUNK)
        await self._flush()

    async def _flush(self) -> None:
        try:
            await self._client.flush(self._patience.idle)
        except TimeoutError:
            raise Failed(faults.CLIENT_IDLE) from None
        if self._client.lost:
            raise Failed(faults.CLIENT_GONE)

    async def _join(self, reader: AnswerReader, answer: Answer) -> bool:
        """Both sides speak another protocol from now on."""
        client, dyno = self._client, self._dyno
        assert dyno
        client.on_lost = None
        client.write(headers.to_client(answer, chunked=False, keep_alive=True))
        client.write(reader.rest)
        dyno.write(self._requests.rest)
        await dyno.flush()
        await client.flush()
        try:
            self.passed.sent = len(reader.rest)
            self.passed.sent += await tunnel(client, dyno, self._patience.idle)
        except TimeoutError:
            raise Failed(faults.IDLE) from None
        dyno.close()
        self._dyno = None
        return False


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
