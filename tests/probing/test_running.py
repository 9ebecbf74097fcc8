"""What a running program holds: stacks, threads, tasks, handlers, patches; and what nobody shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from .scripts import run_script

CORE = """
class Engine:
    def run(self, call): return call()
class Failure(Exception): pass
def save(*args, **kwargs): return 1
def trace(*args): return None
def call(other): return other()
"""
HELP = r"""
import core, re

def simple(path):
    return re.sub(r"main.py:\d+", "main.py:N", path.replace(sys.path[0] + "/", ""))

def old(what="core"):
    return [
        [simple(holder.path), holder.kind.value, holder.code]
        for finding in stalecheck.probe(what) for holder in finding.holders
    ]
"""


def look(directory: Path, script: str) -> Any:
    lines = script.strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    script = "\n".join(line[indent:] for line in lines)
    return run_script(directory, {"core.py": CORE}, HELP + script.replace("RELOAD", "importlib.reload(core)"))


def test_a_local_of_the_main_thread(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        def serve(engine):
            RELOAD
            return old()
        answer(serve(core.Engine()))
        """,
    )
    assert found == [["local 'engine' in serve() at main.py:N", "local", None]]


def test_a_container_in_a_local(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        def serve(table):
            RELOAD
            return old()
        answer(serve({"a": [core.Engine()]}))
        """,
    )
    assert found == [["local 'table'['a'][0] in serve() at main.py:N", "local", None]]


def test_a_local_of_another_thread(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import threading
        ready, go = threading.Event(), threading.Event()
        def serve():
            engine = core.Engine()
            ready.set()
            go.wait()
        thread = threading.Thread(target=serve, name="worker")
        thread.start()
        ready.wait()
        RELOAD
        answer(old())
        go.set()
        """,
    )
    assert found == [["local 'engine' in serve() at main.py:N (thread 'worker')", "local", None]]


def test_a_pool_that_works_on_something(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        ready, go = threading.Event(), threading.Event()
        def serve(engine):
            ready.set()
            go.wait()
        with ThreadPoolExecutor(1, "pool") as pool:
            pool.submit(serve, core.Engine())
            ready.wait()
            RELOAD
            answer(old())
            go.set()
        """,
    )
    assert ["local 'engine' in serve() at main.py:N (thread 'pool_0')", "local", None] in found
    assert all("engine" in path or "args" in path for path, _, _ in found)


def test_a_path_in_a_suspended_call_stands_with_its_variable(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import asyncio
        async def serve(queue):
            queue.put_nowait(core.Engine())
            await asyncio.sleep(9)
        def steps(table):
            yield table
        steps_ = steps({"a": [core.Engine()]})
        next(steps_)
        async def main():
            task = asyncio.create_task(serve(asyncio.Queue()), name="server")
            del task
            await asyncio.sleep(0)
            RELOAD
            answer(old())
        asyncio.run(main())
        """,
    )
    assert sorted(found) == [
        ["local 'queue'._queue[0] in coroutine serve() at main.py:N of task 'server'", "task", None],
        ["local 'table'['a'][0] in generator steps() at main.py:N of __main__.steps_", "generator", None],
    ]


def test_a_running_generator_is_named_once(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        def steps(engine, table):
            yield old()
            yield (lambda: engine), table
        steps_ = steps(core.Engine(), [core.Engine()])
        again = steps(core.Engine(), [])
        RELOAD
        answer(next(steps_))
        """,
    )
    assert sorted(found) == [
        ["local 'engine' in generator steps() at main.py:N of __main__.again", "generator", None],
        ["local 'engine' in steps() at main.py:N", "local", None],
        ["local 'table'[0] in steps() at main.py:N", "local", None],
    ]


def test_a_loop_over_a_generator(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        def steps(engine):
            yield 1
            yield engine
        def go():
            for step in steps(core.Engine()):
                RELOAD
                return old()
        answer(go())
        """,
    )
    text = "local 'engine' in generator steps() at main.py:N of a running loop, or C code"
    assert found == [[f"{text} (1 reference that no referrer shows)", "generator", None]]


def test_suspended_calls_of_old_functions(tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text("def steps():\n    yield 1\n\nasync def serve(event):\n    await event.wait()\n")
    found = look(
        tmp_path,
        """
        import asyncio, calls
        steps = calls.steps()
        next(steps)
        async def main():
            event = asyncio.Event()
            asyncio.create_task(calls.serve(event), name="server")
            await asyncio.sleep(0)
            importlib.reload(calls)
            answer(old("calls"))
        asyncio.run(main())
        """,
    )
    assert sorted(found) == [
        ["coroutine serve() at calls.py:5 of task 'server'", "task", None],
        ["generator steps() at calls.py:2 of __main__.steps", "generator", None],
    ]


def test_an_old_function_that_is_running(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        def look():
            RELOAD
            answer(old())
        core.call(look)
        """,
    )
    assert found == [["running call of call() at core.py:7", "local", None]]


def test_an_old_method_that_is_running(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        def look():
            RELOAD
            answer(old())
        core.Engine().run(look)
        """,
    )
    run = "Engine.run" if sys.version_info >= (3, 11) else "run"
    assert [f"local 'self' in {run}() at core.py:3", "local", None] in found
    assert all("core.py:3" in path for path, _, _ in found)


def test_signal_handlers(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import signal, functools
        signal.signal(signal.SIGUSR1, core.save)
        signal.signal(signal.SIGUSR2, functools.partial(print, core.Engine))
        RELOAD
        answer(old())
        """,
    )
    assert sorted(found) == [
        ["signal handler SIGUSR1", "callback", "STL210"],
        ["signal handler SIGUSR2.args[0]", "callback", "STL210"],
    ]


@pytest.mark.parametrize("which", ["trace", "profile"])
def test_trace_and_profile_functions(tmp_path: Path, which: str) -> None:
    found = look(
        tmp_path,
        f"""
        sys.set{which}(core.trace)
        RELOAD
        found = old()
        sys.set{which}(None)
        answer(found)
        """,
    )
    assert found == [[f"{which} function (sys.set{which})", "callback", "STL210"]]


def test_threads_that_are_profiled_hold_nothing_unseen(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import threading
        held, stop = [core.Engine, core.save], threading.Event()
        def work():
            while not stop.is_set():
                held[1](held[0]())
        def profile(frame, event, argument): return None
        threading.setprofile(profile)
        sys.setprofile(profile)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads: thread.start()
        RELOAD
        found = [one for _ in range(5) for one in old()]
        stop.set()
        for thread in threads: thread.join()
        sys.setprofile(None)
        answer([one for one in found if one[1] == "unseen"])
        """,
    )
    assert found == []


def test_async_generator_hooks(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        sys.set_asyncgen_hooks(firstiter=core.save)
        RELOAD
        answer(old())
        """,
    )
    assert found == [["async generator hook (firstiter)", "callback", "STL210"]]


def test_atexit(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import atexit
        atexit.register(core.save, core.Engine())
        RELOAD
        answer(old())
        """,
    )
    if sys.version_info >= (3, 14):
        assert all(path.startswith("atexit's callbacks[") for path, _, _ in found)
    else:
        text = "1 reference that no referrer shows: atexit has 1 callback; or C code, or a value in use"
        assert sorted(found) == [
            [text, "unseen", None],
            [f"a tuple ({text})[0]", "unseen", None],
        ]


def test_a_function_at_exit_that_leads_to_an_old_object(tmp_path: Path) -> None:
    ((path, _, _),) = look(
        tmp_path,
        """
        import atexit
        def register(engine):
            atexit.register(lambda: engine.run(None))
        register(core.Engine())
        RELOAD
        answer(old())
        """,
    )
    assert path.startswith(
        "closure variable 'engine' of __main__.register.<locals>.<lambda> (1 reference that no referrer"
        if sys.version_info < (3, 14)
        else "closure variable 'engine' of atexit's callbacks["
    )


def test_an_asyncio_task(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import asyncio
        async def work():
            engine = core.Engine()
            await asyncio.sleep(60)
        async def main():
            task = asyncio.create_task(work(), name="work")
            del task
            await asyncio.sleep(0)
            RELOAD
            answer(old())
        asyncio.run(main())
        """,
    )
    assert found == [["local 'engine' in coroutine work() at main.py:N of task 'work'", "task", None]]


def test_what_tasks_have_as_futures(tmp_path: Path) -> None:
    """Up to Python 3.11 `gc.get_referrers` passes over a task that has an object as its callback or as its result."""
    found = look(
        tmp_path,
        """
        import asyncio
        def done(*args): pass
        async def work(): await asyncio.sleep(60)
        async def result(): return core.Engine()
        async def main():
            TASKS = [asyncio.create_task(work(), name=name) for name in ("one", "two")]
            globals()["RESULT"] = asyncio.create_task(result(), name="three")
            for function in (core.save, done):
                TASKS[0].add_done_callback(function)
            for function in (done, core.save):
                TASKS[1].add_done_callback(function)
            del TASKS, function
            await asyncio.sleep(0)
            RELOAD
            answer(old())
        asyncio.run(main())
        """,
    )
    assert found == [
        ["__main__.RESULT.result()", "attribute", None],
        ["a done callback of task 'one'", "callback", "STL210"],
        ["a done callback of task 'two'", "callback", "STL210"],
    ]


def test_futures_that_were_awaited_do_not_lead_in_circles(tmp_path: Path) -> None:
    """In Python 3.12 the module of futures shows some that it has freed, and must not be asked."""
    found = look(
        tmp_path,
        """
        import asyncio
        async def wait(future):
            engine = core.Engine()
            await future
        async def main():
            futures = [asyncio.get_running_loop().create_future() for _ in range(9)]
            tasks = [asyncio.create_task(wait(future)) for future in futures]
            await asyncio.sleep(0)
            for future in futures[1:]:
                future.set_result(1)
            await asyncio.wait(tasks[1:])
            RELOAD
            numbers = [len(old()) for _ in range(5)]
            answer([numbers[1:] == numbers[:-1], numbers[0] > 0])
            futures[0].set_result(1)
            await tasks[0]
        asyncio.run(main())
        """,
    )
    assert found == [True, True]


def test_what_a_task_waits_for_and_what_the_event_loop_has(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import asyncio
        class Waiting(asyncio.Future):
            pass
        async def wait():
            future = Waiting()
            future.payload = core.Engine()
            await future
        async def main():
            plain = asyncio.get_running_loop().create_future()
            plain.error = core.Failure
            asyncio.get_running_loop().set_exception_handler(core.save)
            task = asyncio.create_task(wait(), name="waiter")
            await asyncio.sleep(0)
            RELOAD
            answer(old())
            task.cancel()
        asyncio.run(main())
        """,
    )
    assert sorted(found) == [
        ["exception handler of the event loop", "callback", "STL210"],
        ["local 'plain'.error in main() at main.py:N", "local", None],
        ["the awaited future.payload of task 'waiter'", "task", None],
    ]


def test_asyncio_handles(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import asyncio
        async def main():
            asyncio.get_running_loop().call_later(60, core.save, core.Engine)
            asyncio.get_running_loop().call_soon(core.Engine().run, 1)
            RELOAD
            answer(old())
        asyncio.run(main())
        """,
    )
    assert sorted(found) == [
        ["arguments[0] of an asyncio timer", "callback", "STL210"],
        ["callback of an asyncio timer", "callback", "STL210"],
        ["callback.__func__ of an asyncio handle", "callback", "STL210"],
        ["callback.__self__ of an asyncio handle", "callback", "STL210"],
    ]


def test_several_handles_are_told_apart_by_their_names_or_counted(tmp_path: Path) -> None:
    found = run_script(
        tmp_path,
        {"core.py": CORE},
        """
        import asyncio, core
        class App: pass
        app = App()
        async def main():
            loop = asyncio.get_running_loop()
            App.timer, app.timer = (loop.call_later(seconds, core.save) for seconds in (60, 70))
            for seconds in (80, 90, 100):
                loop.call_later(seconds, core.save)
            app.soon = loop.call_soon(core.save)
            importlib.reload(core)
            (finding,) = [one for one in stalecheck.probe(core) if one.origin == "core.save"]
            answer([[holder.path, holder.count, holder.code] for holder in finding.holders])
        asyncio.run(main())
        """,
    )
    assert sorted(found) == [
        ["callback of __main__.App.timer", 1, "STL210"],
        ["callback of __main__.app.soon", 1, "STL210"],
        ["callback of __main__.app.timer", 1, "STL210"],
        ["callback of an asyncio timer", 3, "STL210"],
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="its event loops know neither")
def test_what_an_event_loop_calls_for_a_signal_or_a_file(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import asyncio, signal, socket
        async def main():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, core.save)
            one, other = socket.socketpair()
            loop.add_reader(one, core.Engine().run)
            RELOAD
            answer([[path.replace(str(one.fileno()), "N"), *rest] for path, *rest in old()])
        asyncio.run(main())
        """,
    )
    assert sorted(found) == [
        ["callback of the event loop's handler of SIGUSR1", "callback", "STL210"],
        ["callback.__func__ of the event loop's reader of file descriptor N", "callback", "STL210"],
        ["callback.__self__ of the event loop's reader of file descriptor N", "callback", "STL210"],
    ]


def test_a_future_with_a_result_and_a_callback(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import asyncio
        loop = asyncio.new_event_loop()
        future, other = loop.create_future(), loop.create_future()
        future.set_result(core.Engine())
        other.add_done_callback(core.save)
        RELOAD
        answer(old())
        """,
    )
    assert sorted(found) == [
        ["__main__.future.result()", "attribute", None],
        ["a done callback of __main__.other", "callback", "STL210"],
    ]


def test_a_context_of_a_task(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import asyncio, contextvars
        variable = contextvars.ContextVar("request")
        async def work():
            variable.set(core.Engine())
            await asyncio.sleep(60)
        async def main():
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
            RELOAD
            answer(old())
        asyncio.run(main())
        """,
    )
    assert found == [["context variable 'request'", "context-variable", None]]


@pytest.mark.parametrize("is_started", [True, False], ids=["started", "with"])
def test_mock_patches(tmp_path: Path, *, is_started: bool) -> None:
    found = look(
        tmp_path,
        f"""
        import types
        from unittest import mock
        app = types.ModuleType("app")
        sys.modules["app"] = app
        app.engine = core.Engine()
        patch = mock.patch("app.engine", core.save)
        if {is_started}:
            patch.start()
            RELOAD
            answer(old())
        else:
            with patch:
                del patch
                RELOAD
                answer(old())
        """,
    )
    assert ["app.engine", "alias", "STL104"] in found
    assert ["mock.patch of 'engine'.new", "patch", None] in found
    assert ["mock.patch of 'engine'.temp_original", "patch", None] in found
    assert len(found) == 3


def test_mocks_that_stand_for_old_classes(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        from unittest import mock
        double = mock.Mock(spec=core.Engine)
        wrapped = mock.Mock(wraps=core.save)
        RELOAD
        answer(old())
        """,
    )
    assert ["__main__.double._spec_class", "wrapped-callable", "STL206"] in found
    assert ["__main__.wrapped._mock_wraps", "wrapped-callable", "STL206"] in found
    assert not any("something" in path for path, _, _ in found)


def test_an_abc_says_that_it_knows_the_old_class(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import abc
        class Plan(abc.ABC): pass
        Plan.register(core.Engine)
        K = core.Engine
        RELOAD
        answer(old())
        """,
    )
    assert found == [
        ["__main__.K", "alias", "STL104"],
        ["registry of __main__.Plan (weak: it keeps nothing alive)", "weak-registry", "STL210"],
    ]


def test_typing_alone_is_said_to_be_harmless(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        """
        import typing
        typing.Optional[core.Engine]
        RELOAD
        answer(old())
        """,
    )
    assert found == [["typing's cache", "typing-cache", None]]


def test_what_calls_hand_on_to_each_other_is_summed_up(tmp_path: Path) -> None:
    functions = "".join(f"        def call_{n}(item): return call_{n + 1}(item)\n" for n in range(20))
    found = look(
        tmp_path,
        f"""
        class Item: pass
{functions}
        def call_20(item):
            RELOAD
            return [[simple(one.path), one.count] for found in stalecheck.probe("core") for one in found.holders]
        def go():
            mine = Item()
            mine.rows = [core.Engine()]
            return call_0(mine)
        answer(go())
        """,
    )
    assert sorted(found) == [
        ["local 'item'.rows[0] in call_19() at main.py:N", 1],
        ["local 'item'.rows[0] in call_20() at main.py:N", 20],
        ["local 'mine'.rows[0] in go() at main.py:N", 1],
    ]


def test_many_alike_are_summed_up(tmp_path: Path) -> None:
    ((path, count, holders, seconds),) = look(
        tmp_path,
        """
        import time
        crowd = [core.Engine() for _ in range(10_000)]
        RELOAD
        started = time.process_time()
        findings = [found for found in stalecheck.probe(core) if found.kind == "instance"]
        seconds = time.process_time() - started
        answer([[found.holders[0].path, found.holders[0].count, len(found.holders), seconds] for found in findings])
        """,
    )
    assert (path, holders) == ("__main__.crowd[0]", 5)
    assert count == 9_996
    assert seconds < 3


@pytest.mark.parametrize(
    "crowd",
    [
        "[[core.Engine()] for _ in range(2_000)]",
        "{i: core.Engine() for i in range(2_000)}",
        "{i: {'a': core.Engine()} for i in range(2_000)}",
        "{core.Engine() for i in range(2_000)}",
        "[Wrapper() for i in range(2_000)]",
        "[(lambda e=core.Engine(): e) for i in range(2_000)]",
    ],
)
def test_many_that_are_held_apart_are_summed_up(tmp_path: Path, crowd: str) -> None:
    found = look(
        tmp_path,
        f"""
        import time
        class Wrapper:
            def __init__(self): self.engine = core.Engine()
        crowd = {crowd}
        RELOAD
        started = time.process_time()
        report = stalecheck.probe(core)
        seconds = time.process_time() - started
        (finding,) = [found for found in report if found.kind == "instance"]
        answer([finding.count, sum(holder.count for holder in finding.holders), len(finding.holders), seconds])
        """,
    )
    assert found[:2] == [2_000, 2_000]
    assert found[2] <= 5
    assert found[3] < 3


IPYTHON = """
import core
from traitlets.config import Config
from IPython.core.interactiveshell import InteractiveShell
config = Config()
config.HistoryManager.enabled = False
InteractiveShell.instance(config=config, user_module=sys.modules["__main__"])
InteractiveShell.instance().run_cell("import core", store_history=True)
InteractiveShell.instance().run_cell("core.Engine()", store_history=True)
InteractiveShell.instance().run_cell("import importlib; importlib.reload(core)", store_history=True)
InteractiveShell.instance().run_cell(
    "answer([[h.path, h.kind.value, h.code] for f in stalecheck.probe('core') for h in f.holders])", store_history=True
)
"""


def test_results_at_the_prompt_of_ipython(tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    found = run_script(tmp_path, {"core.py": CORE}, IPYTHON)
    assert sorted(found) == [
        ["IPython's Out[2]", "history", None],
        ["IPython's _2", "history", None],
        ["IPython's __", "history", None],
    ]


NAMESPACES = """
import core, contextvars
Old = core.Engine

def paths(origin):
    found = [one for one in stalecheck.probe(core) if one.origin == origin]
    return [holder.path.partition(" at")[0] for one in found for holder in one.holders]

plugin = {"__name__": "plugin"}
exec("def get(): return save", plugin)
plugin["save"] = core.save
GET = plugin.pop("get")
del plugin
VARIABLE = contextvars.ContextVar("VARIABLE")
VARIABLE.set(core.other)
SAVED = contextvars.copy_context()
VARIABLE.set(None)
current = contextvars.ContextVar("current")
current.set(core.third)
importlib.reload(core)
results = {"global": paths("core.save"), "saved": paths("core.other"), "current": paths("core.third")}

class Body:
    held = Old()
    results["class"] = paths("core.Engine")
    del held

def given(held):
    exec("results['executed'] = paths('core.Engine')", globals(), {"held": held})

given(Old())
exec("results['apart'] = paths('core.Engine')", {"results": results, "paths": paths, "held": Old()})
answer(results)
"""


def test_namespaces_that_are_no_modules(tmp_path: Path) -> None:
    core = "class Engine:\n    pass\ndef save(): return 1\ndef other(): return 2\ndef third(): return 3\n"
    results = run_script(tmp_path, {"core.py": core}, NAMESPACES)
    assert results["global"] == ["__main__.GET.__globals__['save']"]
    assert results["saved"] == ["context variable 'VARIABLE' of __main__.SAVED"]
    assert results["current"] == ["context variable 'current'"]
    assert results["class"] == ["__main__.Old", "locals()['held'] in Body()"]
    assert "locals()['held'] in <module>()" in results["executed"]
    assert results["apart"] == ["__main__.Old", "locals()['held'] in <module>()"]
