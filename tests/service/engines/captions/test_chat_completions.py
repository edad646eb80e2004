"""The captioner on a server: a loopback server that speaks the Chat Completions API."""

from __future__ import annotations

import json
import logging
import re
import socket
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.support import scripted_server as scripted
from tests.support.scripted_server import ScriptedServer, Step
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.__main__ import _parser
from visionservice.engines.base import EngineUnavailable, EngineUnreachable
from visionservice.engines.captions.chat_completions import ChatCompletionsCaptioner
from visionservice.engines.evidence.evidence import Evidence

Ask = Callable[..., list[str]]

KEY = "sk-a-very-secret/key"
CUP = sample_path("coffee_cup.jpg")
BINARY = "application/octet-stream"
DESCRIPTIONS = "vision/v1.0/describe", "vision/v3.2/analyze?visualFeatures=Description"
FOUR = "computervision/imageanalysis:analyze?api-version=2024-02-01&features="
EVIDENCE = Evidence(working=np.zeros((900, 1200, 3), np.uint8), names=("Ada", "Grace Hopper"))


def completion(text: object, finish_reason: str = "stop", **more: object) -> Step:
    """A response as Ollama, llama.cpp, LM Studio and vLLM send it."""
    message = {"role": "assistant", "content": text} | more
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return 200, {}, {"object": "chat.completion", "model": "tiny", "choices": [choice]}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted.scripted_server() as server:
        yield server


@pytest.fixture
def ask(server: ScriptedServer) -> Ask:
    """Return the captions for one response of the server."""

    def ask(step: Step, limit: int = 1, timeout: str = "9", **flags: bool) -> list[str]:
        server.steps = [step]
        engine = ChatCompletionsCaptioner(f"{server.url}/v1/", "tiny", timeout)
        options = {"gender_neutral": False, "names": True} | flags
        captions = engine.caption(EVIDENCE, limit, **options)
        assert {caption.confidence for caption in captions} == {0}
        return [caption.text for caption in captions]

    return ask


def prompt(server: ScriptedServer) -> str:
    text: str = json.loads(server.requests[-1].body)["messages"][0]["content"][1]["text"]
    return text


def test_one_request_returns_several_captions(ask: Ask, server: ScriptedServer) -> None:
    text = "Here are some:\n\n1. A cup.\n2. **A mug.** It is red.\n- a cup\n3. A saucer.\n4. Tea."
    assert ask(completion(text), 3) == ["a cup", "a mug", "a saucer"]
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    sent = json.loads(request.body)
    assert sent.keys() == {"model", "messages", "max_tokens", "temperature", "stream"}
    assert (sent["model"], sent["stream"]) == ("tiny", False)
    assert "3 short English sentence" in prompt(server)
    kind, _, data = sent["messages"][0]["content"][0]["image_url"]["url"].partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(BytesIO(b64decode(data))).size == (1034, 775)


@pytest.mark.parametrize(("neutral", "names", "named"), [(0, 1, 1), (1, 1, 0), (0, 0, 0)])
def test_the_prompt_has_the_names_that_the_request_permits(
    ask: Ask, server: ScriptedServer, neutral: bool, names: bool, named: bool
) -> None:
    ask(completion("Two people."), gender_neutral=neutral, names=names)
    assert ("Ada, Grace Hopper" in prompt(server)) == bool(named)
    assert ("Name nobody" in prompt(server)) != bool(named)
    assert ("person or child" in prompt(server)) == bool(neutral)


SENTENCES = [
    "“A cat on a sofa”",
    "'A cat on a sofa.'",
    "A cat\ufffd on a \x10sofa.",
    "```\nA cat on a sofa\n```",
    "## A cat on a sofa",
    "1. A cat on a sofa",
    "A cat on a sofa! It sleeps.",
    "This image features a cat on a sofa. The cat sleeps.",
    "In this image, there is a cat on a sofa.",
    "In the picture we can see a cat on a sofa.",
    "This is a photo of a cat on a sofa.",
    '**Caption:** "A cat on a *sofa*."',
    "Sure! Here's a caption for the image:\n\nA cat on a sofa.\n\nThe sofa is red.",
    "<think>The user wants a caption. A dog?</think>\n\nA cat on a sofa.",
]


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        *((text, "a cat on a sofa") for text in SENTENCES),
        ("Grace Hopper in uniform.", "Grace Hopper in uniform"),
        ("Ada in uniform.", "Ada in uniform"),
        ("UFOs above a city", "UFOs above a city"),
        ("Two Dalmatians on a beach.", "two Dalmatians on a beach"),
        ("Dr. Smith near St. Paul's. He smiles.", "Dr. Smith near St. Paul's"),
        ("J. R. R. Tolkien at a desk. It is dark.", "J. R. R. Tolkien at a desk"),
        ('A sign with the word "Stop!" on a pole.', 'a sign with the word "Stop!" on a pole'),
        ('"Stop" and "Go" on two signs', '"Stop" and "Go" on two signs'),
        ("A black and white photo of a street.", "a black and white photo of a street"),
        ("A bottle of 0.5 l.", "a bottle of 0.5 l"),
        ("I-beams on a sure-footed mule", "i-beams on a sure-footed mule"),
    ],
)
def test_a_sentence_becomes_a_caption(ask: Ask, text: str, caption: str) -> None:
    assert ask(completion(text)) == [caption]


def test_a_sentence_that_was_cut_off_is_omitted(ask: Ask) -> None:
    assert ask(completion("A man sits. A wom", "length")) == ["a man sits"]


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        ("A man and a woman", "two people"),
        ("Women and girls", "people and children"),
        ("The woman with her dog", "the person with their dog"),
        ("A man as he waves", "a person as the person waves"),
        ("A mandolin and a manhole", "a mandolin and a manhole"),
    ],
)
def test_a_neutral_caption_has_no_gender_even_if_the_model_ignores_that(
    ask: Ask, text: str, neutral: str
) -> None:
    assert ask(completion(text), gender_neutral=True) == [neutral]
    assert ask(completion(text))[0].lower() == text.lower()


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:65536", "http://[1:2]"])
def test_no_server_is_an_error(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = url or f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    message = re.escape(f"The captioner {url} is not accessible (")
    with pytest.raises(EngineUnreachable, match=rf"^{message}.+\): start its server\.$"):
        ChatCompletionsCaptioner(url, "x").caption(EVIDENCE, 1, gender_neutral=False, names=False)


@pytest.mark.parametrize(
    ("step", "kind", "message"),
    [
        (scripted.HANG, EngineUnreachable, "did not respond within 2 s: raise captions.timeout"),
        (scripted.DRIP, EngineUnreachable, "did not respond within 2 s: raise captions.timeout"),
        (scripted.CUT, EngineUnreachable, r"is not accessible \(.+\): start its server"),
        (scripted.CUT_SHORT, EngineUnreachable, r"is not accessible \(.+\): start its server"),
        ((500, {}, b"oops"), EngineUnreachable, "returned HTTP 500: check"),
        ((429, {}, {"detail": "Too many"}), EngineUnreachable, r"HTTP 429 \(Too many\)"),
        ((404, {}, {"error": "model 'tiny' not found"}), EngineUnavailable, "'tiny' not found"),
        ((301, {"Location": "/v1"}, b""), EngineUnavailable, "HTTP 301"),
        ((200, {}, b"<html>It works!</html>"), EngineUnavailable, "no chat completion"),
        ((200, {}, b"[" * 100_000), EngineUnavailable, "no chat completion"),
        ((200, {}, [{"generated_text": "a cup"}]), EngineUnavailable, "no chat completion"),
        ((200, {}, {"choices": []}), EngineUnavailable, "no chat completion"),
        (completion("A cup." + 4_000_000 * " "), EngineUnavailable, "no chat completion"),
        (completion(None), EngineUnavailable, "no sentence"),
        (completion("Here is a caption:"), EngineUnavailable, "no sentence"),
        (completion("<think>Let me see", "length"), EngineUnavailable, "no sentence"),
        (completion("A cup that", "length"), EngineUnavailable, "no sentence"),
        (completion("I can't help with that."), EngineUnavailable, "refused to describe"),
        (completion("I\u2019m sorry, I cannot."), EngineUnavailable, "refused to describe"),
        (completion(None, refusal="No."), EngineUnavailable, "refused to describe"),
        (completion("", "content_filter"), EngineUnavailable, "refused to describe"),
    ],
)
def test_a_wrong_or_refusing_server_is_an_error_that_names_it(
    ask: Ask, server: ScriptedServer, step: Step, kind: type, message: str
) -> None:
    with pytest.raises(EngineUnavailable, match=message) as error:
        ask(step, timeout="2")
    assert type(error.value) is kind
    assert str(error.value).startswith(f"The captioner {server.url}/v1 ")
    assert str(error.value).count(". ") == 0


@pytest.mark.parametrize("status", [400, 401])
def test_the_key_is_sent_and_shown_nowhere(
    ask: Ask,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    monkeypatch.setenv("VISION_CAPTIONER_KEY", f"{KEY}\n")
    settings = LocalService(captioner=server.url, captioner_model="tiny").settings
    engine = ChatCompletionsCaptioner(server.url, "tiny")
    with caplog.at_level(logging.DEBUG), pytest.raises(EngineUnavailable) as error:
        ask((status, {}, {"error": {"message": f"Incorrect API key provided: {KEY}"}}))
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert f"returned HTTP {status}" in str(error.value)
    assert KEY not in f"{error.value}{engine!r}{engine.name}{settings!r}{caplog.text}"


@pytest.mark.parametrize("key", ["a key", "schlüssel", 'a"b'])
def test_an_invalid_key_is_an_error_that_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("VISION_CAPTIONER_KEY", key)
    with pytest.raises(ValueError, match=r"^Invalid VISION_CAPTIONER_KEY: use ASCII") as error:
        LocalService(captioner="http://127.0.0.1:1/v1", captioner_model="tiny")
    assert key not in str(error.value)


def test_no_proxy_is_used_for_this_machine(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert ask(completion("A cup.")) == ["a cup"]
    monkeypatch.setenv("HTTP_PROXY", "gopher://127.0.0.1:1")
    remote = ChatCompletionsCaptioner("http://captioner.invalid/v1", "tiny")
    with pytest.raises(EngineUnreachable, match=r"is not accessible \(.*prox"):
        remote.caption(EVIDENCE, 1, gender_neutral=False, names=False)


@contextmanager
def service(server: ScriptedServer, **options: Any) -> Iterator[LocalService]:
    url = f"{server.url}/v1"
    with LocalService(captioner=url, captioner_model="tiny", **options) as service:
        yield service


def post(service: LocalService, path: str, image: Path = CUP) -> requests.Response:
    headers = {"Ocp-Apim-Subscription-Key": service.key, "Content-Type": BINARY}
    return requests.post(f"{service.url}/{path}", image.read_bytes(), headers=headers, timeout=60)


def test_every_version_returns_the_captions_of_the_model(server: ScriptedServer) -> None:
    server.steps = [completion("A woman with a mug.")]
    with service(server) as running:
        found = [post(running, path).json()["description"] for path in DESCRIPTIONS]
        assert len(server.requests) == 1  # the second result is cached
        four = post(running, f"{FOUR}caption,denseCaptions&gender-neutral-caption=true").json()
        names = requests.get(f"{running.url}/health", timeout=10).json()["engines"]
    for each in found:
        assert each["captions"] == [{"text": "a woman with a mug", "confidence": 0}]
        assert "cup" in each["tags"]
    assert four["captionResult"] == {"text": "a person with a mug", "confidence": 0}
    dense = four["denseCaptionsResult"]["values"]
    assert {caption["text"] for caption in dense} == {"a person with a mug"}
    assert len(server.requests) - 1 == len(dense) > 1  # the caption is the first of them
    assert names["captions"] == f"tiny at {server.url}/v1"


def test_candidates_are_distinct_and_may_name_people_of_the_gallery(server: ScriptedServer) -> None:
    server.steps = [completion("Grace Hopper.\nA woman.\nA woman.\nGrace Hopper at work.")]
    path, image = "vision/v3.2/describe?maxCandidates=2", sample_path("grace_hopper.jpg")
    with service(server) as running:
        found = post(running, path, image).json()["description"]["captions"]
        assert [caption["text"] for caption in found] == ["Grace Hopper", "a woman"]
        assert "Grace Hopper" in prompt(server)
        post(running, f"{path}&descriptionExclude=Celebrities", image)
        assert "Grace Hopper" not in prompt(server)


@pytest.mark.parametrize(
    ("step", "status"),
    [(scripted.HANG, 502), (completion("I can't help with that."), 501)],
    ids=["slow", "refusing"],
)
def test_without_a_caption_the_request_fails_and_others_work(
    server: ScriptedServer, step: Step, status: int
) -> None:
    server.steps = [step]
    with service(server, engine_options={"captions.timeout": "0.5"}) as running:
        responses = [post(running, path) for path in (*DESCRIPTIONS, f"{FOUR}denseCaptions")]
        assert post(running, "vision/v3.2/analyze?visualFeatures=Color").ok
    assert [response.status_code for response in responses] == [status] * 3
    flat, nested, four = (response.json() for response in responses)
    for error in (flat, nested["error"]["innererror"], four["error"]):
        assert error["code"] == "FailedToProcess"
        assert error["message"].startswith(f"The captioner {server.url}/v1 ")
    assert len(server.requests) == 3  # a failure is not cached


def test_the_commands_of_the_page_are_valid() -> None:
    page = (Path(__file__).parents[4] / "docs/captioner.md").read_text("utf-8")
    commands = re.findall(r"^python -m visionservice (.+)$", page, re.M)
    assert len(commands) == 5
    for command in commands:
        args = _parser().parse_args(command.split())
        options = {"engines": dict(args.engines), "engine_options": dict(args.engine_options)}
        LocalService(captioner=args.captioner, captioner_model=args.captioner_model, **options)


@pytest.mark.parametrize("url", ["https://api.example.org/a/v1/", "http://[::1]:80", "HTTP://a"])
def test_a_valid_url_is_accepted(url: str) -> None:
    assert LocalService(captioner=url, captioner_model="tiny").settings.captioner == url


URL, MODEL = {"captioner": "http://a/v1"}, {"captioner_model": "tiny"}
INVALID_URLS = [
    "",
    "localhost:11434",
    "ftp://localhost/v1",
    "http://localhost/v1?key=1",
    "http://localhost:99999/v1",
    "http://local host/v1",
    "http://localhost/v1\n",
]
NOT_A_URL = "captioner {!r}: use http://HOST:PORT/v1, no login."


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        *(({"captioner": url} | MODEL, re.escape(NOT_A_URL.format(url))) for url in INVALID_URLS),
        ({"captioner": "http://me:secret@a/v1"} | MODEL, "captioner 'a/v1': use http://HOST:PORT"),
        ({"captioner": "http://me:secret@a"}, "captioner: use captioner and captioner_model"),
        (MODEL, "captioner: use captioner and captioner_model together"),
        (URL | MODEL | {"engines": {"captions": "template"}}, "captioner: .* another"),
        (URL | {"captioner_model": " "}, "captioner_model ' ': use the name of a model"),
        (URL | MODEL | {"engine_options": {"captions.timeout": "0"}}, "timeout '0': use"),
        (URL | MODEL | {"engine_options": {"captions.x": "1"}}, "engine 'chat-.*'x'"),
    ],
)
def test_invalid_settings_are_an_error(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^Invalid {message}") as error:
        LocalService(**settings)
    assert "secret" not in str(error.value)
