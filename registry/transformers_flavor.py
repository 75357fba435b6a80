"""mlflow's flavor for transformers, with a look at the files before any leaves this machine.

`mlflow.transformers.log_model` is `Model.log` with `mlflow.transformers` for a flavor. Ours calls the same
`save_model`, then states the licences (mlflow sends people to a hub where the model is not), refuses pickles,
and takes the digests.
"""

from pathlib import Path
from typing import Any

from registry.digests import file_digests
from registry.model_card import card, licences
from registry.publish_order import PublishOrder
from registry.safety import check_safe
from summit_inference.errors import ArtifactError

TASK = "token-classification"


class CheckedTransformersFlavor:
    """What `Model.log` asks to save one model."""

    def __init__(self, flavor: Any, order: PublishOrder) -> None:
        self._flavor = flavor
        self._order = order
        self.digests: dict[str, str] = {}
        """Of every file that was saved; empty before."""

    def save_model(self, path: str, mlflow_model: Any, **options: Any) -> None:
        """Write the model to the directory `path`, from where mlflow uploads it.

        Raises:
            ArtifactError: a file is of a kind that is not served.
        """
        from huggingface_hub import ModelCard  # noqa: PLC0415 - comes with transformers, for publishers only

        self._flavor.save_model(
            path=path, mlflow_model=mlflow_model, task=TASK, model_card=ModelCard(card(self._order)), **options
        )
        Path(path, "LICENSE.txt").write_text(licences(self._order))
        check_safe(Path(path))
        self.digests = file_digests(Path(path))


def token_classification_pipeline(order: PublishOrder) -> Any:
    """The model and tokenizer of the order's directory, loaded from safetensors and from nowhere else.

    Raises:
        ArtifactError: the files are of another kind of model, or lack some of its weights.
    """
    from transformers import (  # noqa: PLC0415 - imports torch, for publishers only
        AutoModelForTokenClassification,
        AutoTokenizer,
        TokenClassificationPipeline,
    )

    local = {"local_files_only": True, "trust_remote_code": False}
    model, loaded = AutoModelForTokenClassification.from_pretrained(
        order.directory, use_safetensors=True, output_loading_info=True, **local
    )
    if loaded["missing_keys"]:
        raise ArtifactError(
            f"{order.directory} lacks weights of a token-classification model ({min(loaded['missing_keys'])}, "
            "for one); save the trained model, with its head"
        )
    model.name_or_path = (
        f"{order.name} {order.semver}"  # instead of this machine's path; no hub takes a name with a space
    )
    tokenizer = AutoTokenizer.from_pretrained(order.directory, **local)
    return TokenClassificationPipeline(model=model, tokenizer=tokenizer, task=TASK)
