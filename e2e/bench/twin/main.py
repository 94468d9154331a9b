"""The twin of the task service: the same three routes on the same tables, as FastAPI with asyncpg is usually written.

It verifies the same tokens and remembers those it has verified, checks the same fields, and writes a task and its event in
one transaction.
"""

import os
import uuid
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Annotated, Literal

import asyncpg
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

KEYS = jwt.PyJWKSet.from_json(open(os.environ["TWIN_JWKS"], encoding="utf-8").read())
VERIFIED: dict[str, str] = {}
COLUMNS = "id, title, description, status, priority, due_at, owner, version, created_at, updated_at, completed_at"


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=10, max_size=10, server_settings={"search_path": "task"}
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=500)
    description: str | None = Field(default=None, max_length=65536)
    priority: Literal["none", "low", "medium", "high", "urgent"] = "none"
    due_at: datetime | None = None


class Task(Draft):
    id: uuid.UUID
    status: str
    owner: str
    version: int
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


class Page(BaseModel):
    items: list[Task]
    next_cursor: str | None


def caller(authorization: Annotated[str, Header()]) -> str:
    token = authorization.removeprefix("Bearer ")
    if (known := VERIFIED.get(token)) is not None:
        return known
    try:
        key = KEYS[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key, algorithms=["EdDSA"], issuer="https://bench.test", audience="https://bench.test")
    except (jwt.PyJWTError, KeyError) as error:
        raise HTTPException(401) from error
    VERIFIED[token] = claims["sub"]
    return claims["sub"]


Caller = Annotated[str, Depends(caller)]


@app.get("/v1/tasks/{id}")
async def read(id: uuid.UUID, owner: Caller, response: Response) -> Task:
    row = await app.state.pool.fetchrow(f"select {COLUMNS} from task where id = $1 and owner = $2", id, owner)
    if row is None:
        raise HTTPException(404)
    response.headers["etag"] = f'"v{row["version"]}"'
    return Task(**row)


@app.get("/v1/tasks")
async def page(
    owner: Caller, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: uuid.UUID | None = None
) -> Page:
    rows = await app.state.pool.fetch(
        f"select {COLUMNS} from task where owner = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        owner,
        cursor,
        limit + 1,
    )
    items = [Task(**row) for row in rows[:limit]]
    return Page(items=items, next_cursor=str(items[-1].id) if len(rows) > limit else None)


@app.post("/v1/tasks", status_code=201)
async def write(draft: Draft, owner: Caller, response: Response) -> Task:
    now = datetime.now(timezone.utc)
    task = Task(
        **draft.model_dump(),
        id=uuid.uuid4(),
        status="open",
        owner=owner,
        version=1,
        created_at=now,
        updated_at=now,
        completed_at=None,
    )
    async with app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "insert into task (id, owner, title, description, status, priority, due_at, version, created_at, updated_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
            task.id,
            owner,
            task.title,
            task.description,
            task.status,
            task.priority,
            task.due_at,
            task.version,
            now,
        )
        await connection.execute(
            "insert into outbox (id, topic, partition_key, envelope) values ($1, 'task.created', $2, $3)",
            uuid.uuid4(),
            str(task.id),
            task.model_dump_json(),
        )
    response.headers["location"] = f"/v1/tasks/{task.id}"
    response.headers["etag"] = '"v1"'
    return task
