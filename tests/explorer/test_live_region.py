from __future__ import annotations

from visionhelpers.explorer.live_region import Announcement


def test_what_is_said_last_stands_there() -> None:
    announcement = Announcement()
    announcement.say("<p>one</p>", urgent=True)
    announcement.say("<p>two</p>")
    assert (announcement.value, announcement.urgent) == ("<p>two</p>", False)


def test_the_words_and_their_urgency_arrive_together() -> None:
    announcement = Announcement()
    sent: list[set[str]] = []
    announcement.send_state = lambda keys: sent.append(set(keys))
    announcement.say("<p>no</p>", urgent=True)
    assert [keys for keys in sent if keys] == [{"value", "urgent"}]
