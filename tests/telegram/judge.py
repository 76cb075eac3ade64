"""A judge from outside: aiogram's models of the Bot API say whether what the server sends is what Telegram sends."""

from __future__ import annotations

from typing import Any

import aiogram.methods
from aiogram.types import Update
from pydantic import BaseModel, TypeAdapter

from .records import Call
from .wire import JSON

METHODS = {
    kind.__api_method__: kind
    for kind in vars(aiogram.methods).values()
    if isinstance(kind, type)
    and issubclass(kind, aiogram.methods.TelegramMethod)
    and kind is not aiogram.methods.TelegramMethod
}


def judge_call(call: Call) -> None:
    """Raise unless the result of a call is one that Telegram could have given."""
    kind: Any = METHODS[call.method]
    _judge(TypeAdapter(kind.__returning__), call.result, call.method)


def judge_update(update: JSON) -> None:
    """Raise unless an update is one that Telegram could have sent."""
    _judge(TypeAdapter(Update), update, "update")
    assert Update.model_validate(update).event_type in update


def _judge(adapter: TypeAdapter[Any], data: Any, where: str) -> None:
    """Validate; then nothing may be unknown to the model, and written out again it must be the same."""
    found = adapter.validate_python(data)
    _refuse_unknown(found, where)
    again = adapter.dump_python(found, mode="json", exclude_unset=True, by_alias=True)
    assert again == data, f"{where}: {again} is not {data}"


def _refuse_unknown(found: Any, where: str) -> None:
    if isinstance(found, list | tuple):
        for item in found:
            _refuse_unknown(item, where)
    elif isinstance(found, BaseModel):
        assert not found.model_extra, f"{where}: {type(found).__name__} has no {', '.join(found.model_extra or {})}"
        for name, value in found:
            _refuse_unknown(value, f"{where}.{name}")
