"""SeaweedFS, the S3 store of the demo and of the tests, as one `weed mini` process."""

from __future__ import annotations

import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import urllib3
from minio import Minio
from minio.error import S3Error

from sisolocal.layout import write_private
from sisolocal.process import Spec
from sisolocal.stores.base import NotReady, Store

BUCKETS = ("documenti", "report")
PROBE_BUCKET = "siso-probe"
PROBE_BODY = b"un oggetto noto"
HTTP = ("s3", "master", "filer", "volume", "admin")


class Seaweed(Store):
    """The object store. Ready means that a known object can be read: after a kill that takes up to five seconds."""

    name = "s3"
    port_names = tuple(f"weed_{part}{grpc}" for part in HTTP for grpc in ("", "_grpc"))

    @property
    def folder(self) -> Path:
        return self.layout.data("s3")

    def prepare(self) -> None:
        for folder in ("db", "tmp"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        users = ("admin", *BUCKETS)
        self.credentials.ensure(*(f"s3_{user}_{part}" for user in users for part in ("access", "secret")))
        identities = [self._identity("admin", ["Admin", "Read", "Write", "List", "Tagging"])]
        for bucket in BUCKETS:
            actions = [f"{action}:{bucket}" for action in ("Admin", "Read", "Write", "List", "Tagging")]
            identities.append(self._identity(bucket, actions))
        write_private(self.folder / "s3.json", json.dumps({"identities": identities}))

    def _identity(self, user: str, actions: list[str]) -> dict[str, Any]:
        keys = {"accessKey": self.access_key(user), "secretKey": self.secret_key(user)}
        return {"name": user, "credentials": [keys], "actions": actions}

    def access_key(self, user: str) -> str:
        return self.credentials[f"s3_{user}_access"]

    def secret_key(self, user: str) -> str:
        return self.credentials[f"s3_{user}_secret"]

    @property
    def address(self) -> str:
        """`host:port`, as the minio client wants it."""
        return f"127.0.0.1:{self.ports['weed_s3']}"

    def spec(self) -> Spec:
        argv = [
            str(Path(sys.executable).with_name("weed")),
            "-logtostderr=true",
            "mini",
            f"-dir={self.folder / 'db'}",
        ]
        argv += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-volume.id={self.layout.name}"]
        for part in HTTP:
            argv.append(f"-{part}.port={self.ports[f'weed_{part}']}")
            argv.append(f"-{part}.port.grpc={self.ports[f'weed_{part}_grpc']}")
        argv += [
            "-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false", "-s3.iam=false",
            f"-s3.config={self.folder / 's3.json'}", "-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock",
        ]  # fmt: skip
        names = [
            "weed_jwt_signing_key", "weed_jwt_signing_read_key", "weed_jwt_filer_signing_key",
            "weed_jwt_filer_signing_read_key", "weed_s3_sse_key",
        ]  # fmt: skip
        self.credentials.ensure(*names)
        env = {name.upper(): self.credentials[name] for name in names[:4]}
        env |= {
            "WEED_S3_SSE_KEK": self.credentials[names[4]],
            "GOMEMLIMIT": "300MiB",
            "HOME": str(self.folder),
        }
        return Spec(self.name, argv, env | {"TMPDIR": str(self.folder / "tmp")}, self.folder, stop_timeout=15)

    def client(self, user: str = "admin") -> Minio:
        """A client that fails at once instead of trying again for seconds."""
        return Minio(
            self.address, access_key=self.access_key(user), secret_key=self.secret_key(user),
            secure=False, region="us-east-1",
            http_client=urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=1, read=5)),
        )  # fmt: skip

    def probe(self) -> None:
        """Read the known object; write it first when this store has never had it."""
        client = self.client()
        marker = self.folder / "probe-written"
        if not marker.exists():
            if not client.bucket_exists(PROBE_BUCKET):
                client.make_bucket(PROBE_BUCKET)
            client.put_object(PROBE_BUCKET, "noto", BytesIO(PROBE_BODY), len(PROBE_BODY))
            marker.touch()
        answer = client.get_object(PROBE_BUCKET, "noto")
        try:
            if answer.read() != PROBE_BODY:
                raise NotReady("the known object reads differently")
        finally:
            answer.close()

    def provision(self) -> None:
        client = self.client()
        present = {bucket.name for bucket in client.list_buckets()}
        for bucket in BUCKETS:
            if bucket not in present:
                try:
                    client.make_bucket(bucket)
                except S3Error as error:
                    if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                        raise
