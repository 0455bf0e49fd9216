"""Shopify: webhooks of orders, checkouts, carts, customers, refunds and privacy, and the events of its web pixels."""
