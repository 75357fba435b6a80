"""A caller that uses the generated Python client: `call.py FOLDER URL TOKEN`. Prints what it got as JSON."""

import json
import sys

sys.path.insert(0, sys.argv[1])

import summit_client as client  # type: ignore[import-not-found] # made by the test
from summit_client.exceptions import ApiException  # type: ignore[import-not-found]

configuration = client.Configuration(host=sys.argv[2], access_token=sys.argv[3])
with client.ApiClient(configuration) as connection:
    extract, v2 = client.ExtractApi(connection), client.V2Api(connection)
    one = extract.extract(client.ExtractRequest(text="Ada met Grace"), x_request_timeout_ms=5000).actual_instance
    many = extract.extract(client.ExtractRequest(texts=["Ada", "Grace"]), degradation="only").actual_instance
    tensor = client.V2Input(name="text", shape=[1], datatype="BYTES", data=["Ada met Grace"])
    columns = v2.infer("summit-extract", client.V2InferRequest(inputs=[tensor]))
    state = client.OperatorsApi(connection).state()
    try:
        extract.extract(client.ExtractRequest())
    except ApiException as error:
        refused = {"status": error.status, "code": json.loads(error.body)["code"]}

sys.stdout.write(
    json.dumps(
        {
            "entities": one.entities,
            "label": one.spans[0].label,
            "version": one.model.version,
            "degraded": [one.degraded, many.degraded],
            "results": len(many.results),
            "column": next(each.data for each in columns.outputs if each.name == "entity"),
            "model": state.model_name,
            "refused": refused,
        }
    )
)
