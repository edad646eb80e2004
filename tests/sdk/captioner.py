"""A loopback server with the Chat Completions API, whose model knows the samples by their sizes."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread

from PIL import Image

CAPTIONS = {(451, 300): "A cat with green eyes.", (512, 512): "A woman in an orange suit."}
OTHER = "A part of a cat."


def caption(prompt: str, size: tuple[int, int]) -> str:
    """Return as many sentences as the prompt asks for, with the names that it permits."""
    if names := re.search("It shows (.+?): use", prompt):
        return f"{names[1]} in a uniform."
    sentence = CAPTIONS.get(size, OTHER)
    number = re.search(r"in (\d+) short", prompt)
    more = range(2, int(number[1]) + 1) if number else ()
    return "\n".join([sentence, *(f"{n}. {sentence[:-1]} ({n})." for n in more)])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        image, prompt = request["messages"][0]["content"]
        data = b64decode(image["image_url"]["url"].partition(",")[2])
        text = caption(prompt["text"], Image.open(BytesIO(data)).size)
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = json.dumps({"object": "chat.completion", "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def captioner() -> Iterator[str]:
    """Run the server in a thread; give the URL of its API."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
