"""The generated topology: nothing that can drop in silence."""

from chassis import topology


def test_every_queue_is_quorum_and_every_dead_letter_is_kept() -> None:
    for queue in topology.build().queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        if not queue.name.endswith(".dead"):
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
            assert queue.arguments["x-overflow"] == "reject-publish"


def test_every_dead_letter_has_a_queue_to_go_to() -> None:
    names = {queue.name for queue in topology.build().queues}
    targets = {
        q.arguments["x-dead-letter-routing-key"]
        for q in topology.build().queues
        if "x-dead-letter-routing-key" in q.arguments
    }

    assert targets <= names


def test_definitions_say_the_same_as_the_topology() -> None:
    built, written = topology.build(), topology.definitions()

    assert [q["name"] for q in written["queues"]] == [q.name for q in built.queues]
    assert [(b["source"], b["routing_key"], b["destination"]) for b in written["bindings"]] == list(
        built.bindings
    )
