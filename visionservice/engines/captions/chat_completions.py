"""Captions by a model behind OpenAI's Chat Completions API; `docs/captioner.md` names servers."""

import asyncio
import os
import re
from base64 import b64encode
from io import BytesIO

import httpx
from PIL import Image

from ..base import Caption, Captioner, EngineUnavailable, EngineUnreachable
from ..evidence.evidence import Evidence

CAPTIONER_KEY = "VISION_CAPTIONER_KEY"
MAX_SENT_PIXELS = 896 * 896  # the input of Gemma 3, and 1,024 tokens of Qwen2.5-VL
MAX_RESPONSE_BYTES = 4_000_000
OPTIONS = {"max_tokens": 1000, "temperature": 0, "stream": False}
_URL = r'(?ai)https?://([\w.-]+|\[[\da-f:.]+])(:[1-5]?\d{1,4}|:6[0-5]\d{3})?(/[!"$->A-~]*)?'
_DETAIL = re.compile(r'"(?:message|error|detail)": ?"((?:[^"\\]|\\.){1,200})')
_REFUSAL = r"\W*(I.m|I (am|can(not)?|don?|will|won|apolog\w+)|[Ss]orry|Unfortunately|As an AI)\b"
_MARKUP = r"[*`\x00-\x08\x0e-\x1f\ufffd]+|(?<!\w)_|_(?!\w)|^\s*([-•#>]+|\d+[.)])\s+"
_PREFIX = re.compile(
    r"(?i)^((sure|certainly|of course)[!,.]|here\b[^:.!]*:|(the )?(caption|description)[ \d]*:"
    r"|(this is |in )?(the|this|an?) (image|photo\w*|picture|scene),? (is )?(of|shows|depicts"
    r"|features|captures|(we|you) (can )?see|there (is|are)) )"
)
_QUOTED = re.compile(r"^(?:[\"“]([^\"“”]*)[\"”]|['\u2018](.*)['\u2019])$")
_SENTENCE = r".*?\w.*?((?<!\b[A-Z])(?<!\b[DMS][rst])[.!?…]+[\"”\u2019')]*(?= +\W*[A-Z]|$)|$)"
_NAMED = r"\w+[A-Z]|(?!(An?|The|One|Two|Three|Four|Some|Several|Many) )\S+ [A-Z]"
_NEUTRAL = {
    "an? (wo)?man and an? (wo)?man": "two people", "(wo)?man": "person", "(wo)?men": "people",
    "boy|girl": "child", "boys|girls": "children", "s?he|him": "the person", "his|her": "their",
}  # fmt: skip


class ChatCompletionsCaptioner(Captioner):
    """Asks a model for captions; the variable VISION_CAPTIONER_KEY has the key of its server."""

    thread_safe = True

    def __init__(self, url: str, model: str, timeout: str = "60") -> None:
        self._key = os.environ.get(CAPTIONER_KEY, "").strip()
        for value, valid, message in (
            (url, _URL, f"captioner {url.rpartition('@')[2]!r}: use http://HOST:PORT/v1, no login"),
            (model, r".*\S.*", f"captioner_model {model!r}: use the name of a model"),
            (timeout, r"(?=.*[1-9])\d{1,5}(\.\d+)?", f"timeout {timeout!r}: use seconds above 0"),
            (self._key, r"[!#-\[\]-~]*", f"{CAPTIONER_KEY}: use ASCII letters, digits and signs"),
        ):
            if not re.fullmatch(valid, value):
                raise ValueError(f"Invalid {message}.")
        self._url, self._model, self._seconds = url.rstrip("/"), model, float(timeout)
        self.name = f"{model} at {self._url}"

    def caption(
        self, evidence: Evidence, limit: int, *, gender_neutral: bool, names: bool
    ) -> list[Caption]:
        """Return captions with confidence 0, which means unknown, or raise EngineUnavailable."""
        people = evidence.names if names and not gender_neutral else ()
        file = BytesIO()
        Image.fromarray(evidence.resized(MAX_SENT_PIXELS)).save(file, "JPEG", quality=90)
        image = {"url": f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"}
        task = f"Describe this image in {limit} short English sentence(s), one per line, no more."
        task += f" It shows {', '.join(people)}: use the names." if people else " Name nobody."
        task += " Write person or child for man, woman, boy and girl." if gender_neutral else ""
        content = [{"type": "image_url", "image_url": image}, {"type": "text", "text": task}]
        body = OPTIONS | {"model": self._model, "messages": [{"role": "user", "content": content}]}
        lines = self._text(*asyncio.run(self._post(body))).splitlines()
        texts = dict.fromkeys(_to_caption(line, people, neutral=gender_neutral) for line in lines)
        if not any(texts):
            raise self._error("returned no sentence: use an instruct model for images")
        return [Caption(text, 0.0) for text in texts if text][:limit]

    async def _post(self, body: object) -> tuple[int, bytes]:
        """Return the status and the body of the response, cut off at MAX_RESPONSE_BYTES."""
        headers = {"Accept-Encoding": "identity", "Authorization": f"Bearer {self._key or 'none'}"}
        try:
            url = httpx.URL(f"{self._url}/chat/completions")
            proxies = url.host not in ("localhost", "127.0.0.1", "::1")
            client = httpx.AsyncClient(timeout=self._seconds, trust_env=proxies, headers=headers)
            post = client.stream("POST", url, json=body)
            async with asyncio.timeout(self._seconds), client, post as response:
                data = await anext(response.aiter_raw(MAX_RESPONSE_BYTES), b"")
        except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup, OSError, ValueError) as error:
            reason = f"is not accessible ({str(error) or type(error).__name__}): start its server"
            if isinstance(error, TimeoutError | httpx.TimeoutException):
                reason = f"did not respond within {self._seconds:g} s: raise captions.timeout"
            raise self._error(reason, EngineUnreachable) from None
        return response.status_code, data

    def _text(self, status: int, data: bytes) -> str:
        """Return the text of a response, without reasoning and a sentence that was cut off."""
        if status != 200:
            shown = data.decode(errors="replace").replace(self._key or "\0", "(the key)")
            detail = f" ({found[1]})" if status != 401 and (found := _DETAIL.search(shown)) else ""
            failed = EngineUnreachable if status >= 500 or status == 429 else EngineUnavailable
            raise self._error(f"returned HTTP {status}{detail}: check URL, model and key", failed)
        try:
            choice = httpx.Response(200, content=data).json()["choices"][0]
            message, ended = choice["message"], choice.get("finish_reason")
            text = re.sub(r"(?s)<think>.*?(</think>|\Z)", "", message["content"] or "")
            if message.get("refusal") or ended == "content_filter" or re.match(_REFUSAL, text):
                raise self._error("refused to describe the image: use another model")
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
            raise self._error("returned no chat completion: use an OpenAI-compatible API") from None
        return text[: max(map(text.rfind, ".!?\n")) + 1] if ended == "length" else text

    def _error(self, reason: str, kind: type[Exception] = EngineUnavailable) -> Exception:
        return kind(f"The captioner {self._url} {reason}.")


def _to_caption(line: str, names: tuple[str, ...], *, neutral: bool) -> str:
    """Return the first sentence of a line in the form of a caption, or an empty string."""
    text, before = re.sub(_MARKUP, "", line), ""
    while text != before:
        before, text = text, _QUOTED.sub(r"\1\2", _PREFIX.sub("", text.strip()))
    text = found[0].rstrip(" .!…") if (found := re.match(_SENTENCE, text)) else ""
    for words, replacement in _NEUTRAL.items() if neutral else ():
        text = re.sub(rf"\b({words})\b", replacement, text, flags=re.IGNORECASE)
    return text if text.startswith(names) or re.match(_NAMED, text) else text[:1].lower() + text[1:]
