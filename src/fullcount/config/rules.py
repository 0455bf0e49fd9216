"""From settings to what a sender needs of them."""

from __future__ import annotations

from fullcount.config.crosscheck import keys_of_source
from fullcount.config.settings import Browser, Pixel, Settings, Source
from fullcount.consent.tcf import TcfRules
from fullcount.sources.catalogue import Catalogue
from fullcount.sources.sender import PixelNames, Rules
from fullcount.sources.source import Limits


def rules_of(source: Source, settings: Settings) -> Rules:
    """Return one source's rules; its keys are those of `settings`, resolved or not."""
    server = settings.server
    pixels = {pixel.name: _names_of(pixel) for pixel in settings.pixels}
    return Rules(
        name=source.name,
        keys=keys_of_source(source),
        options=source.options,
        catalogue=Catalogue(
            content_id=source.content_id, content_type=source.content_type, value=source.value, money=source.money
        ),
        default_country=source.default_country,
        id_template=source.event_id,
        names=source.names,
        refund_event=source.refund_event,
        pixels=tuple(pixels[name] for name in source.pixels),
        consent=source.consent,
        regions=settings.consent.consent_regions,
        prefix=settings.browser.prefix,
        tcf=TcfRules(frozenset(settings.consent.tcf_purposes), settings.consent.tcf_vendor_id),
        limits=Limits(server.max_events, server.max_depth, server.max_string),
        test_event_code=source.test_event_code,
    )


def _names_of(pixel: Pixel) -> PixelNames:
    has_snippet = pixel.browser is Browser.SNIPPET
    return PixelNames(pixel.code, pixel.purchase_name, pixel.lead_name, pixel.merge_events, has_snippet)
