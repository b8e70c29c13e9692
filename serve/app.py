"""The application: routes, guard, problems, and the page with what belongs to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from serve import queue, routes
from serve.desk import Desk
from serve.guard import Guard
from serve.problems import add_handlers
from serve.settings import Settings

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings) -> FastAPI:
    """The server's application; its workers run as long as it does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk: Desk = app.state.desk
        await desk.open()
        try:
            yield
        finally:
            await desk.close()

    app = FastAPI(
        title="Galvano",
        summary="A photo or scan of a printed ECG in; the calibrated signal, a diagnosis and files out.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.desk = Desk(settings)
    add_handlers(app)
    app.include_router(routes.router)
    app.include_router(queue.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for path, file in (("/", "index.html"), ("/docs", "docs.html")):
        app.add_api_route(path, _page(file), include_in_schema=False)
    app.add_middleware(Guard, settings=settings)
    return app


def _page(name: str) -> Callable[[], Awaitable[FileResponse]]:
    async def page() -> FileResponse:
        return FileResponse(STATIC / name)

    return page
