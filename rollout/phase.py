"""The phases of a rollout. Pure.

```
Idle → Validating → Dark → Smoke → Shadow → Ramp ⇄ Held → [Gate] → Promoting → Soak → Promoted
          └───────────┴──────┴───────┴────────┴───────┴────→ RollingBack ←─────────┘ → RolledBack
any → Suspended ; candidate moved or deleted → RollingBack
```
"""

from enum import StrEnum


class Phase(StrEnum):
    """Where a rollout stands. Each value is how people and resources spell it."""

    IDLE = "Idle"
    VALIDATING = "Validating"
    DARK = "Dark"
    SMOKE = "Smoke"
    SHADOW = "Shadow"
    RAMP = "Ramp"
    HELD = "Held"
    GATE = "Gate"
    PROMOTING = "Promoting"
    SOAK = "Soak"
    PROMOTED = "Promoted"
    ROLLING_BACK = "RollingBack"
    ROLLED_BACK = "RolledBack"
    SUSPENDED = "Suspended"

    @property
    def is_over(self) -> bool:
        """Whether nothing is rolled out: there never was, or it has ended."""
        return self in {Phase.IDLE, Phase.PROMOTED, Phase.ROLLED_BACK}
