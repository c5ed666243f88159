"""Pickles read as data: nothing that a file names is imported, called or looked up.

Every instruction is carried out here, on primitives, lists, tuples and dictionaries; a class or a call becomes an inert
`Object` that only remembers its name and arguments. Calls that no published file of weights needs are refused.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

from src.errors import WeightsError

# Of one pickle, without the tensors beside it. Published weights need a few thousand steps and some hundred kilobytes.
MAX_STEPS = 2_000_000
MAX_BYTES = 64 << 20
MAX_LINE = 4096

_VALUES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8", "BYTEARRAY8",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_SHORT_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
# What published files call besides tensors: records of the training run, that nothing is read from.
_HARMLESS = {
    "torch.Size", "torch.device", "torch.nn.parameter.Parameter", "torch.autograd.variable.Variable",
    "torch._tensor._rebuild_from_type_v2", "torch.serialization._get_layout", "copyreg._reconstructor",
    "copy_reg._reconstructor", "_codecs.encode", "numpy.dtype", "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar", "numpy._core.multiarray._reconstruct", "numpy._core.multiarray.scalar",
    "builtins.set", "builtins.frozenset", "builtins.slice", "builtins.complex", "builtins.bytearray", "__builtin__.set",
    "collections.deque", "datetime.datetime", "datetime.timedelta", "pathlib.PosixPath",
}  # fmt: skip
_DICTIONARIES = {"collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict"}
_TRAINING_PACKAGES = ("mmcv.", "mmengine.", "mmedit.", "mmagic.")
# Activations such as torch.relu are pickled as attributes of these.
_TORCH_FUNCTIONS = "torch._C._VariableFunctions"
_ATTRIBUTES = {"builtins.getattr", "__builtin__.getattr"}
_MARK = object()
_KEYS = (str, bytes, int, float, bool, type(None))


class Global:
    """A class or function that a pickle names; `name` is its module and its own name."""

    __slots__ = ("name",)

    def __init__(self, module: str, name: str):
        self.name = f"{module}.{name}"


class Object:
    """What a pickle wants made by `origin` from `arguments`; `state` is what it would have been given afterwards."""

    __slots__ = ("origin", "arguments", "state")

    def __init__(self, origin: str, arguments: tuple):
        self.origin = origin
        self.arguments = arguments
        self.state = None


class BoundedFile:
    """The reading half of a file, limited to `MAX_BYTES` in all and `MAX_LINE` a line."""

    def __init__(self, file):
        self._file = file
        self._left = MAX_BYTES

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes. Raises WeightsError beyond the limit."""
        if size < 0 or size > self._left:
            raise WeightsError(f"its description is larger than {MAX_BYTES} bytes")
        self._left -= size
        return self._file.read(size)

    def readline(self) -> bytes:
        """Return a line, cut when it is too long, which the reader of the pickle then refuses."""
        line = self._file.readline(MAX_LINE)
        self._left -= len(line)
        return line


def read_pickle(file, build: dict[str, Callable], persistent: Callable[[Any], Any] | None = None) -> Any:
    """Read one pickle from a binary file, that is left at its end, and return its value.

    build: functions of ours, by the name of what they stand for in the file, called with the arguments in the file.
    persistent: maps a persistent identifier to a value. Raises WeightsError for a refused call or instruction, a file
    beyond the limits or one that is no pickle.
    """
    machine = _Machine(build, persistent)
    try:
        for steps, (instruction, argument, _) in enumerate(pickletools.genops(BoundedFile(file))):
            if steps > MAX_STEPS:
                raise WeightsError(f"its description takes more than {MAX_STEPS} steps")
            if instruction.name == "STOP":
                return machine.pop()
            machine.step(instruction.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise WeightsError(f"its pickle is damaged ({type(error).__name__})") from error
    raise WeightsError("its pickle has no end")


class _Machine:
    def __init__(self, build, persistent):
        self.build, self.persistent = build, persistent
        self.stack, self.memo = [], {}

    def step(self, name, argument):
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _SHORT_TUPLES:
            items = [self.pop() for _ in range(_SHORT_TUPLES[name])]
            self.stack.append(tuple(reversed(items)))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.top()
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name not in ("PROTO", "FRAME"):
            handler = getattr(self, f"_{name.lower()}", None)
            if handler is None:
                raise WeightsError(f"its pickle uses the instruction {name}, that files of weights do not need")
            if name == "GLOBAL":
                self._global(argument)
            else:
                handler()

    def pop(self):
        value = self.stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value should be")
        return value

    def top(self):
        if self.stack[-1] is _MARK:
            raise ValueError("a mark where a value should be")
        return self.stack[-1]

    def _marked(self):
        items = []
        while self.stack[-1] is not _MARK:
            items.append(self.stack.pop())
        self.stack.pop()
        return items[::-1]

    def _mark(self):
        self.stack.append(_MARK)

    def _pop(self):
        self.stack.pop()

    def _pop_mark(self):
        self._marked()

    def _dup(self):
        self.stack.append(self.top())

    def _memoize(self):
        self.memo[len(self.memo)] = self.top()

    def _empty_tuple(self):
        self.stack.append(())

    def _tuple(self):
        self.stack.append(tuple(self._marked()))

    def _empty_list(self):
        self.stack.append([])

    def _list(self):
        self.stack.append(self._marked())

    def _empty_dict(self):
        self.stack.append({})

    def _dict(self):
        self.stack.append(_pairs(self._marked()))

    def _empty_set(self):
        self.stack.append([])

    def _frozenset(self):
        self.stack.append(self._marked())

    def _append(self):
        self._extend([self.pop()])

    def _appends(self):
        self._extend(self._marked())

    _additems = _appends

    def _setitem(self):
        value, key = self.pop(), self.pop()
        self._update([key, value])

    def _setitems(self):
        self._update(self._marked())

    def _global(self, argument):
        module, _, name = argument.partition(" ")
        self.stack.append(Global(module, name))

    def _stack_global(self):
        name, module = self.pop(), self.pop()
        if not (isinstance(module, str) and isinstance(name, str)):
            raise ValueError("a class without a name")
        self.stack.append(Global(module, name))

    def _binpersid(self):
        if self.persistent is None:
            raise ValueError("a persistent identifier")
        self.stack.append(self.persistent(self.pop()))

    def _reduce(self):
        arguments, called = self.pop(), self.pop()
        self.stack.append(self._call(called, arguments))

    def _newobj(self):
        arguments, made = self.pop(), self.pop()
        if isinstance(made, Global) and arguments == ():
            # a plain object, its state follows: nothing runs when a class is only instantiated here
            known = made.name in self.build or made.name in _DICTIONARIES
            self.stack.append(self._call(made, ()) if known else Object(made.name, ()))
        else:
            self.stack.append(self._call(made, arguments))

    def _build(self):
        state, target = self.pop(), self.top()
        if isinstance(target, Object):
            target.state = state

    def _extend(self, items):
        target = self.top()
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Object):
            raise ValueError("items for what is no list")

    def _update(self, items):
        target = self.top()
        if isinstance(target, dict):
            target.update(_pairs(items))
        elif not isinstance(target, Object):
            raise ValueError("entries for what is no dictionary")

    def _call(self, called, arguments):
        if not (isinstance(called, Global) and isinstance(arguments, tuple)):
            raise WeightsError("it asks to call something that is no function")
        name = called.name
        if name in self.build:
            return self.build[name](*arguments)
        if name in _DICTIONARIES:
            if arguments and isinstance(arguments[0], list):
                return _pairs([each for pair in arguments[0] for each in pair])
            return {}
        if name in _HARMLESS or name.startswith(_TRAINING_PACKAGES):
            return Object(name, arguments)
        if name in _ATTRIBUTES and arguments and isinstance(arguments[0], Global):
            if arguments[0].name.startswith((*_TRAINING_PACKAGES, _TORCH_FUNCTIONS)):
                return Object(name, arguments)
        raise WeightsError(f"it asks to call {name[:80]!r}, that files of weights do not need; nothing was run")


def _pairs(items):
    if len(items) % 2:
        raise ValueError("a key without a value")
    keys = items[::2]
    for key in keys:
        # Hashing nested tuples can take forever; objects hash by identity.
        flat = all(isinstance(each, _KEYS) for each in key) if isinstance(key, tuple) else isinstance(key, _KEYS)
        if not (flat or isinstance(key, (Object, Global))):
            raise ValueError("a key that is neither a word nor a number")
    return dict(zip(keys, items[1::2]))
