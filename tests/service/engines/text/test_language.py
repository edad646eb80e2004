# ruff: noqa: RUF001  the letters of other scripts are the point
from __future__ import annotations

import pytest

from visionservice.engines.text.language import detect


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NOTHING EXISTS EXCEPT ATOMS", "en"),
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
    ],
)
def test_a_sentence_in_latin_letters_is_in_its_language(text: str, code: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("すべての人間は自由", "ja"),
        ("人人生而自由,在尊严和权利上一律平等", "zh-Hans"),
        ("人人生而自由,在尊嚴和權利上一律平等", "zh-Hant"),
        ("모든 인간은 자유롭게", "ko"),
        ("Все люди рождаются свободными", "ru"),
        ("Сва људска бића рађају се слободна", "sr-Cyrl"),
        ("Όλοι οι άνθρωποι γεννιούνται ελεύθεροι", "el"),
        ("يولد جميع الناس أحرارا", "ar"),
    ],
)
def test_a_script_determines_the_language(text: str, code: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize("text", ["EXIT", "STOP", "dog", "hello", "COMO HOPPER", "Facts"])
def test_an_ambiguous_word_is_english(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize("text", ["", "  ", "42", "1961 - 50%"])
def test_without_letters_the_language_is_unknown(text: str) -> None:
    assert detect(text) == "unk"
