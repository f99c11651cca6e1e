"""Snapshots of the facts as Parquet objects in S3, and their copies on this machine."""

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import urllib3
from minio import Minio
from minio.error import S3Error

from contracts.errors import Unavailable
from report.settings import Settings

PREFIX = "fatti_cartelle/"
SCHEMA = pa.schema(
    [
        ("persona", pa.int64()),
        ("ente", pa.string()),
        ("comune", pa.string()),
        ("area", pa.string()),
        ("sesso", pa.string()),
        ("anno_nascita", pa.int16()),
        ("settore", pa.string()),
        ("stato", pa.string()),
    ]
)


def to_parquet(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows in the order of SCHEMA as one zstd Parquet file."""
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    out = BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), out, compression="zstd")
    return out.getvalue()


class SnapshotStore:
    """The bucket. A snapshot gets a key of its own and is never overwritten; PostgreSQL says which one holds."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.s3_bucket
        self._client = Minio(
            settings.s3_endpoint,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            secure=settings.s3_secure,
            region="us-east-1",
            http_client=urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=30), retries=2),
        )

    def put(self, ente: str, content: bytes) -> tuple[str, str]:
        """(key, sha256) of the new object."""
        key = f"{PREFIX}{ente}/{uuid4()}.parquet"
        with _named_failures():
            self._client.put_object(self._bucket, key, BytesIO(content), len(content))
        return key, hashlib.sha256(content).hexdigest()

    def get(self, key: str) -> bytes:
        with _named_failures():
            answer = self._client.get_object(self._bucket, key)
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def delete_unused(self, used: set[str], older_than: timedelta) -> int:
        """Removes objects no pointer names any more, once nobody can still be reading them; how many."""
        limit = datetime.now(UTC) - older_than
        with _named_failures():
            found = list(self._client.list_objects(self._bucket, PREFIX, recursive=True))
            old = [one for one in found if one.last_modified is not None and one.last_modified < limit]
            doomed = [str(one.object_name) for one in old if one.object_name not in used]
            for name in doomed:
                self._client.remove_object(self._bucket, name)
        return len(doomed)

    def ping(self) -> None:
        with _named_failures():
            self._client.bucket_exists(self._bucket)


class SnapshotCache:
    """Copies on this machine, named by what is in them: a name that is there is whole and right."""

    def __init__(self, settings: Settings) -> None:
        self._own = settings.cache_dir is None
        self.folder = settings.cache_dir or Path(tempfile.mkdtemp(prefix="siso-report-"))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def ensure(self, ente: str, key: str, sha256: str, store: SnapshotStore) -> Path:
        """The local copy of a snapshot, fetched if it is not here; the ente's older copies go."""
        path = self.folder / f"{ente}-{sha256}.parquet"
        if not path.exists():
            content = store.get(key)
            if hashlib.sha256(content).hexdigest() != sha256:
                raise Unavailable(
                    "report.istantanea", "I dati del report non sono integri: riprova fra poco."
                )
            part = path.with_suffix(f".{uuid4()}.part")
            part.write_bytes(content)
            part.replace(path)
            self._drop_older(ente, path)
        return path

    def _drop_older(self, ente: str, newest: Path) -> None:
        """Not the last one: a question may be reading it."""
        copies = sorted(
            self.folder.glob(f"{ente}-*.parquet"), key=lambda path: path.stat().st_mtime, reverse=True
        )
        for old in [path for path in copies if path != newest][1:]:
            old.unlink(missing_ok=True)

    def close(self) -> None:
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)


class _named_failures:
    """Whatever goes wrong between us and the store is Unavailable to the caller."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, S3Error | urllib3.exceptions.HTTPError | OSError):
            raise Unavailable("archivio.non_disponibile", "L'archivio dei report non risponde.") from error
