"""Who may import whom, read from the import statements themselves; and what has to start without MindSpore."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {path.relative_to(ROOT).with_suffix(""): path for path in sorted((ROOT / "src").rglob("*.py"))}
MODULES = {".".join(name.parts).replace(".__init__", ""): path for name, path in SOURCES.items()}
COMMANDS = sorted([*ROOT.glob("*.py"), *(ROOT / "scripts").glob("*.py")])

# What each part of src may import of the rest of src, besides itself. A whole name is that module alone; a name with
# .* is everything in it.
ALLOWED = {
    "src": (),
    "src.errors": (),
    "src.config": ("src.errors",),
    "src.protocols": ("src.errors", "src.config"),
    "src.ops": (),
    "src.models": ("src.ops.*", "src.errors"),
    "src.losses": ("src.ops.*", "src.errors"),
    "src.metrics": ("src.errors",),
    "src.data": (
        "src.errors",
        "src.video.reader",
        "src.video.images",
        "src.video.cuts",
        "src.video.windows",
        "src.ops.bicubic_matrix",
    ),
    "src.engine": ("src.errors", "src.metrics.*", "src.weights.*"),
    "src.report": ("src.metrics.titles", "src.video.images"),
    "src.serve": ("src.errors", "src.config", "src.report", "src.video.*"),
    "src.video": (
        "src.errors", "src.config", "src.runtime", "src.runtime.options", "src.runtime.exported",
        "src.engine.launch", "src.engine.watch", "src.ops.bicubic_matrix", "src.weights.download",
    ),
    "src.weights": ("src.errors",),
    "src.runtime": (
        "src.errors", "src.config", "src.models", "src.ops.precision", "src.engine.device", "src.engine.checkpoint",
    ),
    "src.export": (
        "src.errors", "src.config", "src.models", "src.ops.*", "src.engine.device", "src.engine.checkpoint",
        "src.weights.download", "src.runtime.*",
    ),
}
# These decide or set the device; nobody else asks which one runs.
DEVICE_MODULES = {"src.ops.backend", "src.engine.device"}


def _part(module):
    return ".".join(module.split(".")[:2])


def _statements(tree, at_start_only):
    """Return the nodes of a module: all of them, or those that run when it is imported."""
    waiting, found = [tree], []
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not (at_start_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def imported(path, at_start_only=False):
    """Return the modules that a file imports: `from src.data import sources` is src.data.sources."""
    modules = set()
    for node in _statements(ast.parse(path.read_text(encoding="utf-8")), at_start_only):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out from src"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            modules.update(name if name in MODULES else node.module for name in inner)
    return modules


def _is_allowed(module, part):
    if _part(module) == part:
        return True
    return any(module == name or (name.endswith(".*") and f"{module}.".startswith(name[:-1])) for name in ALLOWED[part])


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_part_may(module):
    part = _part(module)
    assert part in ALLOWED, f"say in ALLOWED what {part} may import"
    ours = {name for name in imported(MODULES[module]) if name.split(".")[0] in ("src", "tests", "scripts")}
    assert not {name for name in ours if not _is_allowed(name, part)}


@pytest.mark.parametrize("module", [name for name in MODULES if name not in DEVICE_MODULES])
def test_no_network_loss_or_loop_asks_which_device_runs(module):
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    asked |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not asked & {"get_context", "get_current_device"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: path.name)
def test_a_command_answers_help_without_importing_mindspore(command):
    waiting, reached = [command], set()
    while waiting:
        for module in imported(waiting.pop(), at_start_only=True):
            # importing a module imports the packages around it first
            names = {module.rsplit(".", depth)[0] for depth in range(module.count(".") + 1)}
            waiting.extend(MODULES[name] for name in names - reached if name in MODULES)
            reached |= names
    assert "mindspore" not in reached


def test_the_video_part_does_without_mindspore():
    for module, path in MODULES.items():
        if _part(module) in ("src.video", "src.errors", "src.config"):
            assert "mindspore" not in {name.split(".")[0] for name in imported(path)}, module
