"""Sending the values of each epoch to a server."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from rkeras.callbacks.callback import Callback


class RemoteMonitor(Callback):
    """Posts the values of each epoch to a server; one that does not answer is a warning, not an error.

    Args:
        root: the server's address, ``http://`` or ``https://``.
        path: where on the server, after ``root``.
        field: name of the form's field that holds the values as JSON.
        headers: further HTTP headers.
        send_as_json: whether to send the values as a JSON document instead of a form.

    Raises:
        ValueError: the address is of another kind.

    >>> RemoteMonitor(root="http://localhost:9000").path
    '/publish/epoch/end/'
    """

    # How long a server may keep training waiting.
    timeout_seconds = 10.0

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        # urllib would read local files too.
        if not root.startswith(("http://", "https://")):
            raise ValueError(f"`root` must start with http:// or https://; received {root!r}.")
        self.root, self.path, self.field = root, path, field
        self.headers = dict(headers or {})
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sends the values."""
        from urllib.parse import urlencode
        from urllib.request import Request, urlopen

        values = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        text = json.dumps({"epoch": epoch, **values})
        if self.send_as_json:
            kind, body = "application/json", text
        else:
            kind, body = "application/x-www-form-urlencoded", urlencode({self.field: text})
        headers = {"Content-Type": kind, **self.headers}
        request = Request(self.root + self.path, body.encode(), headers, method="POST")
        try:
            urlopen(request, timeout=self.timeout_seconds).close()
        except OSError as error:
            warnings.warn(f"RemoteMonitor: {self.root} did not take epoch {epoch}: {error}", stacklevel=2)
