"""The generated topology: nothing that can drop in silence."""

from chassis import topology


def test_every_queue_is_quorum_and_every_dead_letter_is_kept() -> None:
    for queue in topology.build().queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        if not queue.name.endswith(".dead"):
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
            assert queue.arguments["x-overflow"] == "reject-publish"


def test_every_dead_letter_has_a_place_to_go_to() -> None:
    built = topology.build()
    exchanges = {name for name, _ in built.exchanges}
    bound = {exchange for exchange, _key, _queue in built.bindings}
    targets = {
        q.arguments.get("x-dead-letter-exchange") for q in built.queues if not q.name.endswith(".dead")
    }

    assert targets <= exchanges & bound


def test_what_returns_from_a_ladder_reaches_the_queues_of_its_own_service_only() -> None:
    for exchange, key, queue in topology.build().bindings:
        if exchange.endswith(".back"):
            assert key == queue
            assert queue.split(".")[0] == exchange.removesuffix(".back")


def test_definitions_say_the_same_as_the_topology() -> None:
    built, written = topology.build(), topology.definitions()

    assert [q["name"] for q in written["queues"]] == [q.name for q in built.queues]
    assert [(b["source"], b["routing_key"], b["destination"]) for b in written["bindings"]] == list(
        built.bindings
    )
