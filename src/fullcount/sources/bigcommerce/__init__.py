"""BigCommerce: thin notices that name an order, which is then fetched from the shop's API; or the order in the body.

Source of the format: BigCommerce's documentation of webhooks and of its Orders API (read 2026-11); the fields of an
order are general knowledge, so that each may be missing.
"""
