"""Calls: artifact."""

from __future__ import annotations

from calls.call import AJAX, FILES, MISSING, NO_RUN, UNKNOWN_RUN, file, get, post

IN_RUN = "{one}/{run}/artifacts"

ARTIFACTS = [
    file("is put", "PUT", f"{IN_RUN}/a.txt", b"one"),
    file("is put again", "PUT", f"{IN_RUN}/a.txt", b"two"),
    file("is put into folders", "PUT", f"{IN_RUN}/deep/er/c%20d.json", b'{"a": 1}'),
    file("is empty", "PUT", f"{IN_RUN}/empty.bin", b""),
    file("has an odd name", "PUT", f"{IN_RUN}/deep/%E6%97%A5%20%2B%26%3D%25.csv", b"a,b\n"),
    file("MLmodel", "PUT", f"{IN_RUN}/deep/MLmodel", b"flavors: {}\n"),
    file("is a page", "PUT", f"{IN_RUN}/page.html", b"<p>hello</p>"),
    file("is an image", "PUT", f"{IN_RUN}/image.png", b"\x89PNG\r\n\x1a\n"),
    file("ends in a slash", "PUT", f"{IN_RUN}/folder/", b"x"),
    file("climbs", "PUT", f"{IN_RUN}/%2e%2e/x", b"x", says="Invalid path"),
    file("climbs, encoded twice", "PUT", f"{IN_RUN}/%252e%252e/x", b"x", says="Invalid path"),
    *[
        file(f"is read: {name}", "GET", f"{IN_RUN}/{name}")
        for name in [
            "a.txt",
            "deep/er/c%20d.json",
            "empty.bin",
            "deep/%E6%97%A5%20%2B%26%3D%25.csv",
            "deep/MLmodel",
            "page.html",
            "image.png",
        ]
    ],
    file("is not there", "GET", f"{IN_RUN}/absent.txt"),
    file("is a folder", "GET", f"{IN_RUN}/deep"),
    file("is read outside", "GET", f"{IN_RUN}/%2e%2e/%2e%2e/x", says="Invalid path"),
    get("files: of a run", FILES, {"path": IN_RUN}),
    get("files: of a folder", FILES, {"path": f"{IN_RUN}/deep"}),
    get("files: of a folder that is not there", FILES, {"path": f"{IN_RUN}/absent"}),
    get("files: of a file", FILES, {"path": f"{IN_RUN}/a.txt"}),
    get("files: outside", FILES, {"path": f"{IN_RUN}/../../.."}, says="Invalid path"),
    get("files: listed", "artifacts/list", {"run_id": "{run}"}),
    get("files: listed by the run's old name", f"{AJAX}/artifacts/list", {"run_uuid": "{run}"}),
    get("files: listed in a folder", "artifacts/list", {"run_id": "{run}", "path": "deep"}),
    get(
        "files: listed in a folder that is not there", "artifacts/list", {"run_id": "{run}", "path": "absent"}
    ),
    get("files: listed outside", "artifacts/list", {"run_id": "{run}", "path": "../x"}, says="Invalid path"),
    get("files: listed of a run that is not there", "artifacts/list", {"run_id": UNKNOWN_RUN}, says=NO_RUN),
    get("files: listed of no run", "artifacts/list", says=MISSING.format("run_id")),
    get("get-artifact: a file", "/get-artifact", {"run_id": "{run}", "path": "deep/er/c d.json"}),
    get("get-artifact: by the run's old name", "/get-artifact", {"run_uuid": "{run}", "path": "a.txt"}),
    get(
        "get-artifact: outside",
        "/get-artifact",
        {"run_id": "{run}", "path": "../../../../etc/passwd"},
        says="Invalid path",
    ),
    get(
        "get-artifact: of a run that is not there",
        "/get-artifact",
        {"run_id": UNKNOWN_RUN, "path": "a.txt"},
        says=NO_RUN,
    ),
    get("get-artifact: no run", "/get-artifact", {"path": "a.txt"}),
    get("get-artifact: no path", "/get-artifact", {"run_id": "{run}"}),
    post("upload-artifact: a file", f"{AJAX}/upload-artifact?run_uuid={{run}}&path=up/loaded.txt", b"up"),
    get("upload-artifact: is there", "/get-artifact", {"run_id": "{run}", "path": "up/loaded.txt"}),
    post(
        "upload-artifact: no run",
        f"{AJAX}/upload-artifact?path=a.txt",
        b"up",
        says="Request must specify run_uuid.",
    ),
    post(
        "upload-artifact: no path",
        f"{AJAX}/upload-artifact?run_uuid={{run}}",
        b"up",
        says="Request must specify path.",
    ),
    post(
        "upload-artifact: no data",
        f"{AJAX}/upload-artifact?run_uuid={{run}}&path=a.txt",
        b"",
        says="Request must specify data.",
    ),
    post(
        "upload-artifact: outside",
        f"{AJAX}/upload-artifact?run_uuid={{run}}&path=../x",
        b"up",
        says="Invalid path",
    ),
    post(
        "upload-artifact: of a run that is not there",
        f"{AJAX}/upload-artifact?run_uuid={UNKNOWN_RUN}&path=a.txt",
        b"up",
    ),
    file("is deleted", "DELETE", f"{IN_RUN}/a.txt"),
    file("is deleted again", "DELETE", f"{IN_RUN}/a.txt"),
    file("a folder is deleted", "DELETE", f"{IN_RUN}/deep/er"),
    file("is deleted outside", "DELETE", f"{IN_RUN}/%2e%2e/%2e%2e/x", says="Invalid path"),
    get("files: after some are gone", "artifacts/list", {"run_id": "{run}", "path": "deep"}),
    post(
        "files in parts: begin",
        f"/api/2.0/mlflow-artifacts/mpu/create/{IN_RUN}",
        {"path": "big", "num_parts": 2},
    ),
    get("presigned: a file", f"/api/2.0/mlflow-artifacts/presigned/{IN_RUN}/image.png"),
    file("has a backslash", "PUT", f"{IN_RUN}/a%5Cb", b"x"),
    post("an endpoint that is not there", "no/such"),
]
