"""The history of a control."""

from deepsoc.widgets.base._history import History


def test_it_goes_back_and_forth_and_an_edit_ends_what_was_ahead() -> None:
    history = History(0)
    for n in (1, 2, 3):
        history.push(n)
    assert [history.step(-1), history.step(-1), history.can_redo] == [2, 1, True]
    history.push(9)
    assert not history.can_redo
    assert [history.step(-1), history.step(-1), history.step(-1), history.can_undo] == [1, 0, 0, False]


def test_changes_under_one_key_are_one_step_until_it_was_gone_back() -> None:
    history = History(0)
    for n in (1, 2, 3):
        history.push(n, "rows")
    history.push(4, "cols")
    assert [history.step(-1), history.step(-1)] == [3, 0]
    history.step(1)
    history.push(5, "rows")
    assert history.step(-1) == 3


def test_it_is_bounded() -> None:
    history = History(0, limit=4)
    for n in range(1, 9):
        history.push(n)
    for _ in range(9):
        history.step(-1)
    assert history.state == 5
