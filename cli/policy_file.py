"""A rollout's policy as people write it: YAML, or JSON, which is YAML."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from rollout.policy import Policy
from summit_inference.errors import InvalidRequest


def read(path: Path) -> Policy:
    """The policy in the file; what it leaves out is as by default.

    Raises:
        InvalidRequest: it cannot be read, or is no policy; the sentence names the members at fault.
    """
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InvalidRequest(f"{path} is no YAML; compare it with docs/reference/policy.md") from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'policy'}: {each['msg']}" for each in error.errors()]
        raise InvalidRequest(f"{path}: {'; '.join(faults)}") from None
