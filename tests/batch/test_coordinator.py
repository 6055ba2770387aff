"""What actors have in common: which file took whom with it, and who may begin what."""

from scsampler_cli.batch.ray.coordinator import TRIES, Desk


def test_a_file_is_charged_with_the_actors_that_die_of_it_and_no_other_is() -> None:
    desk = Desk()
    for life in range(TRIES):
        assert desk.begin("one", str(life), "bad") == life
        assert desk.begin("two", "0", "good") == 0
        desk.done("two", "good")
    assert desk.begin("one", "last", "bad") == TRIES
    desk.done("one", "bad")
    assert desk.begin("one", "last", "next") == 0
    notes, _, busy, trouble = desk.news()
    assert notes == [
        *["bad: the actor that worked on it died; it is begun again"] * 2,
        "bad: the actor that worked on it died",
    ]
    assert (busy, trouble) == (1, None)
    assert desk.news()[0] == []


def test_an_actor_that_cannot_come_up_is_counted_until_it_begins_a_file() -> None:
    desk = Desk()
    assert [desk.arrived("one"), desk.arrived("one"), desk.arrived("two")] == [1, 2, 1]
    desk.begin("one", "0", "a")
    assert desk.arrived("one") == 1


def test_nothing_is_begun_after_a_stop_and_the_first_to_ask_says_what_records_depend_on() -> None:
    desk = Desk()
    desk.begin("one", "0", "a")
    desk.stop()
    assert desk.begin("two", "0", "b") is None
    assert desk.news()[2] == 1
    desk.done("one", "a")
    assert desk.news()[2] == 0
    assert desk.agreed({"k": 10}) == desk.agreed({"k": 3}) == {"k": 10}
