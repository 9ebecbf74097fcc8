"""STL401 reload-order: A module that is reloaded before one that it takes something from

## What it does

Flags the reload of `b` where a later reload of the same block, of `a`, makes what `b` has taken from `a`
stale again, also where both are done by functions that the block calls; and a loop over a set or a directory
listing, whose order is not defined. It is a note where it is not known which modules the listing means.

## Why is this bad

`b` runs again while `a` is still the old one. Its names are stale as soon as `a` is reloaded, and no
further run of the same lines repairs that.

## Example

```python
# file: shapes.py
class Shape:
    pass

# file: circle.py
from shapes import Shape


class Circle(Shape):
    pass

# file: refresh.py
import importlib

import circle
import shapes


def refresh():
    importlib.reload(circle)
    importlib.reload(shapes)
```

## Use instead

```python
# file: shapes.py
class Shape:
    pass

# file: circle.py
from shapes import Shape


class Circle(Shape):
    pass

# file: refresh.py
import importlib

import circle
import shapes


def refresh():
    importlib.reload(shapes)
    importlib.reload(circle)
```

## When it is fine

Where the two are reloaded again in the right order before anybody uses them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stalecheck.link import Event, Sequence, StaleReference
from stalecheck.model import Location, Reload, SourceFile
from stalecheck.nodes import scope_of
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.helper_calls import Reached, certain, reached_from
from stalecheck.rules.listings import listing_around
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw, reloads_of
from stalecheck.vocabulary import ReloadMode, Severity

_Places = Mapping[tuple[SourceFile, Location], ReloadPlace]
_Stale = Mapping[tuple[SourceFile, Reload], StaleReference]


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads that come before those of what the module takes."""
    places: _Places = {(place.file, place.site.span.start): place for place in reloading.places}
    by_path = {file.path: file for file, _ in places}
    stale: _Stale = {
        (reference.file, reload): reference for reference in reloading.references for reload in reference.reloads
    }
    flagged: set[tuple[SourceFile, Location, SourceFile]] = set()
    for sequence in reloading.sequences:
        for event, file, later in _too_early(sequence, stale):
            own = event.reloads[file]
            place = places.get((by_path[own.path], own.location)) if own.path in by_path and own.location else None
            if place is None or (place.file, place.site.span.start, file) in flagged:
                continue
            flagged.add((place.file, place.site.span.start, file))
            yield _flaw(place, file, stale[file, later], later, is_unordered=bool(event.group))
    yield from _through_helpers(stale, reloading)
    for place in reloading.places:
        if place.site.mode is ReloadMode.RELOAD and not place.site.targets and place.site.why:
            yield from _of_listing(place, reloading)


def _through_helpers(stale: _Stale, reloading: Reloading) -> Iterator[Flaw]:
    """Flag calls of functions that reload a module before something else reloads what it takes things from."""
    pairs = {(file, reload.path, reload.location) for file, reload in stale if reload.mode is ReloadMode.RELOAD}
    needed = {(path, location) for _, path, location in pairs}
    dependents = {file for file, _, _ in pairs}
    places = [
        place
        for place in reloading.places
        if place.site.mode is ReloadMode.RELOAD
        and ((place.file.path, place.site.span.start) in needed or not dependents.isdisjoint(place.files))
    ]
    if not any((place.file.path, place.site.span.start) in needed for place in places if dependents):
        return
    blocks: dict[tuple[SourceFile, str], list[Reached]] = {}
    for reached in reached_from(places, reloading, has_top_levels=True, deepest=3):
        blocks.setdefault((reached.place.file, reached.place.site.block), []).append(reached)
    for (file, block), group in blocks.items():
        tree = reloading.parse(file)
        scope = scope_of(tree, block) if tree is not None else None
        if scope is None or all(reached.called is None for reached in group):
            continue
        rows = [range(s.lineno, (s.end_lineno or s.lineno) + 1) for s in certain(scope.body)]
        sure = [reached for reached in group if any(reached.place.site.span.start.row in each for each in rows)]
        yield from _of_calls(sorted(sure, key=lambda reached: reached.place.site.span.start), stale)


def _of_calls(group: list[Reached], stale: _Stale) -> Iterator[Flaw]:
    """Flag the calls of one block, in order."""
    for reached in group:
        start = reached.place.site.span.start
        below = [other for other in group if other.place.site.span.start > start]
        again = {file for other in below for file in other.place.files}
        for file in (file for file in reached.place.files if file not in again):
            for later in below:
                reload = next((one for one in reloads_of(later.chain[-1]) if (file, one) in stale), None)
                if reload is not None and (reached.called is not None or later.called is not None):
                    yield _flaw(reached.place, file, stale[file, reload], reload, is_unordered=False)
                    break


def _of_listing(place: ReloadPlace, reloading: Reloading) -> Iterator[Flaw]:
    """Flag a reload of what a directory lists, where one module there may need another one."""
    listing = listing_around(place, reloading)
    if listing is None or (listing.is_known and listing.dependent is None):
        return
    message = f"modules are reloaded in the order of `{listing.written}`, which is not defined"
    if listing.dependent is not None and listing.source is not None:
        message += f": `{listing.dependent.module}` takes `{listing.name}` from `{listing.source.module}`"
    severity = Severity.WARNING if listing.dependent is not None else Severity.NOTE
    remedy = "loop over a list with those first that others take something from"
    yield Flaw(place.file, place.site.span, severity, message, remedy)


def _too_early(sequence: Sequence, stale: _Stale) -> Iterator[tuple[Event, SourceFile, Reload]]:
    """Yield an event, one of its modules, and the later reload of the same block that leaves this stale."""
    events = [event for event in sequence.events if event.mode is ReloadMode.RELOAD]
    for position, event in enumerate(events):
        below = events[position + 1 :]
        beside = [other for other in events if event.group and other.group == event.group and other != event]
        again = frozenset(file for later in below if later not in beside for file in later.files)
        for file in event.files - event.possible - again:
            for later in (*beside, *below):
                found = next((reload for reload in later.reloads.values() if (file, reload) in stale), None)
                if found is not None:
                    yield event, file, found
                    break


def _flaw(
    place: ReloadPlace, file: SourceFile, reference: StaleReference, later: Reload, *, is_unordered: bool
) -> Flaw:
    order = "in no particular order with" if is_unordered else "before"
    message = (
        f"`{file.module}` is reloaded {order} `{later.module}`, from which it takes `{reference.origin.name}` "
        f"(line {reference.span.start.row})"
    )
    remedy = f"reload `{later.module}` first" + (": loop over a list in that order" if is_unordered else "")
    return Flaw(place.file, place.site.span, Severity.WARNING, message, remedy)
