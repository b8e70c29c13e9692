"""What every request passes before anything looks at it: headers, host, origin, token and size."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.problems import Problem, fault
from serve.settings import Settings

CONTENT_SECURITY_POLICY = "; ".join([
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' blob: data:",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
])  # fmt: skip
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
API = "/v1/"
OPEN = ("/v1/health",)  # says nothing but whether the server is up


class Guard:
    """The ASGI application behind these checks."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        secured = _Secured(send)
        try:
            self._check(scope, Headers(scope=scope))
        except Problem as problem:
            await problem.response()(scope, receive, secured)
            return
        try:
            await self.app(scope, self._limited(receive), secured)
        except Exception as error:  # a fault of ours: nobody further out may log its message
            answer = fault(error, f"{scope['method']} {scope['path']}").response()
            if not secured.has_begun:
                await answer(scope, receive, secured)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Raises Problem for a request that nobody here answers."""
        self._check_host(headers)
        self._check_origin(headers)
        if scope["path"].startswith(API) and scope["path"] not in OPEN:
            self._check_token(headers)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.settings.limits.body_bytes:
            raise self._too_large()

    def _check_host(self, headers: Headers) -> None:
        """A name that is not ours means that another website's name was made to lead here."""
        allowed = self.settings.allowed_hosts
        name = urlsplit(f"//{headers.get('host', '')}").hostname
        if allowed != ["*"] and name not in allowed:
            raise Problem(400, "host-not-allowed", f"this server is reached as {', '.join(allowed[:2])}")

    def _check_origin(self, headers: Headers) -> None:
        """A browser says which website asks: only our own page may."""
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise Problem(403, "foreign-page", "this server answers its own page and programs, no other website")

    def _check_token(self, headers: Headers) -> None:
        if self.settings.token is None:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(given.encode(), self.settings.token.encode())
        if scheme.lower() != "bearer" or not is_right:
            words = "send the server's token as `Authorization: Bearer TOKEN`, or open the page as /#token=TOKEN"
            raise Problem(401, "token-needed", words, {"WWW-Authenticate": "Bearer"})

    def _too_large(self) -> Problem:
        limit = self.settings.limits.body_bytes / 2**20
        return Problem(413, "body-too-large", f"a request may hold {limit:g} MB; send fewer or smaller files")

    def _limited(self, receive: Receive) -> Receive:
        """The body, as long as it keeps within the limit whatever its head says."""
        count = 0

        async def limited() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self.settings.limits.body_bytes:
                raise HTTPException(413, self._too_large().detail)  # whoever parses the body lets this one through
            return message

        return limited


class _Secured:
    """Sends an answer with the security headers, and knows whether it has begun."""

    def __init__(self, send: Send) -> None:
        self.send, self.has_begun = send, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
        await self.send(message)
