"""What people want of a rollout, written into its spec, which the controller follows."""

import getpass
import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from rollout.policy import Policy
from rollout.state import Approval, ModelRollout, Order, Spec
from rollout.world import StateStore, StatusConflict
from summit_inference.errors import InvalidRequest

_ATTEMPTS = 50
_O = TypeVar("_O", bound=Order)


def started(spec: Spec, policy: Policy | None) -> Spec:
    """The spec that tries the candidate, even one that has failed before, by this policy or the one there is."""
    return spec.model_copy(update={"start": _order(Order), "policy": policy or spec.policy, "is_suspended": False})


def approved(rollout: ModelRollout) -> Spec:
    """The spec that passes the gate at which the rollout stands."""
    approval = _order(Approval, rollout).model_copy(update={"step": rollout.status.step})
    return rollout.spec.model_copy(update={"approve": approval})


def aborted(rollout: ModelRollout) -> Spec:
    """The spec that rolls this rollout back."""
    return rollout.spec.model_copy(update={"abort": _order(Order, rollout), "is_suspended": False})


def forced(rollout: ModelRollout) -> Spec:
    """The spec that promotes without evidence."""
    return rollout.spec.model_copy(update={"promote": _order(Order, rollout)})


def suspended(rollout: ModelRollout, *, is_suspended: bool) -> Spec:
    """The spec that halts everything, or lets it go on."""
    return rollout.spec.model_copy(update={"is_suspended": is_suspended})


def change(store: StateStore, name: str, spec_of: Callable[[ModelRollout], Spec]) -> ModelRollout:
    """Write the spec that `spec_of` makes of what there is; the controller may write at the same time.

    Raises:
        InvalidRequest: the file is written all the time.
    """
    for _ in range(_ATTEMPTS):
        seen = store.read(name) or ModelRollout(name=name, spec=Spec(model_name=name))
        try:
            return store.write_spec(seen, spec_of(seen))
        except StatusConflict:
            time.sleep(0.02)
    raise InvalidRequest("the rollout's state is written by others all the time; try again")


def running(rollout: ModelRollout | None) -> ModelRollout:
    """The rollout, which is not over.

    Raises:
        InvalidRequest: nothing is rolled out.
    """
    if rollout is None or rollout.status.phase.is_over:
        raise InvalidRequest("nothing is rolled out now; look with: summit rollout status")
    return rollout


def _order(kind: type[_O], rollout: ModelRollout | None = None) -> _O:
    rollout_id = rollout.status.rollout_id if rollout else ""
    return kind(rollout_id=rollout_id, id=uuid.uuid4().hex, by=getpass.getuser(), at=time.time())
