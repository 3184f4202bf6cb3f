"""V8 ends its process where it cannot go on (`"x".repeat(2 ** 28).split("")`): here only its thread stops.

It does so with a trap instruction on the thread of the isolate. A handler of that signal holds the thread for
good and tells the event loop, so that the process can answer what it has taken on, and then end in order.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Final

#: Exit code of a process whose event loop did not get to ending it (<sysexits.h>: EX_OSERR).
EXIT_FALLEN: Final = 71
#: Seconds that the event loop has for it.
LIMIT: Final = 4.0
_SIGNALS: Final = (signal.SIGTRAP, signal.SIGILL)
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int)
_kept: list[Any] = []


def catch(told: Callable[[int], object]) -> bool:
    """Hold V8's threads when they fall.

    Args:
        told: gets the identity of the thread, on that thread; it must only pass it on.

    Returns:
        Whether this platform can do that.
    """
    try:
        install = ctypes.CDLL(None).signal
    except (AttributeError, OSError, TypeError):
        return False
    install.argtypes, install.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    main = threading.main_thread().ident

    def fallen(number: int) -> None:
        if threading.get_ident() == main:  # not V8's: somebody has sent the signal
            install(number, None)
            os.kill(os.getpid(), number)
            return
        threading.Timer(LIMIT, os._exit, (EXIT_FALLEN,)).start()
        told(threading.get_ident())
        while True:
            time.sleep(3600)

    handler = _Handler(fallen)
    _kept.append(handler)  # C holds no reference to it
    for number in _SIGNALS:
        install(number, ctypes.cast(handler, ctypes.c_void_p))
    return True
