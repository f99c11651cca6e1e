"""Static files with hashed names, already compressed when they were built."""

import os
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class PrecompressedFiles(StaticFiles):
    """Serves `x.css.gz` for `x.css` to a browser that takes gzip."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)

    def file_response(
        self, full_path: Any, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        compressed = f"{full_path}.gz"
        if "gzip" not in Headers(scope=scope).get("accept-encoding", "") or not os.path.exists(compressed):
            return super().file_response(full_path, stat_result, scope, status_code)
        plain = super().file_response(full_path, stat_result, scope, status_code)
        response = super().file_response(compressed, os.stat(compressed), scope, status_code)
        response.headers["Content-Type"] = plain.headers.get("content-type", "application/octet-stream")
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        return response
