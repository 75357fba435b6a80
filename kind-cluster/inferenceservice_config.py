"""KServe's inferenceservice-config for Knative with Kourier: the ConfigMap as JSON in and out.

It changes what Kourier needs, and nothing else: KServe refuses a ConfigMap in which other members are missing.
"""

import json
import sys
from typing import Any


def changed(config_map: dict[str, Any]) -> dict[str, Any]:
    """The ConfigMap with Kourier in the place of Istio and Knative as the default mode.

    Raises:
        KeyError: it is not KServe's.
    """
    data = dict(config_map["data"])
    ingress = {**json.loads(data["ingress"]), "disableIstioVirtualHost": True, "ingressClassName": "kourier"}
    deploy = {**json.loads(data["deploy"]), "defaultDeploymentMode": "Knative"}
    data |= {"ingress": json.dumps(ingress, indent=2), "deploy": json.dumps(deploy, indent=2)}
    kept = {name: config_map["metadata"][name] for name in ("name", "namespace")}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": kept, "data": data}


if __name__ == "__main__":
    json.dump(changed(json.load(sys.stdin)), sys.stdout)
