import socket

import pytest
from gunicorn_server import GunicornServer, receive_all

# What a proxy in front might read differently: each is a way to smuggle a request, or to reach another host.
MALFORMED = {
    "duplicate Host": b"GET /quick HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "bare LF in the header": b"GET /quick HTTP/1.1\r\nHost: a\nX-Y: 1\r\n\r\n",
    "control character in a value": b"GET /quick HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n",
    "transfer coding without chunked": (
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
    ),
    "authority as the target of GET": b"GET evil:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "asterisk as the target of GET": b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "raw 8-bit target": b"GET /quick\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "list of lengths": b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
    "bad chunk extension": (
        b'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;\x01="\r\nhello\r\n0\r\n\r\n'
    ),
    "Host as a trailer": (
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nHost: evil\r\n\r\n"
    ),
    "cut off after the last chunk": (
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
    ),
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_request_is_refused(server: GunicornServer, request_bytes: bytes) -> None:
    with server.connect() as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        answer = receive_all(client)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer


def test_server_says_nothing_about_its_software(server: GunicornServer) -> None:
    client = server.client()
    client.request("GET", "/quick")
    response = client.getresponse()
    response.read()
    client.close()
    assert response.getheader("Server") is None


def test_head_of_too_many_bytes_is_refused(server: GunicornServer) -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 4000) for number in range(30))
    with server.connect() as client:
        client.sendall(b"GET /quick HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
        answer = receive_all(client)
    assert answer.startswith(b"HTTP/1.1 431 "), answer
