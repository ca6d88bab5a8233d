#!/usr/bin/env python
"""Many visitors typing at once: the time from a key pressed until the word is read again, against the real server.

    make load                                   # 50 visitors
    python benchmarks/load.py --visitors 10 --seconds 20 --reader reader

Starts the studio in demo mode in an empty workspace. Each visitor is a client of Streamlit's own protocol (protobuf
messages over a websocket, as a browser sends them): opens the Read page, uploads a word of his own, types its letters
with pauses of 0.3 to 1 s, then uploads the next. Letters are sent as the text box does: one message at a time, and what
is typed meanwhile goes with the next one. A time runs from the key to the end of the rerun whose data answers it. Every
answer is compared with what the recognizer reads alone from that visitor's image under the same letters: another text
is an error, and counts as mixed up. With --leave all visitors leave, and the server's memory is measured again.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from studio_server import Studio, demo_words, studio  # puts the package on the path
from websockets.asyncio.client import ClientConnection, connect

from hwr_core.imaging import limit_size, read_image
from hwr_core.recognition import Recognizer
from hwr_core.recognition.checkpoint import SHIPPED
from hwr_core.recognition.pool import MAX_ALTERNATIVES

MIN_PAUSE, MAX_PAUSE = 0.3, 1.0  # seconds between two keys
ARRIVAL_SECONDS = 0.3  # between two visitors
PATIENCE_SECONDS = 60.0  # for one answer: later it is an error
MAX_IMAGE_SIDE = 1600  # as the queue of the Read page reduces images
MAX_LETTERS = 8  # typed of a word
WORDS_PER_VISITOR = 5  # then they come again, under other names
MAX_MESSAGE_BYTES = 64 << 20
SESSION_SECONDS = 130  # after which Streamlit forgets a session whose browser has left


@dataclass
class Word:
    """A visitor's word.

    Attributes:
        name: of its file.
        readings: what was typed -> what the recognizer reads alone.
    """

    name: str
    text: str
    data: bytes
    readings: dict[str, str] = field(default_factory=dict)


@dataclass
class Result:
    """What all visitors have measured.

    Attributes:
        keystrokes: seconds from a key to its answer.
        answers: reruns that answered them.
        arrivals: seconds from the visit to the first reading.
        errors: sentences.
        mixed: answers that belong to another word.
    """

    keystrokes: list[float] = field(default_factory=list)
    answers: int = 0
    arrivals: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)


class Visitor:
    """One browser tab, without a browser."""

    def __init__(self, address: str, reader: str, words: list[Word], result: Result) -> None:
        self.address, self.reader, self.words, self.result = address, reader, words, result
        self.word = words[0]
        self.chance = random.Random(self.word.name)
        self.socket: ClientConnection
        self.listener: asyncio.Task[None]
        self.session_id = self.page_hash = ""
        self.widgets: dict[str, WidgetState] = {}  # id -> WidgetState, sent with every message
        self.uploader_id = self.box_id = self.box_fragment = ""
        self.box: dict[str, Any] = {}  # what the text box shows
        self.finished = asyncio.Event()
        self.upload_urls: asyncio.Future[tuple[str, str, str]] | None = None

    async def visit(self, end: float) -> None:
        """Open the page, upload, type until `end` (`time.monotonic`), leave."""
        begun = time.monotonic()
        address = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        try:
            async with connect(address, subprotocols=["streamlit"], max_size=MAX_MESSAGE_BYTES) as self.socket:  # type: ignore[list-item]
                self.listener = asyncio.create_task(self.listen())
                try:
                    await self.open_page()
                    await self.upload()
                    self.result.arrivals.append(time.monotonic() - begun)
                    await self.type_word(end)
                    for number in itertools.count(1):
                        if time.monotonic() > end:
                            break
                        word = self.words[number % len(self.words)]
                        self.word = replace(word, name=f"{number:03}-{word.name}")
                        await self.upload()
                        await self.type_word(end)
                finally:
                    self.listener.cancel()
        except Exception as error:  # every failure counts, whatever it is
            self.result.errors.append(f"{self.word.name}: {type(error).__name__} {error}")

    async def open_page(self) -> None:
        await self.rerun()
        for _ in range(20):  # the first session of a server is sent to the entry once more
            await self.wait_until_finished()
            if self.uploader_id:
                return
        raise RuntimeError("the Read page showed no place for files")

    async def upload(self) -> None:
        self.upload_urls = asyncio.get_running_loop().create_future()
        message = BackMsg()
        message.file_urls_request.request_id = str(uuid.uuid4())
        message.file_urls_request.session_id = self.session_id
        message.file_urls_request.file_names.append(self.word.name)
        await self.socket.send(message.SerializeToString())
        file_id, upload_url, delete_url = await asyncio.wait_for(self.upload_urls, PATIENCE_SECONDS)
        await asyncio.to_thread(put_file, self.address, upload_url, self.word.name, self.word.data)
        state = WidgetState(id=self.uploader_id)
        info = state.file_uploader_state_value.uploaded_file_info.add(
            file_id=file_id, name=self.word.name, size=len(self.word.data)
        )
        info.file_urls.file_id, info.file_urls.upload_url, info.file_urls.delete_url = file_id, upload_url, delete_url
        self.widgets[state.id] = state
        self.finished.clear()
        await self.rerun()
        while not (self.box.get("ready") and self.box["name"] == self.word.name):
            await self.wait_until_finished()
        self.widgets.pop(state.id)  # its widget is gone: the panel has a new one

    async def type_word(self, end: float) -> None:
        """Type the letters of the current word once, or until `end`."""
        self.check("")
        word, number = self.word, int(self.box["number"])
        keys = [word.text[:count] for count in range(1, min(len(word.text), MAX_LETTERS) + 1)]
        pending: list[float] = []  # when the keys were pressed that have no answer yet
        typed, answered, sent = 0, 0, 0
        next_key = time.monotonic() + self.chance.uniform(MIN_PAUSE, MAX_PAUSE)
        answer: asyncio.Task[None] | None = None
        while answer is not None or (time.monotonic() < end and answered < len(keys)):
            now = time.monotonic()
            if typed < len(keys) and now >= next_key:
                pending.append(now)
                typed += 1
                next_key = now + self.chance.uniform(MIN_PAUSE, MAX_PAUSE)
            if typed > answered and answer is None:
                sent, number = typed, number + 1
                message = {"typed": {"id": self.box["id"], "text": keys[sent - 1], "number": number}}
                self.widgets[self.box_id] = WidgetState(id=self.box_id, json_value=json.dumps(message))
                self.finished.clear()
                await self.rerun(self.box_fragment)
                answer = asyncio.create_task(self.wait_for_answer(number))
            pause = max(0.001, next_key - now) if typed < len(keys) else PATIENCE_SECONDS
            if answer is None:
                await asyncio.sleep(pause)
                continue
            done, _ = await asyncio.wait({answer}, timeout=pause)
            if done:
                answer.result()
                now = time.monotonic()
                self.result.keystrokes += [now - pressed for pressed in pending[: sent - answered]]
                del pending[: sent - answered]
                answered, answer = sent, None
                self.result.answers += 1
                self.check(keys[answered - 1])

    async def wait_for_answer(self, number: int) -> None:
        while self.box.get("number") != number:
            await self.wait_until_finished()

    def check(self, typed: str) -> None:
        """Every answer belongs to this visitor's word, and to what was typed last."""
        expected = (self.word.name, typed, self.word.readings[typed])
        shown = (self.box["name"], self.box["typed"], self.box["text"])
        if self.box["problem"]:
            self.result.errors.append(f"{self.word.name}: {self.box['problem']}")
        elif shown != expected:
            self.result.mixed.append(f"expected {expected}, shown {shown}")

    async def rerun(self, fragment_id: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = f"reader={self.reader}"
        state.page_script_hash = self.page_hash
        state.page_name = "" if self.page_hash else "read"
        state.fragment_id = fragment_id
        state.widget_states.widgets.extend(self.widgets.values())
        await self.socket.send(message.SerializeToString())

    async def wait_until_finished(self) -> None:
        await asyncio.wait_for(self.finished.wait(), PATIENCE_SECONDS)
        self.finished.clear()
        if self.listener.done():
            self.listener.result()
            raise ConnectionError("the server has ended the connection")

    async def listen(self) -> None:
        """Take the server's messages as the browser does."""
        try:
            async for data in self.socket:
                assert isinstance(data, bytes)
                self.take(ForwardMsg.FromString(data))
        finally:
            self.finished.set()

    def take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        value: Any = getattr(message, kind) if kind else None
        if kind == "new_session":
            self.session_id = value.initialize.session_id or self.session_id
        elif kind == "navigation":
            self.page_hash = value.page_script_hash
        elif kind == "delta" and value.WhichOneof("type") == "new_element":
            element = value.new_element
            if element.WhichOneof("type") == "file_uploader":
                self.uploader_id = element.file_uploader.id
            elif element.WhichOneof("type") == "bidi_component" and element.bidi_component.json:
                shown = json.loads(element.bidi_component.json)
                if "typed" in shown:
                    self.box, self.box_id, self.box_fragment = shown, element.bidi_component.id, value.fragment_id
            elif element.WhichOneof("type") == "exception":
                self.result.errors.append(f"{self.word.name}: {element.exception.type} {element.exception.message}")
        elif kind == "file_urls_response" and self.upload_urls is not None:
            urls = value.file_urls[0]
            self.upload_urls.set_result((urls.file_id, urls.upload_url, urls.delete_url))
        elif kind == "script_finished":
            self.finished.set()


def put_file(server: str, path: str, name: str, data: bytes) -> None:
    """As the browser uploads a file: with the token that the server gave it, as a cookie and as a header."""
    with urlopen(f"{server}/_stcore/health", timeout=PATIENCE_SECONDS) as response:
        cookie = response.headers["Set-Cookie"].partition(";")[0]
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = head + data + f"\r\n--{boundary}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2].strip('"'),
    }
    with urlopen(Request(server + path, body, headers, method="PUT"), timeout=PATIENCE_SECONDS):
        pass


def words_of(visitors: int, reader: str) -> list[list[Word]]:
    """The words of each visitor, all of them different, with what the recognizer reads alone after each letter."""
    recognizer = Recognizer.load(SHIPPED / reader, cache_size=1)
    words = []
    for index, (text, data) in enumerate(demo_words(visitors * WORDS_PER_VISITOR)):
        word = Word(f"word-{index:03}.png", text, data)
        image = limit_size(read_image(data, word.name), MAX_IMAGE_SIDE)
        for count in range(min(len(text), MAX_LETTERS) + 1):
            reading = recognizer.read([image], prefix=text[:count], alternatives=MAX_ALTERNATIVES, alignment=True)[0]
            word.readings[text[:count]] = reading.text
        words.append(word)
    return [words[start::visitors] for start in range(min(visitors, len(words)))]


def resident_megabytes(pid: int) -> float:
    """The resident memory of a process, from /proc; NaN where there is none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1000
    except (OSError, StopIteration):
        return float("nan")


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used, from /proc; NaN where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return float("nan")


async def visits(server: Studio, reader: str, words: list[list[Word]], seconds: float) -> Result:
    """All visitors arrive one after another, and type together for so many seconds."""
    result = Result()
    end = time.monotonic() + ARRIVAL_SECONDS * len(words) + seconds
    tasks = []
    for own in words:
        tasks.append(asyncio.create_task(Visitor(server.address, reader, own, result).visit(end)))
        await asyncio.sleep(ARRIVAL_SECONDS)
    await asyncio.gather(*tasks)
    return result


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0, help="of typing, after the last has come")
    parser.add_argument("--reader", default="reader", help="a shipped model")
    parser.add_argument("--leave", action="store_true", help="measure the memory after the visitors have left, too")
    parser.add_argument("--log", type=Path, help="the server's output")
    options = parser.parse_args(arguments)
    words = words_of(options.visitors, options.reader)
    if len(words[-1]) < WORDS_PER_VISITOR:
        parser.error(f"the built-in data set has too few words for {options.visitors} visitors")
    load_before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as home,
        studio(Path(home), options.log, HWR_MODE="demo") as server,
    ):
        first = asyncio.run(visits(server, options.reader, words[:1], 2.0))  # opens the model
        memory, processor, begun = resident_megabytes(server.pid), processor_seconds(server.pid), time.monotonic()
        result = asyncio.run(visits(server, options.reader, words, options.seconds))
        busy = (processor_seconds(server.pid) - processor) / (time.monotonic() - begun)
        full = resident_megabytes(server.pid)
        print(f"{options.visitors} visitors typing on {options.reader}, {os.cpu_count()} cores")
        print(f"load average before {load_before:.1f}, after {os.getloadavg()[0]:.1f}; server used {busy:.2f} cores")
        print(f"key to answer: {summary(result.keystrokes)}, in {result.answers} reruns")
        print(f"visit to first reading: {summary(result.arrivals)}")
        errors = first.errors + result.errors
        print(f"errors: {len(errors)}; answers of another word: {len(first.mixed + result.mixed)}")
        for line in [*errors, *first.mixed, *result.mixed][:5]:
            print(f"  {line}")
        print(f"memory: {memory:.0f} MB with one visitor, {full:.0f} MB with all", end="", flush=True)
        if options.leave:
            time.sleep(SESSION_SECONDS)
            asyncio.run(visits(server, options.reader, words[:1], 2.0))  # sessions are dropped when another comes
            print(f", {resident_megabytes(server.pid):.0f} MB after they left", end="")
        print()
    if errors or first.mixed or result.mixed or not result.keystrokes:
        sys.exit(1)


def summary(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    median, percentile_95 = np.percentile(seconds, [50, 95])
    return f"p50 {median:.3f} s, p95 {percentile_95:.3f} s, max {max(seconds):.3f} s (n = {len(seconds)})"


if __name__ == "__main__":
    main()
