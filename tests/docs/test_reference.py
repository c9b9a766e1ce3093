"""docs/rule-language.md documents exactly the functions there are. GOLDEN=write writes it again."""

from __future__ import annotations

import os
from pathlib import Path

from rules.functions.registry import vocabulary

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rule-language.md"
START, END = "<!-- reference -->\n", "<!-- /reference -->"


def test_the_reference_is_what_the_functions_say_of_themselves() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    written, _, after = rest.partition(END)
    if os.environ.get("GOLDEN") == "write":
        PAGE.write_text(f"{before}{START}{reference()}{END}{after}", encoding="utf-8")
        return
    assert written == reference()


def reference() -> str:
    """Every function by family, in Markdown."""
    lines = []
    functions = vocabulary().values()
    for family in sorted({function.family for function in functions}):
        lines.append(f"### {family.capitalize()}\n")
        for function in sorted((each for each in functions if each.family == family), key=lambda each: each.name):
            prose, _, example = function.doc.rpartition("Example:")
            also = f" Also `{'`, `'.join(function.also)}`." if function.also else ""
            lines.append(f"**`{function.usage}`** {' '.join(prose.split())}{also}\n\n```\n{example.strip()}\n```\n")
    return "\n" + "\n".join(lines) + "\n"
