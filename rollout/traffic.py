"""Effects on traffic, and whoever can have them: a backend whole, or a test's model of one."""

from typing import Protocol

from rollout.effects import Restore, SetShadow, Settle, SetTraffic, StartDark

TrafficEffect = StartDark | SetTraffic | SetShadow | Restore | Settle


class Traffic(Protocol):
    """What serves model versions, and splits traffic between them. What raises a SummitError is tried again."""

    def start_dark(self, effect: StartDark) -> None: ...

    def set_traffic(self, effect: SetTraffic) -> None: ...

    def set_shadow(self, effect: SetShadow) -> None: ...

    def restore(self, effect: Restore) -> None: ...

    def settle(self, effect: Settle) -> None: ...


def change(traffic: Traffic, effect: TrafficEffect) -> None:
    """Do the effect, once more if it is done already."""
    match effect:
        case StartDark():
            traffic.start_dark(effect)
        case SetTraffic():
            traffic.set_traffic(effect)
        case SetShadow():
            traffic.set_shadow(effect)
        case Restore():
            traffic.restore(effect)
        case Settle():
            traffic.settle(effect)
