"""The object store, spoken to in plain S3. Bytes go from and to it by presigned addresses, never through RabbitMQ.

Uploads land under `arrivo/`: whoever holds the address can write there and nowhere else. Once checked they are kept
under another random key, which no address for writing ever names.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, CopySource, Filter
from minio.error import S3Error, ServerError
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.sse import SseS3
from minio.sseconfig import Rule as SseRule
from minio.sseconfig import SSEConfig

from contracts.errors import Unavailable
from documenti.domain.documento import StoredCopy
from documenti.policies import HEAD_BYTES
from documenti.settings import Settings

CHUNK = 256 * 1024
ARRIVAL_PREFIX = "arrivo/"
ARRIVAL_DAYS = 2
MISSING = {"NoSuchKey", "NoSuchObject"}


class ObjectMissing(Exception):
    """Nothing under that key."""


class DocumentoStore(Protocol):
    def put_url(self, key: str, lifetime: timedelta) -> str: ...
    def get_url(self, key: str, lifetime: timedelta, nome_file: str, tipo_mime: str) -> str: ...
    def keep(self, arrival: str, key: str, dimensione: int) -> StoredCopy: ...
    def put(self, key: str, data: bytes, tipo_mime: str) -> None: ...
    def remove(self, *keys: str) -> None: ...
    def ping(self) -> None: ...


class S3Store:
    """MinIO, SeaweedFS or any S3. A store that does not answer is Unavailable (503)."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.s3_bucket
        self._sse = SseS3() if settings.s3_sse else None
        self._client = Minio(
            settings.s3_endpoint,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            secure=settings.s3_secure,
            region=settings.s3_region,  # given, so that signing an address asks nobody
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=3, read=15),
                retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504)),
                maxsize=20,
            ),
        )

    def put_url(self, key: str, lifetime: timedelta) -> str:
        return self._client.presigned_put_object(self._bucket, key, expires=lifetime)

    def get_url(self, key: str, lifetime: timedelta, nome_file: str, tipo_mime: str) -> str:
        """Address for reading, which answers with the file's own name and type, as an attachment."""
        headers: dict[str, str | list[str] | tuple[str]] = {
            "response-content-type": tipo_mime,
            "response-content-disposition": f"attachment; filename*=UTF-8''{quote(nome_file, safe='')}",
        }
        return self._client.presigned_get_object(
            self._bucket, key, expires=lifetime, response_headers=headers
        )

    def keep(self, arrival: str, key: str, dimensione: int) -> StoredCopy:
        """Copy an arrival to its final key and read that copy back. ObjectMissing when nothing arrived.

        An arrival of another size is neither copied nor read: its `sha256` is empty.
        """
        with _translated():
            arrived = self._client.stat_object(self._bucket, arrival).size or 0
            if arrived != dimensione:
                return StoredCopy(arrived, "", b"")
            self._client.copy_object(self._bucket, key, CopySource(self._bucket, arrival), sse=self._sse)
            return self._inspect(key)

    def _inspect(self, key: str) -> StoredCopy:
        response = self._client.get_object(self._bucket, key)
        try:
            digest, head, size = hashlib.sha256(), b"", 0
            for chunk in response.stream(CHUNK):
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
                digest.update(chunk)
                size += len(chunk)
        finally:
            response.close()
            response.release_conn()
        return StoredCopy(size, digest.hexdigest(), head)

    def put(self, key: str, data: bytes, tipo_mime: str) -> None:
        import io

        with _translated():
            self._client.put_object(
                self._bucket, key, io.BytesIO(data), len(data), content_type=tipo_mime, sse=self._sse
            )

    def remove(self, *keys: str) -> None:
        """A key that is not there is no error."""
        with _translated():
            for key in keys:
                self._client.remove_object(self._bucket, key)

    def ping(self) -> None:
        with _translated():
            if not self._client.bucket_exists(self._bucket):
                raise Unavailable("archivio.manca", "L'archivio dei documenti non è pronto.")

    def ensure_bucket(self) -> None:
        """Create the bucket, forget abandoned arrivals after two days, encrypt at rest if so configured."""
        with _translated():
            if not self._client.bucket_exists(self._bucket):
                self._client.make_bucket(self._bucket)
            expiry = Rule(
                ENABLED,
                rule_filter=Filter(prefix=ARRIVAL_PREFIX),
                rule_id="arrivi-abbandonati",
                expiration=Expiration(days=ARRIVAL_DAYS),
            )
            self._client.set_bucket_lifecycle(self._bucket, LifecycleConfig([expiry]))
            if self._sse:
                self._client.set_bucket_encryption(self._bucket, SSEConfig(SseRule.new_sse_s3_rule()))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in MISSING:
            raise ObjectMissing(error.object_name or "") from error
        if error.response.status >= 500:
            raise _unavailable() from error
        raise
    except (ServerError, urllib3.exceptions.HTTPError) as error:
        raise _unavailable() from error


def _unavailable() -> Unavailable:
    return Unavailable("archivio.non_disponibile", "L'archivio dei documenti non risponde: riprova tra poco.")
