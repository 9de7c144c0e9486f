"""Draw the machine from its table, as Mermaid: `python -m statemachine.diagram`."""

from statemachine.states import NEW, TERMINAL, State
from statemachine.table import RULES


def mermaid() -> str:
    """A `stateDiagram-v2` of every rule that changes the state; facts that move nothing are left out."""
    edges: dict[tuple[str, str], list[str]] = {}
    for rule in RULES:
        source = "[*]" if rule.source == NEW else _node(str(rule.source))
        if str(rule.source) == rule.target.value:
            continue
        label = rule.event.name if rule.guard is None else f"{rule.event.name} [{rule.guard.__name__}]"
        edges.setdefault((source, _node(rule.target.value)), []).append(label)
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{state.value}" as {_node(state.value)}' for state in State if "-" in state.value]
    lines += [
        f"    {source} --> {target}: {' / '.join(dict.fromkeys(labels))}" for (source, target), labels in edges.items()
    ]
    lines += [f"    {_node(state.value)} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(lines)


def _node(value: str) -> str:
    return value.replace("-", "_")


if __name__ == "__main__":
    print(mermaid())
