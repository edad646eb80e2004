# ruff: noqa: RUF001  the letters of other scripts are the point
from __future__ import annotations

import pytest

from visionservice.engines.text.language import detect


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("You must be the change you want to see in the world!", "en"),
        ("Všichni lidé rodí se svobodní", "cs"),
        ("Alle mennesker er født frie og lige i værdighed", "da"),
        ("Alle mensen worden vrij en gelijk geboren", "nl"),
        ("Kaikki ihmiset syntyvät vapaina", "fi"),
        ("Le chat est sur la table", "fr"),
        ("Der schnelle braune Fuchs springt über den faulen Hund", "de"),
        ("Minden emberi lény szabadon születik", "hu"),
        ("Vietato fumare", "it"),
        ("Alle mennesker er født frie og med samme menneskeverd og menneskerettigheter", "nb"),
        ("Wszyscy ludzie rodzą się wolni", "pl"),
        ("Todos os seres humanos nascem livres", "pt"),
        ("Todos los seres humanos nacen libres e iguales", "es"),
        ("Alla människor är födda fria", "sv"),
        ("Bütün insanlar hür doğarlar", "tr"),
        ("Toate ființele umane se nasc libere", "ro"),
        ("Sva ljudska bića rađaju se slobodna", "sr-Latn"),
        ("Všetci ľudia sa rodia slobodní", "sk"),
        ("すべての人間は自由", "ja"),
        ("人人生而自由,在尊严和权利上一律平等", "zh-Hans"),
        ("人人生而自由,在尊嚴和權利上一律平等", "zh-Hant"),
        ("모든 인간은 자유롭게", "ko"),
        ("Все люди рождаются свободными", "ru"),
        ("Сва људска бића рађају се слободна", "sr-Cyrl"),
        ("Όλοι οι άνθρωποι γεννιούνται ελεύθεροι", "el"),
        ("يولد جميع الناس أحرارا", "ar"),
        ("EXIT", "en"),
        ("dog", "en"),
        ("COMO HOPPER", "en"),
        ("", "unk"),
        ("1961 - 50%", "unk"),
    ],
)
def test_the_language_of_a_sentence_of_an_ambiguous_word_and_without_letters(
    text: str, code: str
) -> None:
    assert detect(text) == code
