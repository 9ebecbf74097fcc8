"""Every place of a project that reloads a module: wrappers are followed from file to file."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from stalecheck.model import SourceFile
from stalecheck.reloads.anew import with_half_evictions
from stalecheck.reloads.arguments import answered, by_default, calls_in
from stalecheck.reloads.constants import Constants
from stalecheck.reloads.items import Instance, Thing
from stalecheck.reloads.keepers import Keepers
from stalecheck.reloads.outline import read_outline
from stalecheck.reloads.reloaders import reloader
from stalecheck.reloads.scopes import Outline, Place
from stalecheck.reloads.search import Find, search
from stalecheck.reloads.sites import FileReloads, ReloadSite, Wrapper
from stalecheck.reloads.suspects import may_reload
from stalecheck.reloads.values import Evaluator
from stalecheck.vocabulary import ReloadMode

_ROUNDS = 12
"""How long a chain of wrappers of wrappers is followed."""


def find_in_file(
    tree: ast.Module, file: SourceFile, wrappers: Mapping[str, Wrapper], *, source: bytes = b""
) -> FileReloads:
    """Find what one file reloads, and the wrappers that it defines.

    `wrappers` are those of the other files, by absolute dotted name. `source` is only needed for the columns
    of lines with characters outside ASCII. What a wrapper of this file reloads counts as unresolved unless
    this file calls the wrapper.
    """
    project = _Project(wrappers, {file: source}, lambda _: tree)
    reading = _Reading(file, tree, source)
    project.add([reading])
    return FileReloads(project.sites(reading), tuple(reading.wrappers.values()))


def find_reloads(
    files: Mapping[SourceFile, bytes], parse: Callable[[SourceFile], ast.Module | None]
) -> dict[SourceFile, tuple[ReloadSite, ...]]:
    """Find every place that reloads a module; files without one are left out.

    `files` maps each file to its bytes. `parse` gives a file's tree, or None when it cannot be parsed; it is
    asked only for files that may reload something, or may call or re-export a wrapper.
    """
    project = _Project({}, files, parse)
    waiting = dict(files)
    added = [file for file, source in files.items() if may_reload(source)]
    while added:
        sources = {file: waiting.pop(file) for file in added}
        trees = ((file, parse(file)) for file in added)
        project.add([_Reading(file, tree, sources[file]) for file, tree in trees if tree is not None])
        may_concern = project.concern()
        added = [file for file, source in waiting.items() if may_concern(file, source)]
    found = {reading.file: project.sites(reading) for reading in project.readings}
    found = with_half_evictions(found, files, parse)
    return {file: found[file] for file in files if found.get(file)}


class _Reading:
    """One file, as far as it has been searched."""

    def __init__(self, file: SourceFile, tree: ast.Module, source: bytes) -> None:
        self.file = file
        self.source = source
        self.outline = read_outline(tree, file)
        self.column = columns(source)
        self.exports, self.instances = _exports(self.outline)
        self.finds: tuple[Find, ...] = ()
        self.called: frozenset[str] = frozenset()
        self.wrappers: dict[str, Wrapper] = {}

    def mentions(self, names: frozenset[str]) -> bool:
        """Whether the file contains one of the names; without its source it may."""
        return not self.source or any(name.encode() in self.source for name in names)


class _Project:
    """The files that were searched so far, and what they define."""

    def __init__(
        self,
        wrappers: Mapping[str, Wrapper],
        files: Mapping[SourceFile, bytes],
        parse: Callable[[SourceFile], ast.Module | None],
    ) -> None:
        self.readings: list[_Reading] = []
        self._parse = parse
        self._sources = files
        modules: dict[str, SourceFile] = {}
        for file in files:
            for module in _modules(file):
                modules.setdefault(module, file)
        self._keepers = Keepers(files, modules, self._outline_of)
        self._constants = Constants(modules, self._outline_of)
        self._given = wrappers
        self._definitions: dict[str, tuple[_Reading, str]] = {}
        self._exports: dict[str, str] = {}
        self._instances: dict[str, str] = {}
        self._importers: dict[str, list[str]] = {}
        self._holding: dict[str, list[str]] = {}
        self._stars: dict[str, list[str]] = {}
        self._starred: dict[str, list[str]] = {}
        self._led: dict[str, list[str]] = {}
        self._shadowing: set[str] = set()
        self._words: set[bytes] = set()
        """The names that were looked for in the files that wait."""

        self._mentions: dict[SourceFile, tuple[set[bytes], set[str]]] = {}
        """Those that each of them mentions, and the modules that it imports with a star."""

    def add(self, readings: list[_Reading]) -> None:
        """Search more files, and again those that call a wrapper found meanwhile."""
        self.readings += readings
        for reading in readings:
            for module in _modules(reading.file):
                if _binds_its_own_reload(reading.outline):
                    self._shadowing.add(f"{module}.reload")
                self._stars.setdefault(module, []).extend(reading.outline.stars)
                for star in reading.outline.stars:
                    self._starred.setdefault(star, []).append(module)
                for name, dotted in reading.exports.items():
                    self._exports.setdefault(f"{module}.{name}", dotted)
                    self._importers.setdefault(dotted, []).append(f"{module}.{name}")
                for name, dotted in reading.instances.items():
                    self._instances.setdefault(f"{module}.{name}", dotted)
                    self._holding.setdefault(dotted, []).append(f"{module}.{name}")
        self._led.clear()
        names = self._names()
        new = {id(reading) for reading in readings}
        are_starred = any(reading.outline.stars for reading in readings)
        due = [
            reading
            for reading in self.readings
            if id(reading) in new or reading.mentions(names) or (are_starred and reading.outline.stars)
        ]
        for _ in range(_ROUNDS):
            changed = [reading for reading in due if self._search(reading, names)]
            if not changed:
                break
            fresh = frozenset(_last(name) for reading in changed for name in reading.wrappers)
            fresh |= self._names() - names
            names = self._names()
            due = [reading for reading in self.readings if reading.mentions(fresh)]

    def concern(self) -> Callable[[SourceFile, bytes], bool]:
        """What tells whether a file that was not searched may call or re-export a wrapper.

        It has to be asked for every such file: what it did not find it does not look for again.
        """
        holders: dict[bytes, set[str]] = {}
        for name, modules in self._holders():
            holders.setdefault(name.encode(), set()).update(modules)
        bound = (path for path in (*self._shadowing, *self._exports) if path.endswith(".reload"))
        everywhere = frozenset(path.removesuffix(".reload") for path in bound).union(*holders.values())
        if not everywhere:
            return lambda file, source: False
        words = {word: re.compile(rb"\b" + re.escape(word) + rb"\b") for word in holders.keys() - self._words}
        self._words.update(words)

        def may_concern(file: SourceFile, source: bytes) -> bool:
            if file not in self._mentions:
                bases = {base.rpartition(b".")[2].decode() for base in _STAR.findall(source)}
                self._mentions[file] = set(), bases
            mentioned, bases = self._mentions[file]
            mentioned.update(word for word, pattern in words.items() if word in source and pattern.search(source))
            modules = {module for word in mentioned & holders.keys() for module in holders[word]}
            package = f"{file.package}."
            if any(package.startswith(f"{m}.") or _last(m).encode() in source for m in modules):
                return True
            return bool(bases) and any("" in bases or _last(module) in bases for module in everywhere)

        return may_concern

    def sites(self, reading: _Reading) -> tuple[ReloadSite, ...]:
        """What a file reloads, once all calls of its wrappers are known."""
        called = {
            found[:2]
            for other in self.readings
            for name in other.called
            if (found := self._resolve(other, name)) is not None
        }
        settled = (_settled(find, lambda name: (reading, name) in called) for find in reading.finds)
        calls = partial(self._calls, reading.file)
        return tuple(answered(site, calls) if site.filters else site for site in settled if site is not None)

    def _calls(self, file: SourceFile, function: str) -> Iterator[tuple[ast.Call, Place, Evaluator]]:
        """What calls a function of a file, anywhere in the project."""
        meant = {f"{module}.{function}" for module in _modules(file)}
        last = _last(function)
        word = re.compile(rb"\b" + re.escape(last.encode()) + rb"\b")
        for other, source in self._sources.items():
            outline = self._outline_of(other) if not source or word.search(source) else None
            if outline is None:
                continue
            evaluator = Evaluator(outline, lambda _: None, self._constants)
            for call, place, names in calls_in(outline, evaluator, last):
                is_method = "." in function and isinstance(call.func, ast.Attribute)
                if any(meant.intersection(self._paths(name)) for name in names) or (is_method and not names):
                    yield call, place, evaluator

    def _search(self, reading: _Reading, names: frozenset[str]) -> bool:
        """Search one file; True when its wrappers are others than before."""
        findings = search(
            reading.outline, partial(self._known, reading), names, reading.column, self._keepers, self._constants
        )
        reading.finds, reading.called = findings.finds, findings.called
        before, reading.wrappers = reading.wrappers, _families(findings.finds)
        for module in _modules(reading.file):
            for name in reading.wrappers:
                self._definitions.setdefault(f"{module}.{name}", (reading, name))
        return before != reading.wrappers

    def _outline_of(self, file: SourceFile) -> Outline | None:
        for reading in self.readings:
            if reading.file == file:
                return reading.outline
        tree = self._parse(file)
        return None if tree is None else read_outline(tree, file)

    def _known(self, reading: _Reading, name: str) -> Wrapper | None:
        """The wrapper that a callee is, or the real reload that it was re-exported from."""
        found = self._resolve(reading, name)
        if found is not None:
            wrapper = found[0].wrappers.get(found[1])
            return replace(wrapper, spelling=wrapper.spelling or found[2]) if wrapper else None
        for path in self._paths(name):
            if path in self._given:
                return self._given[path]
            if path in self._shadowing:
                return _NO_RELOAD
            if path != name and (spelling := reloader(path)):
                return Wrapper(_last(name), "module", 0, "module", ReloadMode.RELOAD, spelling=spelling)
        # A function that some other module calls so.
        is_bound = any(path.endswith(".reload") and path in self._exports for path in self._paths(name))
        return _NO_RELOAD if is_bound else None

    def _resolve(self, reading: _Reading, name: str) -> tuple[_Reading, str, str] | None:
        """The file that defines a wrapper, its qualified name there, and its dotted name."""
        module = reading.file.module
        if name.startswith(f"{module}.") and name[len(module) + 1 :] in reading.wrappers:
            return reading, name[len(module) + 1 :], name
        for path in self._paths(name):
            if path in self._definitions:
                return (*self._definitions[path], path)
        for path in self._paths(name):
            if path in self._instances:
                return self._resolve(reading, f"{self._instances[path]}.__call__")
        return None

    def _paths(self, name: str) -> list[str]:
        """The dotted names that a name leads to through re-exports and star imports, itself first."""
        if name in self._led:
            return self._led[name]
        paths = [name]
        for path in paths:
            parts = path.split(".")
            for count in range(len(parts), 0, -1):
                prefix, rest = ".".join(parts[:count]), parts[count:]
                leads = [names[prefix] for names in (self._exports, self._instances) if prefix in names]
                leads += self._stars.get(prefix, ()) if rest else ()
                paths += [p for lead in leads if (p := ".".join([lead, *rest])) not in paths]
            if len(paths) > _MOST_PATHS:
                break
        self._led[name] = paths
        return paths

    def _names(self) -> frozenset[str]:
        """The last names by which wrappers are called."""
        return frozenset(name for name, _ in self._holders()) | frozenset(map(_last, self._given))

    def _holders(self) -> Iterator[tuple[str, set[str]]]:
        """Each name by which a wrapper is called, and the modules it can be imported from."""
        for definition in self._definitions:
            module, qualified = self._split(definition)
            first, _, rest = qualified.partition(".")
            references = self._references(f"{module}.{first}")
            if rest == "__call__":
                instances = [held for name in references for held in self._holding.get(name, ())]
                yield from self._called([name for held in instances for name in self._references(held)])
            if rest and rest not in ("__init__", "__call__"):
                instances = [held for name in references for held in self._holding.get(name, ())]
                references += [name for held in instances for name in self._references(held)]
                yield _last(rest), {reference.rpartition(".")[0] for reference in references}
            else:
                yield from self._called(references)
        for name, dotted in self._exports.items():
            if reloader(dotted):
                yield from self._called(self._references(name))

    def _references(self, name: str) -> list[str]:
        """A name, and the names under which other modules re-export it."""
        references = [name]
        for reference in references:
            module, _, last = reference.rpartition(".")
            starred = [f"{importer}.{last}" for importer in self._starred.get(module, ())]
            names = (*self._importers.get(reference, ()), *starred)
            references += [name for name in names if name not in references]
        return references

    def _called(self, references: list[str]) -> Iterator[tuple[str, set[str]]]:
        modules = {reference.rpartition(".")[0] for reference in references}
        yield from ((_last(reference), modules) for reference in references)

    def _split(self, definition: str) -> tuple[str, str]:
        qualified = self._definitions[definition][1]
        return definition[: -len(qualified) - 1], qualified


def _exports(outline: Outline) -> tuple[dict[str, str], dict[str, str]]:
    """The names of a module that stand for something of another name, and those that hold an instance."""
    evaluator = Evaluator(outline, lambda name: None)
    names: dict[str, str] = {}
    instances: dict[str, str] = {}
    for name, bindings in outline.module.bindings.items():
        value = bindings[-1].value
        if bindings[-1].how != "import" and not isinstance(value, (ast.Name, ast.Attribute, ast.Call)):
            continue
        for item in evaluator.exported(name)[:1]:
            if isinstance(item, Thing):
                names[name] = item.name
            elif isinstance(item, Instance) and not item.name.startswith("builtins."):
                instances[name] = item.name
    return names, instances


def _binds_its_own_reload(outline: Outline) -> bool:
    """Whether the module's `reload` is something of its own, not what it imported by that name."""
    bindings = outline.module.bindings.get("reload", [])
    if any(binding.how == "import" for binding in bindings):
        return False
    items = Evaluator(outline, lambda name: None).exported("reload") if bindings else ()
    return bool(bindings) and not any(isinstance(item, Thing) and reloader(item.name) for item in items)


def _families(finds: Iterable[Find]) -> dict[str, Wrapper]:
    """The wrappers of a file by qualified name, those of one function under its first."""
    members: dict[str, list[Wrapper]] = {}
    for find in finds:
        for name, wrapper in find.wrappers:
            is_sane = len(wrapper.patterns) <= _MOST_PATTERNS and all(len(p) < 200 for p in wrapper.patterns)
            known = members.setdefault(name, [])
            if is_sane and wrapper not in known and len(known) < _MOST_PATTERNS:
                known.append(wrapper)
    return {name: replace(ws[0], others=tuple(ws[1:])) for name, ws in members.items() if ws}


def _settled(find: Find, is_called: Callable[[str], bool]) -> ReloadSite | None:
    """A place with what is left to it when the calls of the wrappers around it count for themselves."""
    site = find.site
    open_ones = [(name, wrapper) for name, wrapper in find.wrappers if not is_called(name)]
    if not find.wrappers:
        return site
    targets = list(site.targets)
    filters = list(site.filters)
    whys = [site.why] if site.why else []
    for name, wrapper in open_ones:
        if wrapper.default:
            own = wrapper.filters or ((),) * len(wrapper.patterns)
            for given in wrapper.default:
                for pattern, conditions in zip(wrapper.patterns, own, strict=True):
                    target = pattern.replace("{}", given)
                    targets += [target] if target not in site.targets else []
                    filters.append(
                        (target, by_default(conditions, name, wrapper.parameter, given) if "*" in target else ())
                    )
        elif not site.targets and _last(name) != _last(site.spelling):
            whys.append(f"`{wrapper.parameter}` is a parameter of `{name}` that nothing here calls")
    if not targets and not whys:
        return None
    kept = tuple(filters) if any(conditions for _, conditions in filters) else ()
    return replace(site, targets=tuple(targets), filters=kept, why="; ".join(dict.fromkeys(whys)))


def _modules(file: SourceFile) -> tuple[str, ...]:
    return file.module, *file.aliases


def _last(name: str) -> str:
    """The last part of a dotted name; of a constructor, or of what calls an instance, its class."""
    return name.removesuffix(".__init__").removesuffix(".__call__").rpartition(".")[2]


def columns(source: bytes) -> Callable[[int, int], int]:
    """What turns a row and an offset in UTF-8 bytes into a 1-based column in code points."""
    if source.isascii():
        return lambda row, offset: offset + 1
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return lambda row, offset: offset + 1
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lambda row, offset: len(lines[row - 1].encode()[:offset].decode(errors="replace")) + 1


_STAR = re.compile(rb"from[\s\\]+([\w.]+)[\s\\]+import[\s\\]*\*")
_NO_RELOAD = Wrapper("reload", "", -1, "module", ReloadMode.RELOAD, patterns=())
_MOST_PATHS = 30
_MOST_PATTERNS = 16
