"""What ``__all__`` lists, as it is put together."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from stalecheck.summarize.recorder import Recorder
from stalecheck.summarize.summary import NameImport, PublicNames
from stalecheck.summarize.syntax import as_written


class Public:
    """Puts together what ``__all__`` lists."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.names: list[PublicNames] | None = None
        self.texts: dict[str, cst.List | cst.Tuple] = {}
        """Lists that ``__all__`` may be put together from."""

    def extend(self, node: cst.BaseExpression) -> None:
        """Add to ``__all__`` what an expression lists; what cannot be read makes all of it unknown."""
        if self.names is None:
            self.names = []
        part = self._names(node)
        if part is None:
            self.names = None
        else:
            self.names += part

    def _names(self, node: cst.BaseExpression) -> list[PublicNames] | None:
        match node:
            case cst.List() | cst.Tuple() | cst.Set():
                listed: list[str] = []
                parts: list[PublicNames] = []
                for element in node.elements:
                    if isinstance(element, cst.StarredElement):
                        parts += self._names(element.value) or []
                    elif isinstance(element.value, (cst.SimpleString, cst.ConcatenatedString)):
                        listed.append(str(element.value.evaluated_value))
                    elif isinstance(element.value, cst.Attribute) and element.value.attr.value == "__name__":
                        written = as_written(element.value.value)
                        listed.append(written.rpartition(".")[2])
                    else:
                        return None
                return [PublicNames(tuple(listed)), *parts]
            case cst.BinaryOperation(operator=cst.Add()):
                left, right = self._names(node.left), self._names(node.right)
                return None if left is None or right is None else left + right
            case cst.Name() if node.value in self.texts:
                return self._names(self.texts[node.value])
            case cst.Name():
                reaching = self._recorder.scope.names.get(node.value, ())
                bound = [self._recorder.bindings[index].value for index in reaching]
                lists = [item for item in bound if isinstance(item, NameImport) and item.name == "__all__"]
                return [PublicNames(imported=item) for item in lists] if lists and len(lists) == len(bound) else None
            case cst.Attribute(attr=cst.Name(value="__all__")):
                return [PublicNames(module=self._recorder.convert(node.value))]
            case cst.Call(func=cst.Name(value="list" | "tuple" | "sorted" | "set"), args=[argument]):
                return self._names(argument.value)
            case cst.Call(func=cst.Attribute(value=text, attr=cst.Name(value="split"))):
                names = split_text(text, [argument.value for argument in node.args])
                return [PublicNames(names)] if names else None
            case _:
                return None


def split_text(text: cst.BaseExpression, arguments: Sequence[cst.BaseExpression]) -> tuple[str, ...]:
    """Return what ``"a b".split()`` gives; nothing where that cannot be read."""
    parts = [
        part.evaluated_value if isinstance(part, (cst.SimpleString, cst.ConcatenatedString)) else None
        for part in (text, *arguments)
    ]
    written = [part for part in parts if isinstance(part, str)]
    if len(written) < len(parts) or len(parts) > 2:
        return ()
    return tuple(written[0].split(written[1] if len(written) > 1 else None))
