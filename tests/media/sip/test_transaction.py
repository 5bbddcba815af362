"""The timers of RFC 3261, with a clock of the test's own."""

from __future__ import annotations

import pytest

from kikimori.media.sip.client import ClientTransactions
from kikimori.media.sip.message import Headers, Request, Response, SipError, parse_datagram
from kikimori.media.sip.transaction import ServerTransactions, Transaction, TransactionState


class Wire:
    """A flow that remembers what was sent."""

    def __init__(self, transport: str = "UDP") -> None:
        self.transport = transport
        self.peer = ("192.0.2.10", 5060)
        self.local = ("192.0.2.20", 5060)
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)


def request(method: str, branch: str = "z9hG4bK1", sequence: int = 1) -> Request:
    return Request(
        method,
        "sip:x",
        Headers(
            [
                ("Via", f"SIP/2.0/UDP 192.0.2.10;branch={branch}"),
                ("From", "<sip:a@b>;tag=1"),
                ("Call-ID", "c"),
                ("CSeq", f"{sequence} {method}"),
            ]
        ),
    )


class Server:
    def __init__(self, transport: str = "UDP") -> None:
        self.all = ServerTransactions(most=3)
        self.wire = Wire(transport)
        self.now = 0.0

    def receive(self, message: Request) -> Transaction | None:
        return self.all.receive(message, self.wire, self.now)

    def answered(self, method: str, status: int) -> Transaction:
        transaction = self.receive(request(method))
        assert transaction is not None
        self.all.respond(transaction, Response(status), self.now)
        return transaction

    def at(self, now: float) -> int:
        """Let time pass in small steps; return how many messages were sent meanwhile."""
        before = len(self.wire.sent)
        while self.now < now:
            self.now = round(self.now + 0.1, 3)
            self.all.advance(self.now)
        return len(self.wire.sent) - before


def test_a_request_that_comes_again_gets_the_same_answer() -> None:
    server = Server()
    server.answered("OPTIONS", 200)
    assert server.receive(request("OPTIONS")) is None
    assert server.wire.sent[0] == server.wire.sent[1]
    assert server.at(31.9) == 0
    assert server.receive(request("OPTIONS")) is None
    server.at(32.2)
    assert server.receive(request("OPTIONS")) is not None


def test_over_tcp_nothing_is_kept() -> None:
    server = Server("TCP")
    server.answered("OPTIONS", 200)
    assert len(server.all) == 0


def test_a_refused_invite_is_answered_at_t1_doubling_to_t2_until_the_ack() -> None:
    server = Server()
    transaction = server.answered("INVITE", 488)
    assert [server.at(each) for each in (0.4, 0.6, 1.6, 3.6, 7.6, 11.6, 15.7)] == [0, 1, 1, 1, 1, 1, 1]
    assert server.receive(request("ACK")) is None
    assert transaction.state is TransactionState.CONFIRMED
    assert server.at(40) == 0
    assert len(server.all) == 0


def test_a_refused_invite_without_an_ack_is_forgotten_after_32_s() -> None:
    server = Server()
    server.answered("INVITE", 488)
    server.at(32.2)
    assert len(server.all) == 0


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_an_accepted_invite_is_answered_until_the_dialog_has_its_ack(transport: str) -> None:
    """Over TCP too: the far end may be behind a proxy that speaks UDP."""
    server = Server(transport)
    transaction = server.answered("INVITE", 200)
    assert server.at(1.7) == 2
    with pytest.raises(SipError, match="ack_of_2xx"):
        server.receive(request("ACK", branch="z9hG4bK2"))
    server.all.acknowledged(transaction, server.now)
    assert server.at(20) == 0
    assert server.receive(request("INVITE")) is None, "a late copy opens no second call"


def test_an_accepted_invite_that_is_never_acknowledged_is_told() -> None:
    server = Server()
    transaction = server.answered("INVITE", 200)
    lost: list[bool] = []
    transaction.unacknowledged = lambda: lost.append(True)
    server.at(31.9)
    assert lost == []
    server.at(32.2)
    assert lost == [True]


def test_a_request_in_work_is_not_opened_twice() -> None:
    server = Server()
    transaction = server.receive(request("INVITE"))
    assert transaction is not None
    assert server.receive(request("INVITE")) is None
    assert server.wire.sent == []


def test_only_the_first_final_answer_counts() -> None:
    server = Server()
    transaction = server.answered("INVITE", 487)
    server.all.respond(transaction, Response(200), server.now)
    assert len(server.wire.sent) == 1


def test_a_cancel_finds_its_invite() -> None:
    server = Server()
    invite = server.receive(request("INVITE"))
    assert server.all.invite_of(request("CANCEL")) is invite
    assert server.all.invite_of(request("CANCEL", branch="z9hG4bK9")) is None


def test_without_a_branch_requests_are_told_apart_by_the_rest() -> None:
    server = Server()
    assert server.receive(request("OPTIONS", branch="old")) is not None
    assert server.receive(request("OPTIONS", branch="old")) is None
    assert server.receive(request("OPTIONS", branch="old", sequence=2)) is not None


def test_too_many_are_refused() -> None:
    server = Server()
    for number in range(3):
        server.receive(request("OPTIONS", branch=f"z9hG4bK{number}"))
    with pytest.raises(SipError, match="too_many_transactions"):
        server.receive(request("OPTIONS", branch="z9hG4bK99"))


# --- what we ask ourselves


def test_a_bye_of_ours_is_asked_again_until_it_is_answered() -> None:
    clients, wire = ClientTransactions(), Wire()
    answers: list[Response | None] = []
    clients.send(request("BYE"), wire, 0.0, answers.append)
    for now in (0.4, 0.5, 1.4, 1.5):
        clients.advance(now)
    assert len(wire.sent) == 3
    sent = parse_datagram(wire.sent[0])
    answer = Response(200, "OK", sent.headers)
    assert clients.receive(answer)
    assert not clients.receive(answer)
    assert answers == [answer]
    clients.advance(40)
    assert len(wire.sent) == 3


def test_a_bye_that_nobody_answers_is_given_up() -> None:
    clients, wire = ClientTransactions(), Wire("TCP")
    answers: list[Response | None] = []
    clients.send(request("BYE"), wire, 0.0, answers.append)
    clients.advance(31.9)
    assert (len(wire.sent), answers) == (1, [])
    clients.advance(32.0)
    assert answers == [None]
    assert len(clients) == 0


def test_an_answer_to_nothing_is_no_answer() -> None:
    assert not ClientTransactions().receive(Response(200))
