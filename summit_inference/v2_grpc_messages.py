"""The protobuf messages of `inference.GRPCInferenceService`, built at import from the table below.

In a descriptor pool of their own: kserve and tritonclient register the same names in the default one, and a process
that loads two of them would not start.

Source: field numbers of open_inference_grpc.proto (kserve/open-inference-protocol), with `properties` and the double
and uint64 parameters that older copies lack.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"

# `type name number`; `type[]` is repeated, `{type}` a map from strings, `|type` a member of the message's one-of.
_FIELDS: dict[str, str] = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "bool live 1",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "bool ready 1",
    "ModelReadyRequest": "string name 1, string version 2",
    "ModelReadyResponse": "bool ready 1",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "string name 1, string version 2, string[] extensions 3",
    "ModelMetadataRequest": "string name 1, string version 2",
    "ModelMetadataResponse": (
        "string name 1, string[] versions 2, string platform 3, ModelMetadataResponse.TensorMetadata[] inputs 4, "
        "ModelMetadataResponse.TensorMetadata[] outputs 5, {string} properties 6"
    ),
    "ModelMetadataResponse.TensorMetadata": "string name 1, string datatype 2, int64[] shape 3",
    "ModelInferRequest": (
        "string model_name 1, string model_version 2, string id 3, {InferParameter} parameters 4, "
        "ModelInferRequest.InferInputTensor[] inputs 5, ModelInferRequest.InferRequestedOutputTensor[] outputs 6, "
        "bytes[] raw_input_contents 7"
    ),
    "ModelInferRequest.InferInputTensor": (
        "string name 1, string datatype 2, int64[] shape 3, {InferParameter} parameters 4, "
        "InferTensorContents contents 5"
    ),
    "ModelInferRequest.InferRequestedOutputTensor": "string name 1, {InferParameter} parameters 2",
    "ModelInferResponse": (
        "string model_name 1, string model_version 2, string id 3, {InferParameter} parameters 4, "
        "ModelInferResponse.InferOutputTensor[] outputs 5, bytes[] raw_output_contents 6"
    ),
    "ModelInferResponse.InferOutputTensor": (
        "string name 1, string datatype 2, int64[] shape 3, {InferParameter} parameters 4, "
        "InferTensorContents contents 5"
    ),
    "InferParameter": (
        "|bool bool_param 1, |int64 int64_param 2, |string string_param 3, |double double_param 4, "
        "|uint64 uint64_param 5"
    ),
    "InferTensorContents": (
        "bool[] bool_contents 1, int32[] int_contents 2, int64[] int64_contents 3, uint32[] uint_contents 4, "
        "uint64[] uint64_contents 5, float[] fp32_contents 6, double[] fp64_contents 7, bytes[] bytes_contents 8"
    ),
}

RAW_INPUT_CONTENTS = 7
"""The number of the field that holds raw tensors."""

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "float": _Field.TYPE_FLOAT,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="open_inference_grpc.proto", package=PACKAGE, syntax="proto3")
    by_name: dict[str, Any] = {}
    for full_name, fields in _FIELDS.items():
        outer, _, name = full_name.rpartition(".")
        message = (by_name[outer].nested_type if outer else file.message_type).add(name=name)
        by_name[full_name] = message
        for field in filter(None, fields.split(", ")):
            _add(message, full_name, field)
    return file


def _add(message: Any, full_name: str, field: str) -> None:
    kind, name, number = field.split(" ")
    added = message.field.add(name=name, number=int(number), label=_Field.LABEL_OPTIONAL)
    if kind.startswith("{"):
        kind = _map_entry(message, full_name, name, kind.strip("{}"))
    if kind.endswith("[]"):
        added.label = _Field.LABEL_REPEATED
    if kind.startswith("|"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="parameter_choice")
        added.oneof_index = 0
    _set_type(added, kind.strip("|[]"))


def _map_entry(message: Any, full_name: str, name: str, kind: str) -> str:
    entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
    entry.options.map_entry = True
    _add(entry, "", "string key 1")
    _add(entry, "", f"{kind} value 2")
    return f"{full_name}.{entry.name}[]"


def _set_type(field: Any, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_file())


def message_class(name: str) -> Any:
    """The class of the message of this name."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
