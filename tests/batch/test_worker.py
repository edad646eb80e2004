from __future__ import annotations

import pickle
import time
from pathlib import Path

from tests.drawn import drawn, number
from visionhelpers import VisionClient
from visionhelpers.batch.worker import Envoy
from visionhelpers.connect import LocalClient
from visionhelpers.service import LocalService


def travelled(envoy: Envoy) -> Envoy:
    other: Envoy = pickle.loads(pickle.dumps(envoy))  # noqa: S301
    return other


def test_an_envoy_asks_with_its_client_and_elsewhere_with_one_like_it(
    service: LocalService, tmp_path: Path
) -> None:
    client = VisionClient(service.url, service.key, version="v3.2")
    client.rate = "100/second"
    (picture,) = drawn(tmp_path, 1)
    envoys = [Envoy(client), *(travelled(Envoy(client)) for _ in range(2))]
    for envoy in envoys:
        outcome = envoy.ask("analyze", picture, {"features": "Color"}, "")
        assert number(outcome["answer"]) == 0
        assert outcome["seconds"] > 0


def test_envoys_of_a_kind_share_one_client_and_its_pace(
    service: LocalService, tmp_path: Path
) -> None:
    (picture,) = drawn(tmp_path, 1)
    client = VisionClient(service.url, service.key)
    client.rate = "1/second"
    began = time.monotonic()
    for _ in range(3):
        assert "answer" in travelled(Envoy(client)).ask(
            "analyze", picture, {"features": "Color"}, ""
        )
    assert time.monotonic() - began > 2


def test_a_local_client_turns_to_the_service_of_its_own_machine(
    state_folder: Path, tmp_path: Path
) -> None:
    envoy = Envoy(LocalClient())
    assert (state_folder / "service.json").exists()
    assert b"http" not in pickle.dumps(envoy)
    (picture,) = drawn(tmp_path, 1)
    assert "answer" in travelled(envoy).ask("analyze", picture, {"features": "Color"}, "")


def test_it_does_not_print_the_key(service: LocalService) -> None:
    envoy = Envoy(VisionClient(service.url, service.key))
    assert repr(envoy) == repr(travelled(envoy)) == "Envoy(VisionClient)"


def test_what_goes_wrong_is_part_of_the_outcome(service: LocalService) -> None:
    envoy = Envoy(VisionClient(service.url, service.key))
    assert "Cannot read 'none.png'" in envoy.ask("tag", "none.png", {}, "")["error"]
    assert envoy.ask("tag", b"", {}, "")["error"].startswith("BadArgument (400): ")
    assert envoy.ask("nothing", b"", {}, "")["error"].startswith("AttributeError: ")
    gone = Envoy(VisionClient("http://127.0.0.1:9", "k", retries=0))
    assert "nobody listens there" in gone.ask("tag", b"", {}, "")["error"]


def test_a_picture_outlasts_the_patience_of_the_client(tmp_path: Path) -> None:
    (picture,) = drawn(tmp_path, 1)
    with LocalService(rate="1/3 seconds") as service:
        envoy = Envoy(VisionClient(service.url, service.key, retries=0))
        outcomes = [envoy.ask("analyze", picture, {"features": "Color"}, "") for _ in range(2)]
    assert all("answer" in outcome for outcome in outcomes)
