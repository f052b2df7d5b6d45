"""What can be wrong with a document. Each error carries a stable code and a sentence for the person who sent it."""

from typing import ClassVar


class IngestError(Exception):
    """A document can't be used. `detail` names no path and no address inside the operator's network.

    `transient` says that the same document may well work later, without anybody changing it.
    """

    code: ClassVar[str] = "ingest_failed"
    detail = "The document could not be read."
    transient = False

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or type(self).detail
        super().__init__(self.detail)


class UnknownType(IngestError):
    """The content is none of the types that we read."""

    code = "unknown_type"
    detail = "The type of this file is not supported."


class EmptyDocument(IngestError):
    """There is nothing in it at all."""

    code = "empty"
    detail = "The document is empty."


class NoText(IngestError):
    """It opens, but holds no text: a scan, or pictures only."""

    code = "no_text"
    detail = "The document opens, but holds no text."


class Encrypted(IngestError):
    """It is protected by a password."""

    code = "encrypted"
    detail = "The document is protected by a password. Remove the protection and send it again."


class Broken(IngestError):
    """Its parser gave up."""

    code = "broken"
    detail = "The document is damaged and can't be opened."


class TooLarge(IngestError):
    """More bytes than allowed."""

    code = "too_large"
    detail = "The document is larger than allowed."


class TooManyPages(IngestError):
    """More pages than allowed."""

    code = "too_many_pages"
    detail = "The document has more pages than allowed."


class TooMuchText(IngestError):
    """More characters than allowed."""

    code = "too_much_text"
    detail = "The document holds more text than allowed. Split it and send the parts."


class TooManyChunks(IngestError):
    """More chunks than allowed."""

    code = "too_many_chunks"
    detail = "The document makes more passages than allowed. Split it and send the parts."


class ExpandsTooMuch(IngestError):
    """A small file that unpacks to a huge one, or an XML file that would."""

    code = "expands_too_much"
    detail = "The document defines words that unpack to others, and isn't read. Save it again, or send it as PDF."


class TimedOut(IngestError):
    """Reading took longer than allowed."""

    code = "timed_out"
    detail = "Reading the document took longer than allowed."


class OutOfMemory(IngestError):
    """Reading needed more memory than allowed."""

    code = "out_of_memory"
    detail = "Reading the document needs more memory than allowed. Split it and send the parts."


class FetchError(IngestError):
    """An address could not be fetched."""

    code = "fetch_failed"
    detail = "The address could not be fetched."


class NotHttp(FetchError):
    """Not an http or https address that we would call."""

    code = "fetch_not_http"
    detail = "Give an address that starts with http:// or https:// and carries no user name or password."


class NameNotFound(FetchError):
    """The name has no address."""

    code = "fetch_dns"
    detail = "The name of this address can't be resolved."
    transient = True


class BlockedAddress(FetchError):
    """The name leads into a network that we don't call."""

    code = "fetch_blocked_address"
    detail = "This address leads to a private or reserved network, which is not fetched."


class TooManyRedirects(FetchError):
    """It redirects on and on."""

    code = "fetch_too_many_redirects"
    detail = "The address redirects too many times."


class BadStatus(FetchError):
    """The server answered with something other than 200."""

    code = "fetch_http_status"
    detail = "The server did not answer with the page."

    def __init__(self, status: int) -> None:
        super().__init__(f"The server answered with the HTTP status {status}.")
        self.status = status
        self.transient = status in {408, 425, 429} or status >= 500


class FetchTimedOut(FetchError):
    """It took longer than allowed, from the first look-up to the last byte."""

    code = "fetch_timed_out"
    detail = "The server took too long to answer."
    transient = True


class FetchTooLarge(FetchError):
    """The answer, unpacked, is larger than allowed."""

    code = "fetch_too_large"
    detail = "What the address answers with is larger than allowed."


class Unreachable(FetchError):
    """No connection, no valid certificate, or a connection that broke."""

    code = "fetch_unreachable"
    detail = "The server could not be reached."
    transient = True


def by_code() -> dict[str, type[IngestError]]:
    """The errors that reading a file can end with, by their code."""
    return {each.code: each for each in IngestError.__subclasses__() if each is not FetchError}
