"""A stream around another: whose it is, when it began and what it costs are the other's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic_ai.models import StreamedResponse
from pydantic_ai.usage import RequestUsage


@dataclass
class WrappedStream(StreamedResponse):
    """What a model wrapper hands on in place of `inner`; what is changed about it, a subclass says."""

    inner: StreamedResponse

    async def close_stream(self) -> None:
        """Close the wrapped stream."""
        await self.inner.cancel()

    def get_stream_cancel_errors(self) -> tuple[type[BaseException], ...]:
        """What closing the wrapped stream may raise."""
        return self.inner.get_stream_cancel_errors()

    @property
    def usage(self) -> RequestUsage:
        """Tokens of the wrapped stream."""
        return self.inner.usage

    @property
    def model_name(self) -> str:
        """Name of the wrapped model."""
        return self.inner.model_name

    @property
    def provider_name(self) -> str | None:
        """Provider of the wrapped model."""
        return self.inner.provider_name

    @property
    def provider_url(self) -> str | None:
        """Address of the wrapped model."""
        return self.inner.provider_url

    @property
    def timestamp(self) -> datetime:
        """When the wrapped stream began."""
        return self.inner.timestamp
