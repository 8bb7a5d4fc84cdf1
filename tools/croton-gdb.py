"""Croton in gdb: tensors and arrays print as text, and `step` passes over the small constructors behind an operator.

gdb loads this file by itself where Croton is installed under its own prefix; else: source tools/croton-gdb.py

    (gdb) print loss
    $1 = mean(categorical_crossentropy(softmax(...), y)) : float64[]
    (gdb) print w1.get_value()
    $2 = [[1. 2.]
          [3. 4.]]

The library itself makes the texts, so they need a running program; in a core file the plain members are shown.
"""

import gdb
import gdb.printing

# `step` on `2.0 * x + y` would stop in each of these before it came to the operator.
SKIPPED = (
    "Where::here", "Weak::Weak", "Weak::whole", "Operand::Operand", "Expr::Expr", "Array::Array",
    "Tensor::Tensor", "Tensor::operator=", "Tensor::~Tensor", "Shared::operator=", "Shared::~Shared",
    "IndexItem::IndexItem", "Bound::Bound", "Dim::Dim", "Dims::Dims", "Axes::Axes", "Extents::Extents", "Tensors::Tensors",
    "Cost::Cost", "In::In", "Inputs::Inputs", "Out::Out", "Updates::Updates", "Givens::Givens", "Argument::Argument",
)


class Shown:
    """Asks the library for the text of an object."""

    def __init__(self, value, function):
        self.value = value
        self.function = function

    def to_string(self):
        address = self.value.address
        if address is None:
            return "(not in memory)"
        call = "((const char *(*)(const void *)) %s)((const void *) %d)" % (self.function, int(address))
        try:
            return gdb.parse_and_eval(call).string()
        except gdb.error as why:
            return "(no text: %s) %s" % (why, self.value.format_string(raw=True))


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("croton")
    collection.add_printer("tensor", r"^croton::(Tensor|Shared|Expr)$", lambda v: Shown(v, "croton_debugger_tensor"))
    collection.add_printer("array", r"^croton::Array$", lambda v: Shown(v, "croton_debugger_array"))
    return collection


def skip_plumbing():
    known = gdb.execute("info skip", to_string=True)
    for name in SKIPPED:
        form = "^croton::" + name
        if form not in known:
            gdb.execute("skip -rfu " + form, to_string=True)


gdb.printing.register_pretty_printer(None, printers(), replace=True)
skip_plumbing()
