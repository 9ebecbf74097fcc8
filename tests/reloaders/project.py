"""A small project with one holder of each kind, and the edit that a reloader is to bring in."""

from __future__ import annotations

CORE = """
import enum

import registry

LIMIT = "old"


def run():
    return "old"


class Engine:
    def start(self):
        return "old"


class Color(enum.Enum):
    RED = 1

    def label(self):
        return "old"


def traced(function):
    def wrapper():
        return "old"

    return wrapper


@registry.register
def handler():
    return "old"
"""

REGISTRY = """
HANDLERS = []


def register(function):
    HANDLERS.append(function)
    return function
"""

APP = """
import core
from core import LIMIT, Engine, run

engine = core.Engine()
TABLE = {"run": core.run}
start = core.Engine().start
DEFAULT = core.Color.RED


class Turbo(core.Engine):
    pass


def make(kind=core.Engine):
    return kind


def later(function):
    def inner():
        return function()

    return inner


delayed = later(core.run)


@core.traced
def work():
    pass
"""

FILES = {"core.py": CORE, "registry.py": REGISTRY, "app.py": APP}
EDITED = CORE.replace("old", "new")
