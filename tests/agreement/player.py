"""Plays small projects: imports one, lets it reload what it reloads, looks who holds something old.

    python -m tests.agreement.player

Reads one order per line, ``{"root": DIRECTORY, "modules": [...], "act": ["call", "run:go"]}``, and answers each with a
line in the form of `oracle.py`, whose judgement it uses: that knows one reload of one module, this any sequence.
Standard library only. Each project is played in a forked child of its own.
"""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from typing import Any

from . import oracle

PLAY_SECONDS = 20


def main() -> None:
    """Answer orders until there are no more."""
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    oracle.answer_orders(play)


def play(order: dict[str, Any]) -> dict[str, Any]:
    """Import the project, reload, and say which names hold something old; ``raised`` is what the project raises."""
    names: list[str] = order["modules"]
    oracle.in_time(PLAY_SECONDS)
    sys.path.insert(0, order["root"])
    history = History(set(names))
    history.listen()
    try:
        for name in names:
            importlib.import_module(name)
        act(*order["act"])
        for name in names:
            importlib.import_module(name)
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"[:200]}
    world = oracle.World({name: sys.modules[name] for name in names})
    world.order = {name: number for number, name in enumerate(history.bodies)}
    world.look()
    found = verdicts(world, history)
    return {**world.names(), "raised": None, "ran": [body.name for body in history.old], **found}


def act(how: str, what: str) -> None:
    """Reload as the order says."""
    if how == "call":
        module, _, function = what.partition(":")
        getattr(sys.modules[module], function)()
    elif how == "reload":
        importlib.reload(sys.modules[what])
    elif how == "reimport":
        del sys.modules[what]
        importlib.import_module(what)


@dataclass
class Body:
    """One run of a module's body: what it made, and what the namespace held when the next one began."""

    name: str
    module: types.ModuleType
    made: dict[str, Any]
    until: dict[str, Any] = field(default_factory=dict)


class History:
    """Which bodies of the project's modules have run."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.bodies: dict[str, Body] = {}
        """The last of each module, in the order of their first imports."""
        self.old: list[Body] = []

    def listen(self) -> None:
        """Take note of every body that runs from now on."""
        execute = SourceFileLoader.exec_module

        def exec_module(loader: SourceFileLoader, module: types.ModuleType) -> None:
            name = module.__name__
            earlier = self.bodies.get(name)
            if earlier is not None:
                earlier.until = dict(earlier.module.__dict__)
                self.old.append(earlier)
            execute(loader, module)
            if name in self.names:
                self.bodies[name] = Body(name, module, dict(module.__dict__))

        SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign,assignment]


def verdicts(world: oracle.World, history: History) -> dict[str, list[list[str]]]:
    """Return the names that hold something old, by verdict, each with what it is."""
    old = oracle.Old()
    for body in history.old:
        now = world.modules[body.name]
        world.made[body.name] = body.made
        found = oracle.find_old(world, body.name, body.until, dict(now.__dict__))
        if now is not body.module:
            found.labels[id(body.module)] = "<module>"
        prefix = f"{body.name}:"
        old.labels.update({key: prefix + label for key, label in found.labels.items()})
        old.codes.update({key: prefix + label for key, label in found.codes.items()})
    answer: dict[str, list[list[str]]] = {verdict: [] for verdict in oracle.VERDICTS}
    answer["through"] = []
    for slot, value in world.slots.items():
        verdict = oracle.judge(world, slot, value, old)
        if verdict is not None:
            answer[verdict[0]].append([slot.module, slot.name, verdict[1], world.first_name(slot)])
        if verdict is not None and verdict[0] == "inside" and slot in world.own:
            answer["through"] += [[slot.module, slot.name, *held] for held in containers_of_others(world, slot, value)]
    return answer


def containers_of_others(world: oracle.World, slot: oracle.Slot, value: object) -> Iterator[tuple[str, str]]:
    """Yield the names, in other modules, of the containers that something holds."""
    for thing in oracle.Search(world, slot, value).inside():
        if oracle.is_a(thing, oracle.CONTAINERS):
            for other in world.by_object.get(id(thing), ()):
                if other.module != slot.module:
                    yield other.module, other.name


if __name__ == "__main__":
    main()
