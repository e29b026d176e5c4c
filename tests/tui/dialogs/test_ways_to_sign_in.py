"""What to do about a refused sign-in: by commands on the command line, by keys in the dialog."""

import pytest

from siptui.domain.errors import SignInNeededError, Way
from siptui.identity.entra_errors import EXPLANATIONS, explained
from siptui.tui.dialogs.sign_in import here


@pytest.mark.parametrize("number", EXPLANATIONS)
def test_the_dialog_names_no_command(number: int) -> None:
    error = explained({"error": "interaction_required", "error_codes": [number]})
    assert "siptui auth" not in here(error)
    assert EXPLANATIONS[number][1] in here(error)
    assert EXPLANATIONS[number][1] in error.remedy


@pytest.mark.parametrize("way", Way)
def test_the_command_line_names_the_command_of_each_way(way: Way) -> None:
    error = SignInNeededError("It was refused.", remedy="Use another account.", way=way)
    assert error.remedy == f"Use another account. {way}"
    assert "siptui auth login" in error.remedy
    assert here(error).startswith("Use another account.")
    assert "siptui" not in here(error)


def test_another_error_says_what_it_says_everywhere() -> None:
    error = SignInNeededError("It was refused.", remedy="Ask an administrator.")
    assert here(error) == error.remedy == "Ask an administrator."
