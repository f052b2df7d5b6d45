"""The Socket.IO extension; bound in `app.sockets`. Not in `app.extensions`, for workers do without it."""

from flask_socketio import SocketIO

socketio = SocketIO()
