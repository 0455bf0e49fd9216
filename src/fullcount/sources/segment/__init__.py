"""Segment's tracking API, which RudderStack's SDKs speak as well: calls of servers, browsers and apps."""
