"""Waiting in tests: the value when it comes, a failure when it does not."""

import pytest

from sisolocal.waiting import eventually


def test_first_true_value_is_given_back():
    values = iter([None, [], 0, "here", "later"])

    assert eventually(lambda: next(values), 5) == "here"


def test_what_never_holds_fails_and_says_why():
    with pytest.raises(AssertionError, match="in 0 s: the mail"):
        eventually(lambda: False, 0, "the mail")


def test_an_error_leaves_at_once_unless_it_means_not_yet():
    answers = iter([ValueError("not yet"), "here"])

    def look():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert eventually(look, 5, not_yet=(ValueError,)) == "here"
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 // 0, 5, not_yet=(ValueError,))


def test_the_last_error_stands_in_the_failure():
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        eventually(lambda: 1 // 0, 0, not_yet=(ZeroDivisionError,))
