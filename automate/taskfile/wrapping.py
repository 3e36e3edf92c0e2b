"""Values that stand for a mapping (`retries: 3`), written out as one so that an entry finds room beside them."""

from automate.taskfile import nodes
from automate.taskfile.nodes import Mapping, Node, Scalar
from automate.taskfile.typed import Value, inline

_SUCCESS = Scalar(1, 1, "success")


def opened(key: str, node: Node) -> Mapping | None:
    """Return the mapping that the value of this key is short for; None if it is not."""
    if key == "retries" and isinstance(node, Scalar):
        return Mapping(1, 1, [(Scalar(1, 1, "attempts"), node)])
    if key == "after":
        names = node.items if isinstance(node, nodes.Sequence) else [node]
        return Mapping(1, 1, [(name, _SUCCESS) for name in names])
    return None


def written(mapping: Mapping, name: str, value: Value) -> Value:
    """Write that mapping, of texts only, in braces, with one more entry."""
    pairs = [(key, each) for key, each in mapping.pairs if isinstance(key, Scalar) and key.text != name]
    texts = [f"{_text(key)}: {_text(each)}" for key, each in pairs]
    entry = f"{_text(Scalar(1, 1, name))}: {inline(value, flow=True)}"
    return Value(Mapping(1, 1, [*pairs, (Scalar(1, 1, name), value.node)]), f"{{{', '.join([*texts, entry])}}}")


def _text(node: Node) -> str:
    return inline(Value(node), flow=True)
