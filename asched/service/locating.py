"""From a fault to the place in config.toml, or in the environment, where somebody can mend it."""

from __future__ import annotations

from asched.core.dataclass import dataclass
from asched.declaration.faults import Fault, Path
from asched.declaration.problems import Finding
from asched.service.layers import Layers
from asched.service.toml_positions import Place, Positions


@dataclass(frozen=True, slots=True)
class Locator:
    """`file` is the configuration's path as it is shown."""

    file: str
    positions: Positions
    layers: Layers

    def finding(self, fault: Fault, above: Path = (), *, job: str = "", severity: str = "error") -> Finding:
        """The fault as a problem; its path goes on from `above`. `job` names it in the message."""
        path = (*above, *fault.path)
        message = f'job "{job}": {fault.message}' if job else fault.message
        if giver := self.layers.giver(path):
            name = giver.removeprefix("environment ")
            return Finding(message, name, help=fault.help, severity=severity, job=job)
        place, column, point = self._where(fault, path)
        return Finding(
            message,
            self.file,
            place.line,
            column,
            place.length,
            place.source,
            fault.help,
            point=point,
            severity=severity,
            job=job,
        )

    def source(self, path: Path) -> str:
        """`config.toml:14`: where the value at this path begins."""
        return f"{self.file}:{self.positions.value(path).line}"

    def _where(self, fault: Fault, path: Path) -> tuple[Place, int, int]:
        """(place, column of the key or value, column of the caret or 0)."""
        if path not in self.positions and isinstance(path[-1], int):
            path = path[:-1]  # an only item that was written without its list
        if fault.of_key or path not in self.positions:
            place = self.positions.key(path)
            return place, place.column, 0
        value = self.positions.value(path)
        if fault.span is None:
            is_header = value.source.lstrip().startswith("[") and value.source[: value.column - 1].strip() == ""
            return value, value.column, 0 if is_header else value.column
        place = self.positions.within(path, fault.span)
        return place, value.column if value.line == place.line else place.column, place.column
