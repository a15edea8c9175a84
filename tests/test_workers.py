"""Workers that make batches: threads and processes, their errors, and how they end."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.training.stream import Stream


def model_for():
    model = rkeras.Sequential([rkeras.Input((3,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(rkeras.optimizers.SGD(0.0), "mse")
    return model


class Rows(rkeras.utils.PyDataset):
    """Batch ``i`` is full of the number ``i``."""

    size = 6

    def __len__(self):
        return self.size

    def __getitem__(self, i):
        return np.full((2, 3), float(i)), np.full((2, 1), 3.0 * i)


class Broken(Rows):
    def __getitem__(self, i):
        if i == 3:
            self.fail()
        return super().__getitem__(i)

    def fail(self):
        raise OverflowError("batch 3 is broken")


@pytest.mark.parametrize("processes", [False, True])
def test_training_with_workers_is_training_without(processes):
    losses = []
    for options in ({}, {"workers": 2, "use_multiprocessing": processes}):
        rkeras.utils.set_random_seed(5)
        model = model_for()
        model.compile(rkeras.optimizers.SGD(0.001), "mae")
        data = Rows(**options)
        losses.append(model.fit(data, epochs=3, validation_data=data, verbose=0).history)
    assert losses[0] == losses[1]


@pytest.mark.parametrize("processes", [False, True])
def test_the_line_that_failed_is_shown(processes):
    with pytest.raises(OverflowError, match="batch 3 is broken") as caught:
        model_for().evaluate(Broken(workers=2, use_multiprocessing=processes), verbose=0)
    shown = "".join(traceback.format_exception(caught.value))
    assert 'raise OverflowError("batch 3 is broken")' in shown
    assert "in fail" in shown


class Unsendable(Exception):
    def __init__(self, first, second):
        super().__init__("own message")
        self.lock = threading.Lock()


class FailsOddly(Rows):
    def __getitem__(self, i):
        raise Unsendable(1, 2)


class MakesOddly(Rows):
    def __getitem__(self, i):
        return threading.Lock()


class Dies(Rows):
    def __getitem__(self, i):
        os._exit(7)


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        (FailsOddly, RuntimeError, "Unsendable: own message"),
        (MakesOddly, TypeError, "lock"),
        (Dies, RuntimeError, r"exit code 7\) while it made batch 0"),
    ],
)
def test_what_processes_cannot_send(kind, error, message):
    with pytest.raises(error, match=message):
        model_for().predict(kind(workers=1, use_multiprocessing=True), verbose=0)


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_batches_wait_than_may(ahead):
    made = []

    class Noted(Rows):
        size = 50

        def __getitem__(self, i):
            made.append(i)
            return super().__getitem__(i)

    batches = Stream(Noted(workers=4, max_queue_size=ahead), False).iterator(fresh=True)
    for taken in range(1, 6):
        next(batches)
        time.sleep(0.05)
        assert len(made) <= taken + ahead
    assert len(made) >= 5
    batches.close()


def test_workers_work_at_the_same_time():
    meeting = threading.Barrier(3)

    class Meets(Rows):
        def __getitem__(self, i):
            meeting.wait(timeout=10)  # breaks unless three batches are being made
            return super().__getitem__(i)

    assert model_for().predict(Meets(workers=3), verbose=0).shape == (12, 1)


@pytest.mark.parametrize("steps", [None, 3])
def test_datasets_are_told_of_passes(steps):
    told = []

    class Told(Rows):
        def on_epoch_begin(self):
            told.append("begin")

        def on_epoch_end(self):
            told.append("end")

    model_for().fit(Told(workers=2), epochs=2, steps_per_epoch=steps, verbose=0)
    assert told == ["begin", "end"] * 2
    model_for().predict(Told(), verbose=0)
    assert told == ["begin", "end"] * 3


def threads_and_processes():
    import multiprocessing

    names = [t.name for t in threading.enumerate() if t.name.startswith("rkeras-data")]
    return names + [p.name for p in multiprocessing.active_children()]


@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "error", "steps"])
def test_no_worker_is_left_behind(call, processes):
    model = model_for()
    kind = Broken if call == "error" else Rows
    data = kind(workers=2, use_multiprocessing=processes)
    if call == "error":
        with pytest.raises(OverflowError):
            model.fit(data, verbose=0)
    elif call == "steps":
        model.fit(data, steps_per_epoch=2, epochs=2, validation_data=data, validation_steps=1, verbose=0)
    else:
        getattr(model, call)(data, verbose=0)
    end = time.monotonic() + 5
    while threads_and_processes() and time.monotonic() < end:
        time.sleep(0.01)
    assert threads_and_processes() == []


SCRIPT = """
    import sys, time
    import numpy as np
    import rkeras

    class Hangs(rkeras.utils.PyDataset):
        def __len__(self):
            return 100
        def __getitem__(self, i):
            if i == 4:
                print("hangs", flush=True)
                time.sleep(1000)
            return np.ones((2, 3)), np.ones((2, 1))

    if __name__ == "__main__":
        model = rkeras.Sequential([rkeras.Input((3,)), rkeras.layers.Dense(1)])
        model.compile("sgd", "mse")
        data = Hangs(workers=2, use_multiprocessing={processes}, max_queue_size=2)
        if {leave}:
            from rkeras.training.stream import Stream
            batches = Stream(data, False).iterator(fresh=True)
            for _ in range(4):
                next(batches)
            time.sleep(0.2)
            sys.exit(5)
        try:
            model.fit(data, shuffle=False, verbose=0)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            sys.exit(6)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("leave", [False, True])
def test_a_dataset_that_hangs_keeps_no_script_alive(processes, leave, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT).format(processes=processes, leave=leave))
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        try:
            assert run.stdout.readline() == "hangs\n"
            if not leave:
                time.sleep(0.1)
                os.killpg(run.pid, signal.SIGINT)  # as a terminal does at Ctrl-C
            out, _ = run.communicate(timeout=20)
        finally:
            run.kill()
    assert run.returncode == (5 if leave else 6)
    assert leave or "interrupted" in out
