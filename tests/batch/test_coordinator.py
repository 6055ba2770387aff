"""What actors have in common: which file took whom with it, and who may begin what."""

from scsampler_cli.batch.ray.coordinator import TRIES, Coordinator


def test_a_file_is_charged_with_the_actors_that_die_of_it_and_no_other_is() -> None:
    coordinator = Coordinator()
    for life in range(TRIES):
        assert coordinator.begin("one", str(life), "bad") == life
        assert coordinator.begin("two", "0", "good") == 0
        coordinator.done("two", "good")
    assert coordinator.begin("one", "last", "bad") == TRIES
    coordinator.done("one", "bad")
    assert coordinator.begin("one", "last", "next") == 0
    notes, _, busy, trouble = coordinator.news()
    assert notes == [
        *["bad: the actor that worked on it died; it is tried again"] * 2,
        "bad: the actor that worked on it died",
    ]
    assert (busy, trouble) == (1, None)
    assert coordinator.news()[0] == []


def test_an_actor_that_cannot_come_up_is_counted_until_it_begins_a_file() -> None:
    coordinator = Coordinator()
    assert [
        coordinator.count_start("one"),
        coordinator.count_start("one"),
        coordinator.count_start("two"),
    ] == [
        1,
        2,
        1,
    ]
    coordinator.begin("one", "0", "a")
    assert coordinator.count_start("one") == 1


def test_nothing_is_begun_after_a_stop_and_the_first_to_ask_says_what_records_depend_on() -> None:
    coordinator = Coordinator()
    coordinator.begin("one", "0", "a")
    coordinator.stop()
    assert coordinator.begin("two", "0", "b") is None
    assert coordinator.news()[2] == 1
    coordinator.done("one", "a")
    assert coordinator.news()[2] == 0
    assert coordinator.agree_on({"k": 10}) == coordinator.agree_on({"k": 3}) == {"k": 10}
