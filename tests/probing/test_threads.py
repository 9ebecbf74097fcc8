"""The probe while other threads go on: they start and end, fill and empty containers, make classes and functions."""

from __future__ import annotations

from pathlib import Path

from .scripts import run_script

FILES = {
    "core.py": "class Engine:\n    pass\n",
    "app.py": "from core import Engine\nHELD = {}\nLIST = []\nFIRST = Engine()\n",
}


def test_probes_while_threads_go_on(tmp_path: Path) -> None:
    script = """
        import gc, threading, time, types
        import app, core
        importlib.reload(core)
        app.LIST.extend(app.Engine() for _ in range(200))
        stop, errors, rounds = threading.Event(), [], [0] * 6

        def careful(work):
            def run(index):
                try:
                    while not stop.is_set():
                        work(index, rounds[index])
                        rounds[index] += 1
                        time.sleep(0.004)
                except BaseException as error:
                    errors.append(repr(error))
            return run

        def fills(index, count):
            for number in range(50):
                app.HELD[index, number] = app.Engine()
            for number in range(50):
                del app.HELD[index, number]

        def changes_lists(index, count):
            app.LIST.append(app.Engine())
            app.LIST.pop(0)
            app.LIST[:] = app.LIST[:150] + [core.Engine() for _ in range(50)] + [app.Engine() for _ in range(50)]

        def starts(index, count):
            thread = threading.Thread(target=lambda engine: time.sleep(0.001), args=(app.Engine(),))
            thread.start()
            thread.join()

        def changes_modules(index, count):
            name = f"made_{count}"
            module = types.ModuleType(name)
            module.Engine = app.Engine
            sys.modules[name] = module
            setattr(app, name, app.Engine())
            delattr(app, name)
            del sys.modules[name]

        def defines(index, count):
            class Made(app.Engine):
                def method(self, kind=app.Engine()):
                    return self
            Made.attribute = [Made().method()]
            setattr(app.Engine, f"made_{count % 10}", Made)
            if count % 20 == 0:
                gc.collect()

        def changes_attributes(index, count):
            for number in range(40):
                setattr(app.FIRST, f"attribute_{number}", app.Engine())
            app.FIRST.__dict__.clear()

        works = (fills, changes_lists, starts, changes_modules, defines, changes_attributes)
        threads = [threading.Thread(target=careful(work), args=(index,)) for index, work in enumerate(works)]
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-4)
        for thread in threads:
            thread.start()
        found = [len(stalecheck.probe(core)) for _ in range(40)]
        stop.set()
        for thread in threads:
            thread.join()
        answer([errors, min(found) > 0, min(rounds) > 0])
    """
    assert run_script(tmp_path, FILES, script, seconds=120) == [[], True, True]
