"""Compile the engine's hot modules with mypyc; everything else about the package stands in pyproject.toml.

CASCADE_COMPILE=1 compiles, and any failure is an error. CASCADE_COMPILE=0 installs the interpreted source. Unset, the
package is compiled where a C compiler and the Python headers are found to work, and left interpreted, with a warning,
where they are not. A failure of mypyc itself is an error in either case: the source is then wrong, not the machine.
"""

import importlib.util
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from setuptools import Distribution, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import BaseError

HERE = Path(__file__).resolve().parent
CHOICE = os.environ.get("CASCADE_COMPILE", "")

WARNING = """
************************************************************************************************
WARNING: cascade-exchange is installed INTERPRETED, with the same results, but many times slower.
Reason: {reason}
To compile, install a C compiler and the Python headers (Debian: gcc python3-dev) and reinstall.
CASCADE_COMPILE=1 makes this an error; CASCADE_COMPILE=0 asks for it, without this warning.
************************************************************************************************
"""


def load_build_module() -> ModuleType:
    """Load exchange/build.py by its path: importing the package would refuse while its extensions are stale."""
    spec = importlib.util.spec_from_file_location("cascade_build", HERE / "exchange" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load_build_module()


def why_not_compilable() -> str:
    """Return why no extension can be built here, or an empty string after having built one."""
    from setuptools._distutils.ccompiler import new_compiler
    from setuptools._distutils.sysconfig import customize_compiler

    if platform.python_implementation() != "CPython":
        return f"{platform.python_implementation()} is not CPython"
    compiler = new_compiler()
    customize_compiler(compiler)
    paths = sysconfig.get_paths()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(
            "#include <Python.h>\n"
            'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "probe", NULL, -1, NULL};\n'
            "PyMODINIT_FUNC PyInit_probe(void) { return PyModule_Create(&module); }\n"
        )
        try:
            objects = compiler.compile(
                [str(source)], output_dir=folder, include_dirs=[paths["include"], paths["platinclude"]]
            )
            extension = "probe" + sysconfig.get_config_var("EXT_SUFFIX")
            compiler.link_shared_object(objects, os.path.join(folder, extension))
        except Exception as error:  # noqa: BLE001  Whatever fails here, the compiler does not work.
            return f"a trivial extension could not be built: {error}"
    return ""


@cache
def reason_to_interpret() -> str:
    """Return why the source stays interpreted, or an empty string if it is to be compiled."""
    if CHOICE not in ("", "0", "1"):
        raise SystemExit(f"expected CASCADE_COMPILE to be 0, 1 or unset, found {CHOICE!r}")
    if CHOICE == "0":
        return "CASCADE_COMPILE=0"
    reason = why_not_compilable()
    if reason and CHOICE == "1":
        raise SystemExit(f"CASCADE_COMPILE=1, but {reason}")
    return reason


def compiler_version() -> str:
    """Return the first line of what the interpreter's C compiler says about itself."""
    command = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "").split()
    if not command:
        return platform.python_compiler()
    try:
        answer = subprocess.run([command[0], "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return platform.python_compiler()
    return (answer.stdout.splitlines() or [platform.python_compiler()])[0]


def write_build_id() -> None:
    """Write the hash of the source where mypyc will compile it in."""
    text = build.build_id_text(version("mypy"), compiler_version(), str(HERE))
    path = HERE / build.BUILD_ID
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")


class CascadeDistribution(Distribution):
    """Says that there are extensions before mypyc has made them, so that only a build pays for mypyc."""

    def has_ext_modules(self) -> bool:
        return not reason_to_interpret()


class BuildSource(build_py):
    """Copies the source, and says so when that is all there will be."""

    def run(self) -> None:
        if not self.distribution.has_ext_modules():
            if CHOICE != "0":
                print(WARNING.format(reason=reason_to_interpret()), file=sys.stderr)
            # What an earlier build left in place would be used, or refused, in place of the source.
            (build.clean(str(HERE)) if self.editable_mode else (HERE / build.BUILD_ID).unlink(missing_ok=True))
        else:
            write_build_id()
        super().run()


class CompileModules(build_ext):
    """Turns the hot modules into C with mypyc, and builds that."""

    def run(self) -> None:
        if reason_to_interpret():
            raise BaseError(f"nothing to build: {reason_to_interpret()}")
        try:
            from mypyc.build import mypycify
        except ImportError as error:
            raise BaseError(f"mypyc is missing ({error}): python -m pip install -e '.[dev]'") from error

        write_build_id()
        targets = sorted([*build.compiled_paths(str(HERE)), build.BUILD_ID])
        # One group: calls between modules are then plain C calls. The name places the library inside the package.
        self.distribution.ext_modules = mypycify(
            targets, opt_level="3", debug_level="0", group_name=build.LIBRARY_GROUP
        )
        if sys.platform != "win32":
            for extension in self.distribution.ext_modules:
                # Nobody outside calls the compiled functions by name, so calls between them need no indirection.
                # Warnings about generated C help nobody, and looking for them took two thirds of the build.
                extension.extra_compile_args = [*extension.extra_compile_args, "-fvisibility=hidden", "-Wno-all", "-w"]
        # Only now are the extensions known, so this is the second time; it wants the one option back that it has split.
        self.swig_opts = None
        self.finalize_options()
        if self.inplace:
            build.remove_leftovers(str(HERE))
        super().run()


setup(distclass=CascadeDistribution, cmdclass={"build_ext": CompileModules, "build_py": BuildSource})
