"""Conversations and their messages."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.blueprints.conversation.schemas import (
    ChatRequest,
    ConversationPage,
    ConversationQuery,
    ConversationResponse,
    CountResponse,
    CreateConversationRequest,
    FeedbackRequest,
    MessagePage,
    QueuedResponse,
    TaskResponse,
)
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.http.schemas import PageQuery
from app.http.shared_messages import MessageResponse
from app.http.streaming import sent_credentials, sse_response
from app.models.conversation import Conversation
from app.models.turn import TurnStatus
from app.security.scopes import Resource, Scope
from app.services import conversation_deletion, conversations, feedback, listening
from app.services.conversations import NewConversation
from app.services.message_view import shown, shown_error

blp = Blueprint("conversation", __name__, description="Asking agents, answers as they come, and history.")

_TEAM = (Credential.API_KEY, Credential.JWT)
_ALL = (*_TEAM, Credential.LEAD)
_CONVERSATIONS = Resource.CONVERSATIONS


@blp.post("/v1/conversation")
@requires(*_ALL, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.arguments(CreateConversationRequest)
@blp.response(201, ConversationResponse)
def create_conversation(body: dict[str, Any]) -> Any:
    """Open a conversation with an agent"""
    conversation = conversations.create(current_principal(), NewConversation(**body))
    return conversation, 201, {"Location": f"/v1/conversation/{conversation.id}/messages"}


@blp.get("/v1/conversation")
@requires(*_TEAM, scope=Scope.READ, resource=_CONVERSATIONS)
@blp.arguments(ConversationQuery, location="query")
@blp.response(200, ConversationPage)
def find_conversations(query: dict[str, Any]) -> Page[Conversation]:
    """List the company's conversations, those with the newest messages first"""
    wanted = PageRequest(query.pop("page"), query.pop("per_page"))
    return conversations.find(current_principal(), wanted, **query)


@blp.get("/v1/conversation/entity")
@requires(*_ALL, scope=Scope.READ, resource=_CONVERSATIONS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ConversationPage)
def find_own_conversations(query: dict[str, int]) -> Page[Conversation]:
    """List the conversations that you opened"""
    return conversations.find_own(current_principal(), PageRequest(**query))


@blp.get("/v1/conversation/deleted")
@requires(*_TEAM, scope=Scope.READ, resource=_CONVERSATIONS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ConversationPage)
def find_deleted_conversations(query: dict[str, int]) -> Page[Conversation]:
    """List deleted conversations"""
    return conversation_deletion.find_deleted(current_principal(), PageRequest(**query))


@blp.get("/v1/conversation/<uuid:conversation_id>/messages")
@requires(*_ALL, scope=Scope.READ, resource=_CONVERSATIONS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, MessagePage)
def find_messages(query: dict[str, int], conversation_id: UUID) -> Page[dict[str, Any]]:
    """List the messages of a conversation, in order"""
    page = conversations.find_messages(current_principal(), conversation_id, PageRequest(**query))
    return Page([shown(each.message, each.turn) for each in page.items], page.pagination)


@blp.post("/v1/conversation/<uuid:conversation_id>/chat")
@requires(*_ALL, scope=Scope.WRITE, resource=_CONVERSATIONS, category=Category.AI)
@blp.arguments(ChatRequest)
@blp.response(202, QueuedResponse, description="Stored; the answer comes by the stream, the room and `poll_url`.")
def chat(body: dict[str, str], conversation_id: UUID) -> dict[str, Any]:
    """Ask: the message is stored and answered in the background"""
    asked = conversations.ask(current_principal(), conversation_id, body["message"])
    poll_url = url_for("conversation.get_task", conversation_id=conversation_id, task_id=asked.turn_id)
    return {
        "status": TurnStatus.QUEUED.value,
        "task_id": asked.turn_id,
        "conversation_id": conversation_id,
        "message_id": asked.message_id,
        "poll_url": poll_url,
    }


@blp.get("/v1/conversation/<uuid:conversation_id>/task/<uuid:task_id>")
@requires(*_ALL, scope=Scope.READ, resource=_CONVERSATIONS)
@blp.response(200, TaskResponse)
def get_task(conversation_id: UUID, task_id: UUID) -> dict[str, Any]:
    """Tell how far the answer to a message is and, when it is there, the answer"""
    turn, answer = conversations.get_turn(current_principal(), conversation_id, task_id)
    names = ("conversation_id", "message_id", "status", "outcome", "attempt", "created_at", "started_at", "finished_at")
    return {
        "task_id": turn.id,
        **{name: getattr(turn, name) for name in names},
        "response": shown(answer) if answer else None,
        "error": shown_error(turn),
    }


@blp.get("/v1/conversation/<uuid:conversation_id>/messages/stream")
@requires(*_ALL, scope=Scope.READ, resource=_CONVERSATIONS, waits=True)
@blp.response(200, {"type": "string"}, content_type="text/event-stream", description="Server-sent events.")
def stream_messages(conversation_id: UUID) -> Response:
    """Stream what happens in a conversation; `Last-Event-ID` resumes after an event that you have seen"""
    principal = current_principal()
    last = request.headers.get("Last-Event-ID")
    credentials = sent_credentials(principal.company_id if principal.is_super_admin else None)
    return sse_response(listening.open_stream(principal, credentials, conversation_id, last))


@blp.delete("/v1/conversation/<uuid:conversation_id>")
@requires(*_TEAM, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.response(204)
def delete_conversation(conversation_id: UUID) -> None:
    """Delete a conversation softly, with its messages"""
    conversation_deletion.delete(current_principal(), conversation_id)


@blp.patch("/v1/conversation/<uuid:conversation_id>/restore")
@requires(*_TEAM, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.response(200, ConversationResponse)
def restore_conversation(conversation_id: UUID) -> Conversation:
    """Restore a conversation, with the messages that were deleted together with it"""
    return conversation_deletion.restore(current_principal(), conversation_id)


@blp.delete("/v1/conversation/<uuid:conversation_id>/messages")
@requires(*_TEAM, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.response(204)
def delete_messages(conversation_id: UUID) -> None:
    """Delete all messages of a conversation softly"""
    conversation_deletion.delete_messages(current_principal(), conversation_id)


@blp.patch("/v1/conversation/<uuid:conversation_id>/message/restore-all")
@requires(*_TEAM, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.response(200, CountResponse)
def restore_messages(conversation_id: UUID) -> dict[str, Any]:
    """Restore every deleted message of a conversation"""
    count = conversation_deletion.restore_messages(current_principal(), conversation_id)
    return {"conversation_id": conversation_id, "count": count}


@blp.get("/v1/message/deleted")
@requires(*_TEAM, scope=Scope.READ, resource=_CONVERSATIONS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, MessagePage)
def find_deleted_messages(query: dict[str, int]) -> Page[dict[str, Any]]:
    """List deleted messages"""
    page = conversation_deletion.find_deleted_messages(current_principal(), PageRequest(**query))
    return Page([shown(each) for each in page.items], page.pagination)


@blp.delete("/v1/message/<uuid:message_id>")
@requires(*_TEAM, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.response(204)
def delete_message(message_id: UUID) -> None:
    """Delete a message softly"""
    conversation_deletion.delete_message(current_principal(), message_id)


@blp.patch("/v1/message/<uuid:message_id>/restore")
@requires(*_TEAM, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.response(200, MessageResponse)
def restore_message(message_id: UUID) -> dict[str, Any]:
    """Restore a deleted message"""
    return shown(conversation_deletion.restore_message(current_principal(), message_id))


@blp.put("/v1/message/<uuid:message_id>/feedback")
@requires(*_ALL, scope=Scope.WRITE, resource=_CONVERSATIONS)
@blp.arguments(FeedbackRequest)
@blp.response(200, MessageResponse)
def give_feedback(body: dict[str, Any], message_id: UUID) -> dict[str, Any]:
    """Rate an answer"""
    return shown(feedback.give(current_principal(), message_id, **body))
