"""A WebSocket client of RFC 6455, as much of it as a bridge needs, on the standard library."""

import base64
import hashlib
import http.client
import os
import socket
import ssl
import struct
import threading
import urllib.parse

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUED, _TEXT, _CLOSE, _PING, _PONG = 0, 1, 8, 9, 10


class Closed(Exception):
    """The connection has ended: with a code of the other side, or with 0 by itself."""

    def __init__(self, code, reason):
        super().__init__(f"{reason} ({code})" if code else reason)
        self.code, self.reason, self.served = code, reason, False


class Rejected(Exception):
    """The server took no connection."""

    def __init__(self, status, reason, retry_after=0.0):
        super().__init__(f"{status}: {reason}")
        self.status, self.retry_after = status, retry_after


class WebSocket:
    """One connection that carries text. One thread receives, any may send. Where nothing
    comes for as long as silence, not even a ping, the other side is gone."""

    def __init__(self, url, subprotocol, headers, silence, limit):
        self._limit, self._sending, self._buffer = limit, threading.Lock(), b""
        parts = urllib.parse.urlsplit(url)
        secure = parts.scheme in ("https", "wss")
        self._sock = socket.create_connection((parts.hostname, parts.port or (443 if secure else 80)), silence)
        try:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                self._sock = ssl.create_default_context().wrap_socket(self._sock, server_hostname=parts.hostname)
            self._open(parts, subprotocol, headers)
        except BaseException:
            self._sock.close()
            raise

    def _open(self, parts, subprotocol, headers):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {subprotocol}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = http.client.HTTPResponse(self._sock)
        head = self._head()
        answer.fp = _Bytes(head)
        answer.begin()
        if answer.status != 101:
            words = (self._buffer + self._rest(answer)).decode("utf-8", "replace")[:300]
            wait = answer.getheader("Retry-After", "")
            raise Rejected(answer.status, words or answer.reason, float(wait) if wait.isdigit() else 0.0)
        accept = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()
        if answer.getheader("Sec-WebSocket-Accept") != accept or answer.getheader("Sec-WebSocket-Protocol") != subprotocol:
            raise Rejected(101, "the server does not speak " + subprotocol)

    def _head(self):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._sock.recv(4096)
            if not piece or len(data) > 65536:
                raise Closed(0, "the server ended the handshake")
            data += piece
        head, _, self._buffer = data.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def _rest(self, answer):
        want = min(int(answer.getheader("Content-Length") or 0), 1000) - len(self._buffer)
        try:
            return self._sock.recv(want) if want > 0 else b""
        except OSError:
            return b""

    def send(self, text):
        """Sends a message."""
        self._send(_TEXT, text.encode())

    def ping(self):
        """Asks the other side whether it is there; receive sees its answer."""
        self._send(_PING, b"")

    def _send(self, opcode, data):
        size, mask = len(data), os.urandom(4)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, size)
        whole = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(data, "little") ^ int.from_bytes(whole, "little")).to_bytes(size, "little")
        try:
            with self._sending:
                self._sock.sendall(head + mask + masked)
        except OSError as error:
            self.drop()
            raise Closed(0, f"the connection is broken: {error}") from None

    def receive(self):
        """The next message. Closed when there is none any more."""
        message = b""
        while True:
            final, opcode, data = self._frame()
            if opcode == _PING:
                self._send(_PONG, data)
            elif opcode == _CLOSE:
                code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005
                self.close(code)
                raise Closed(code, data[2:].decode("utf-8", "replace"))
            elif opcode in (_TEXT, _CONTINUED):
                message += data
                if len(message) > self._limit:
                    self.close(1009)
                    raise Closed(0, "a message is too large")
                if final:
                    return message.decode()

    def _frame(self):
        first, second = self._bytes(2)
        size = second & 0x7F
        if size > 125:
            size = struct.unpack("!H", self._bytes(2))[0] if size == 126 else struct.unpack("!Q", self._bytes(8))[0]
        if second & 0x80 or first & 0x70 or size > self._limit:
            self.close(1002)
            raise Closed(0, "a frame of the server's is not as it must be")
        return bool(first & 0x80), first & 0x0F, self._bytes(size)

    def _bytes(self, n):
        pieces, have = [self._buffer], len(self._buffer)
        while have < n:
            try:
                piece = self._sock.recv(max(4096, min(n - have, 1 << 20)))
            except OSError as error:
                self.drop()
                raise Closed(0, f"the connection is broken: {error}") from None
            if not piece:
                self.drop()
                raise Closed(0, "the connection was cut")
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
        self._buffer = data[n:]
        return data[:n]

    def close(self, code=1000):
        """Says that it is over, and ends the connection."""
        try:
            self._send(_CLOSE, struct.pack("!H", code) if code != 1005 else b"")
        except Closed:
            pass
        self.drop()

    def drop(self):
        """Ends the connection without a word."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()


class _Bytes:
    """What was read already, for http.client."""

    def __init__(self, data):
        self._lines = data.splitlines(keepends=True)

    def readline(self, _limit=-1):
        return self._lines.pop(0) if self._lines else b""

    def close(self):
        pass

    def flush(self):
        pass
