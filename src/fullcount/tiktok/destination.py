"""TikTok as a destination: one request for a batch, under the pixel's own token, and what its answer means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fullcount.clock import Clock
from fullcount.config.settings import Pixel, TikTok
from fullcount.delivery.destination import Answer, Kind
from fullcount.events.hashed import HashedEvent
from fullcount.queue.lane import Lane
from fullcount.tiktok.mapping import encode_event, head_of
from fullcount.tiktok.reading import read_answer
from fullcount.tiktok.transport import Transport, TransportLost
from fullcount.tiktok.wire import BODY_BYTES, TOKEN_HEADER, TRACK_PATH, request_body


class TikTokDestination:
    """Sends batches to the Events API 2.0 and reads its answers. Says no token anywhere but in the header."""

    def __init__(self, settings: TikTok, pixels: Iterable[Pixel], transport: Transport, clock: Clock) -> None:
        self._url = settings.base_url.rstrip("/") + TRACK_PATH
        self._partner_name = settings.partner_name or None
        self._transport = transport
        self._clock = clock
        self._tokens: dict[str, str] = {}
        self._token_names: dict[str, str] = {}
        name_of_token: dict[str, str] = {}
        for pixel in pixels:
            token = self._tokens.setdefault(pixel.code, pixel.access_token)
            name = name_of_token.setdefault(token, f"access_token of pixel {pixel.name}")
            self._token_names.setdefault(pixel.code, name)

    def __repr__(self) -> str:
        return f"TikTokDestination({self._url}, {len(self._tokens)} pixels)"

    def encode(self, event: HashedEvent) -> bytes:
        """Return the event's element of `data`."""
        return encode_event(event)

    def room(self, lane: Lane) -> int:
        """Return how many bytes of events, commas between them included, fit into one body."""
        return BODY_BYTES - len(request_body(head_of(lane, self._partner_name), ()))

    def token_name(self, lane: Lane) -> str:
        """Return the name of the first pixel in the settings that has this token."""
        return self._token_names.get(lane.pixel_code, f"access_token of pixel code {lane.pixel_code}")

    async def send(self, lane: Lane, events: Sequence[bytes]) -> Answer:
        """Post the batch once."""
        token = self._tokens.get(lane.pixel_code)
        if token is None:
            return Answer(
                Kind.NOT_ALLOWED,
                message=f"no pixel in the settings has the code {lane.pixel_code}",
                fix="put the pixel back into the settings, or bury what waits for it",
            )
        headers = {TOKEN_HEADER: token, "Content-Type": "application/json"}
        try:
            answer = await self._transport.post(
                self._url, headers, request_body(head_of(lane, self._partner_name), events)
            )
        except TransportLost as loss:
            return Answer(Kind.LOST if loss.may_have_arrived else Kind.UNAVAILABLE, message=loss.what)
        return read_answer(answer, batch_size=len(events), now=self._clock.now())

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()
