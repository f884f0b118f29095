"""The blocks of ModelBox's page, read through what it lost on the way to the web."""

import json
import pathlib

from trackway.modelbox import ArtifactMime, Event, EventSource, MLFramework, ModelBox

for name in ("checkpoint.pt", "samples/one.txt", "samples/deep/two.png"):
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(name).write_text(name)

# An experiment.
mbox = ModelBox()
experiment = mbox.new_experiment(
    name="wav2vec-lid",
    owner="owner@email.com",
    namespace="langtech",
    external_id="extern1",
    framework=MLFramework.PYTORCH,
)

# Metadata.
result = experiment.update_metadata(
    key="hyperparams", value={"fc_layers": 3, "lr": 0.002, "optimizer": {"name": "adam"}}
)
updated_at = result.updated_at
experiment.update_metadata(key="notes", value=["any", {"json": None}, 2**60])

# Metrics: numbers, texts and tensors.
experiment.log_metrics(metrics={"loss": 2.4, "accu": 97.6}, step=10, wallclock=12345)
experiment.log_metrics(metrics={"tensor": "[1.0, 2.0]", "bytes": b"\x00\xff\x01"}, step=10, wallclock=12346)
experiment.log_metrics(metrics={"loss": 2.3}, step=10, wallclock=12347)

# Events: how long did the checkpoint take?
experiment.log_event(
    Event(
        name="checkpoint_write_start",
        source=EventSource(name="trainer"),
        wallclock_time=12000,
        metadata={"chk_size": 2345},
    )
)
experiment.log_event(
    Event(
        name="checkpoint_write_finish",
        source=EventSource(name="trainer"),
        wallclock_time=12500,
        metadata={"write_speed": "2mb/s"},
    )
)

# Files: kept by the server, or only told of.
uploaded = experiment.upload_artifact(files=["checkpoint.pt", "samples"])
tracked = experiment.track_artifacts(files=["checkpoint.pt", "s3://bucket/weights.onnx"])

artifacts = experiment.artifacts()
same = mbox.new_experiment(name="another name", namespace="langtech", external_id="extern1")
other = mbox.new_experiment(name="another name", namespace="langtech")
assert experiment.artifacts == artifacts
assert {one.parent for one in artifacts} == {experiment.id}
assert all(isinstance(one.mime_type, ArtifactMime) for one in artifacts)

answer = {
    "id": experiment.id,
    "existed": [experiment.experiment_exists, same.experiment_exists, other.experiment_exists],
    "same": [same.id, same.name, same.owner, same.external_id, same.framework.name],
    "other": other.id,
    "updated_at": updated_at.isoformat(),
    "ids": uploaded.artifact_ids,
    "tracked": tracked.num_artifacts_tracked,
    "artifacts": [[one.path, one.mime_type.name, one.checksum, one.id] for one in artifacts],
}
print(json.dumps(answer))
