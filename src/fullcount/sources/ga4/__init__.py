"""Google: the Measurement Protocol, gtag's own requests, and the event data of a server-side tag container."""
