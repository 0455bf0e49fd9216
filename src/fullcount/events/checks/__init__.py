"""What can be said of an event before it is identified: one small module for each concern."""

from fullcount.events.checks.check import CHECKS, check_event
from fullcount.events.checks.rules import CheckRules

__all__ = ["CHECKS", "CheckRules", "check_event"]
