"""Adobe Commerce: synchronous webhooks, I/O Events, and what an extension of a Magento shop posts."""
