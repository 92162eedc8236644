"""What a calculator found, for people and for programs, with the rules that say so."""

from typing import Any

import msgspec

from replay.text_table import table_lines


class Row(msgspec.Struct, frozen=True):
    """One figure: what it is, its text for people, and what to add to it."""

    label: str
    text: str
    note: str = ""


class Table(msgspec.Struct, frozen=True):
    """Rows under headings; cells are text for people."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer.

    title: the question in words. rows, table: the figures. how: the formula or the procedure. rules: which rules of the
    venue say so. story: what happened, where something was run. data: the same for programs, amounts as decimal text.
    """

    title: str
    rows: tuple[Row, ...] = ()
    table: Table | None = None
    how: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    story: str = ""
    data: dict[str, Any]

    def json(self) -> str:
        """Return one JSON object on one line."""
        return msgspec.json.encode({**self.data, "how": self.how, "rules": self.rules}).decode()

    def text(self) -> str:
        """Return the answer for people."""
        parts = [self.title]
        if self.rows:
            width = max(len(row.label) for row in self.rows)
            parts.append("\n".join(f"  {row.label:<{width}}  {row.text}{_noted(row.note)}" for row in self.rows))
        if self.table is not None and self.table.rows:
            parts.append(_table_text(self.table))
        if self.story:
            parts.append(self.story)
        for name, lines in (("how", self.how), ("rules", self.rules)):
            if lines:
                parts.append("\n".join(f"  {name if not at else '':<7}{line}" for at, line in enumerate(lines)))
        return "\n\n".join(parts)


def _noted(note: str) -> str:
    return f"   {note}" if note else ""


def _table_text(table: Table) -> str:
    """Return the table in columns as wide as they need; numbers to the right."""
    columns = zip(*table.rows, strict=True)
    is_number = [all(not cell or cell[0] in "0123456789-+#" for cell in column) for column in columns]
    left = [place for place, right in enumerate(is_number) if not right]
    return "\n".join(table_lines([table.headings, *table.rows], left=left))
