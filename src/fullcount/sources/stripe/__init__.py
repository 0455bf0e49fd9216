"""Stripe: Checkout Sessions, payment intents, invoices and refunds, as a webhook endpoint's snapshot events.

Source of the format: the `stripe` library 16.1.0, API version 2026-10-28.endive (read 2026-11). The shape of an
object follows the endpoint's own API version, so that older shapes are read beside the present ones.
"""
